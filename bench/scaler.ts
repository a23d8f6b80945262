/**
 * A week of a server in fast motion: bursts in the evening, a little by day, nothing at night. What it costs, and how long people wait in
 * the evening, with a GPU that is always on, with one that is started by hand and stops when it is idle, and with the rules of
 * `src/scaler/policy.ts`. No clock and no network: the same figures on every machine.
 */
import { numbers } from './random.ts';
import { decide } from '../src/scaler/policy.ts';
import type { Pod, Rules } from '../src/scaler/policy.ts';

/** US dollars an hour: an H200 in RunPod's Secure Cloud, list price of 7 October 2026 (docs/runpod.md). */
const pricePerHour = 4.59;
/** from asking for a pod to taking jobs, with the weights on a network volume: the guess that people are told before it was measured */
const startSeconds = 240;
/**
 * GPU seconds of a clip: three in four are `standard`, the others `fast`. A guess between what `standard` takes if caching skips nothing
 * (404 s, measured) and if it skips every second step (243 s, by arithmetic; engine/BENCHMARKS.md).
 */
const clips = [280, 280, 280, 30] as const;
const tick = 15;
const daySeconds = 86_400;
const days = 7;
/** hours of the day in which most people are there */
const evening = { from: 18, to: 23 } as const;

interface Arrival {
  readonly at: number;
  readonly cost: number;
}

/** Requests of a week, in order; seconds from Monday, 0:00. */
function week(seed: number): Arrival[] {
  const next = numbers(seed);
  const arrivals: Arrival[] = [];
  const add = (at: number) =>
    arrivals.push({ at, cost: clips[Math.floor(next() * clips.length)] ?? clips[0] });
  for (let day = 0; day < days; day += 1) {
    const start = day * daySeconds;
    // Two or three groups of friends an evening, each asking for some clips within minutes.
    const bursts = 2 + Math.floor(next() * 2);
    for (let burst = 0; burst < bursts; burst += 1) {
      const at = start + (evening.from + next() * (evening.to - evening.from - 1)) * 3600;
      const size = 3 + Math.floor(next() * 4);
      for (let one = 0; one < size; one += 1) add(at + next() * 900);
    }
    const alone = Math.floor(next() * 4);
    for (let one = 0; one < alone; one += 1) add(start + (9 + next() * 14) * 3600);
  }
  return arrivals.toSorted((left, right) => left.at - right.at);
}

interface Running extends Pod {
  /** seconds of the clip it works on */
  left: number;
}

/** What happens to the machines in one look: names to stop, and how many to start. */
type Manager = (
  now: number,
  pods: readonly Running[],
  waiting: readonly Arrival[],
) => { stop: readonly string[]; start: number };

interface Outcome {
  readonly dollars: number;
  /** seconds from asking to the first step */
  readonly medianEveningWait: number;
  readonly medianWait: number;
  readonly longestWait: number;
  readonly starts: number;
}

function play(arrivals: readonly Arrival[], manage: Manager, initially: readonly Running[]): Outcome {
  const waits: { at: number; seconds: number }[] = [];
  let pods = [...initially];
  let waiting: Arrival[] = [];
  let next = 0;
  let dollars = 0;
  let starts = 0;
  for (
    let now = 0;
    now < days * daySeconds || waiting.length > 0 || pods.some(({ left }) => left > 0);
    now += tick
  ) {
    if (now < days * daySeconds) dollars += (pods.length * pricePerHour * tick) / 3600;
    for (let one = arrivals[next]; one !== undefined && one.at <= now; one = arrivals[next]) {
      waiting.push(one);
      next += 1;
    }
    pods = pods.map((pod) => {
      const readyAt = pod.readyAt ?? (now * 1000 - pod.askedAt >= startSeconds * 1000 ? now * 1000 : null);
      let left = Math.max(0, pod.left - tick);
      const [first] = waiting;
      if (readyAt !== null && left === 0 && first !== undefined) {
        waiting = waiting.slice(1);
        waits.push({ at: first.at, seconds: now - first.at });
        left = first.cost;
      }
      const isBusy = left > 0;
      return {
        ...pod,
        readyAt,
        left,
        isBusy,
        busyAt: isBusy || readyAt === now * 1000 ? now * 1000 : pod.busyAt,
        seenAt: now * 1000,
      };
    });
    const decided = manage(now * 1000, pods, waiting);
    pods = pods.filter(({ name }) => !decided.stop.includes(name));
    for (let count = 0; count < decided.start; count += 1) {
      starts += 1;
      pods.push(newPod(`gpu-${starts}`, now * 1000));
    }
  }
  const hour = (at: number) => (at % daySeconds) / 3600;
  const inEvening = waits.filter(({ at }) => hour(at) >= evening.from && hour(at) < evening.to);
  return {
    dollars,
    medianEveningWait: median(inEvening.map(({ seconds }) => seconds)),
    medianWait: median(waits.map(({ seconds }) => seconds)),
    longestWait: Math.max(...waits.map(({ seconds }) => seconds)),
    starts,
  };
}

function newPod(name: string, now: number): Running {
  return {
    name,
    pricePerHour,
    askedAt: now,
    readyAt: null,
    busyAt: now,
    isBusy: false,
    seenAt: now,
    isEnding: false,
    left: 0,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const alwaysOn: Manager = () => ({ stop: [], start: 0 });

/**
 * As without a scaler: a pod that is stopped is started by whoever notices that something waits, after a quarter of an hour by day and
 * not at all by night; it stops itself after another quarter without work.
 */
const byHand: Manager = (now, pods, waiting) => {
  const second = (now / 1000) % daySeconds;
  const oldest = waiting[0]?.at ?? Infinity;
  const isNoticed = second >= 9 * 3600 && now / 1000 - oldest >= 900;
  const idle = pods.filter(
    ({ readyAt, isBusy, busyAt }) => readyAt !== null && !isBusy && now - busyAt >= 900_000,
  );
  return { stop: idle.map(({ name }) => name), start: isNoticed && pods.length === 0 ? 1 : 0 };
};

/** As they are when nothing is set, but for what is given. The caps are not what is looked at here. */
const rulesWith = (given: Partial<Rules> = {}): Rules => ({
  maximumPods: 1,
  startWaitSeconds: 300,
  idleSeconds: 900,
  startTimeoutSeconds: 2700,
  dailyCap: 100,
  monthlyCap: 1000,
  hours: { from: 0, to: 0 },
  readyHours: null,
  timeZone: 'UTC',
  tickSeconds: tick,
  ...given,
});

const scaled =
  (rules: Rules): Manager =>
  (now, pods, waiting) => {
    const { actions } = decide(
      {
        now,
        pods,
        otherWorkers: 0,
        waiting: { count: waiting.length, seconds: waiting.reduce((sum, { cost }) => sum + cost, 0) },
        spent: { today: 0, month: 0 },
        offers: [{ kind: 'NVIDIA H200', pricePerHour }],
        backOffUntil: 0,
        startSeconds,
        restUntil: 0,
      },
      rules,
    );
    return {
      stop: actions.flatMap((action) => (action.do === 'stop' ? [action.name] : [])),
      start: actions.filter((action) => action.do === 'start').length,
    };
  };

/** Several weeks, so that one lucky evening says nothing. */
const weeks = Array.from({ length: 20 }, (_, seed) => week(seed + 1));
const ready: Running = { ...newPod('always', -daySeconds * 1000), readyAt: 0 };
const over = (manage: Manager, initially: readonly Running[] = []) => {
  const all = weeks.map((arrivals) => play(arrivals, manage, initially));
  const middle = (key: keyof Outcome) => Math.round(median(all.map((one) => one[key])) * 100) / 100;
  return {
    dollars: middle('dollars'),
    medianEveningWait: middle('medianEveningWait'),
    medianWait: middle('medianWait'),
    longestWait: middle('longestWait'),
    starts: middle('starts'),
  };
};
const outcomes = {
  alwaysOn: over(alwaysOn, [ready]),
  byHand: over(byHand),
  scaler: over(scaled(rulesWith())),
  scalerOfTwo: over(scaled(rulesWith({ maximumPods: 2 }))),
  longerIdle: over(scaled(rulesWith({ idleSeconds: 3600 }))),
  readyHours: over(scaled(rulesWith({ readyHours: evening }))),
  shortReadyHours: over(scaled(rulesWith({ readyHours: { from: 19, to: 22 } }))),
  readyHoursOfTwo: over(scaled(rulesWith({ maximumPods: 2, readyHours: evening }))),
};
console.log(
  JSON.stringify({
    weeks: weeks.length,
    requests: median(weeks.map(({ length }) => length)),
    ...outcomes,
    limits: { cost: 0.35, wait: 1.5 },
  }),
);
