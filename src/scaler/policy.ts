/**
 * When GPUs are started and stopped: a function of what is known, and of nothing else. Whoever wants other rules changes them here.
 */
import type { DayHours, GpuRules } from '../config/rented-gpus.ts';
import type { Offer } from './provider.ts';

export interface Rules extends GpuRules {
  /** the time between two looks: what is spent before anybody can stop it, seconds */
  readonly tickSeconds: number;
}

/** A machine of ours as the scaler knows it. Times are milliseconds since 1970. */
export interface Pod {
  readonly name: string;
  /** US dollars */
  readonly pricePerHour: number;
  readonly askedAt: number;
  /** when its worker took jobs first; null: not yet */
  readonly readyAt: number | null;
  /** when its worker was last seen alive and at work, or became ready */
  readonly busyAt: number;
  readonly isBusy: boolean;
  /** when its worker was last seen alive, at work or not */
  readonly seenAt: number;
  /** it is being stopped: it costs, takes up a place, and does nothing more */
  readonly isEnding: boolean;
}

export interface Situation {
  readonly now: number;
  readonly pods: readonly Pod[];
  /** workers that take jobs and are none of our pods: machines of the owner's own */
  readonly otherWorkers: number;
  /** generations that wait and are not held, and their expected GPU seconds together */
  readonly waiting: { readonly count: number; readonly seconds: number };
  /** US dollars, up to now */
  readonly spent: { readonly today: number; readonly month: number };
  /** what can be had, best first */
  readonly offers: readonly Offer[];
  /** no start before this: the last one failed */
  readonly backOffUntil: number;
  /** what a start takes here, seconds: one that is to be ready at an hour is started that long before */
  readonly startSeconds: number;
  /** none is kept ready before this: an owner stopped one by hand */
  readonly restUntil: number;
}

export type StopReason = 'idle' | 'never_ready' | 'cap';

export type Action =
  /** one machine: the first of these that can really be had; the catalogue may name what is gone when it is asked for */
  | { readonly do: 'start'; readonly offers: readonly [Offer, ...Offer[]] }
  | { readonly do: 'stop'; readonly name: string; readonly because: StopReason };

/** Why nothing more is started although another one is wanted; for people and metrics. */
export type Hindrance = 'cap' | 'hours' | 'no_offer' | 'back_off' | 'maximum';

export interface Decision {
  readonly actions: readonly Action[];
  readonly hindrance: Hindrance | null;
}

/** A start that could not even work for this long before the cap would end it is money for nothing. */
const shortestWorthSeconds = 600;

/** Decides what is started and stopped now. Stops come first: what they free is not spent on starts of the same look. */
export function decide(situation: Situation, rules: Rules): Decision {
  const due = situation.pods.flatMap((pod) => {
    const because = stopReason(pod, situation, rules);
    return because === null ? [] : [{ pod, because }];
  });
  const kept = keptAlthoughIdle(
    due.filter(({ because }) => because === 'idle').map(({ pod }) => pod),
    situation.pods.filter((pod) => !pod.isEnding && !due.some((one) => one.pod === pod)),
    situation,
    rules,
  );
  const stops = due
    .filter(({ pod }) => pod !== kept)
    .map(({ pod, because }): Action => ({ do: 'stop', name: pod.name, because }));
  const stopped = new Set(stops.map((stop) => (stop.do === 'stop' ? stop.name : '')));
  const staying = situation.pods.filter(({ name, isEnding }) => !isEnding && !stopped.has(name));
  const { starts, hindrance } = startsFor(staying, situation, rules);
  return { actions: [...stops, ...starts], hindrance };
}

/**
 * Of what would be stopped because it is idle, the one that stays since these are hours in which one is to be ready, or are so soon that it
 * would only be started again: the cheapest. One whose worker is silent is not ready, whatever the provider says of it.
 */
function keptAlthoughIdle(
  idle: readonly Pod[],
  others: readonly Pod[],
  { now, otherWorkers, startSeconds, restUntil }: Situation,
  rules: Rules,
): Pod | undefined {
  if (keptReadyUntil(now, rules, startSeconds) === null || now < restUntil) return undefined;
  const isReady = ({ readyAt, seenAt }: Pod) => readyAt !== null && now - seenAt < rules.idleSeconds * 1000;
  if (otherWorkers > 0 || others.some(isReady)) return undefined;
  return idle
    .filter(isReady)
    .toSorted((left, right) => left.pricePerHour - right.pricePerHour)
    .at(0);
}

/**
 * Until when one is kept ready: from so soon before the hours on that, stopped now, it would only be started again.
 *
 * @returns as {@link readyHoursEnd}
 */
export function keptReadyUntil(now: number, rules: Rules, startSeconds: number): number | null {
  return readyHoursEnd(now, rules, startSeconds + rules.idleSeconds);
}

const quarter = 15 * 60_000;

/**
 * Whether one is to be ready now, or within a time, and until when.
 *
 * @param withinSeconds how far ahead is looked for the beginning
 * @returns milliseconds since 1970, at most a day ahead, to a quarter of an hour; null: none is to be ready
 */
export function readyHoursEnd(
  now: number,
  { readyHours, timeZone }: Pick<Rules, 'readyHours' | 'timeZone'>,
  withinSeconds: number,
): number | null {
  if (readyHours === null) return null;
  const isReadyAt = (time: number) => isOpen(time, readyHours, timeZone);
  const ahead = now + withinSeconds * 1000;
  if (!isReadyAt(now) && !isReadyAt(ahead)) return null;
  // Every zone's hours begin at a quarter of UTC's.
  let end = (Math.floor((isReadyAt(now) ? now : ahead) / quarter) + 1) * quarter;
  while (isReadyAt(end) && end - now < 86_400_000) end += quarter;
  return end;
}

function stopReason(pod: Pod, situation: Situation, rules: Rules): StopReason | null {
  const { now, waiting } = situation;
  if (pod.isEnding) return null;
  if (wouldPassCap(situation, rules)) return 'cap';
  if (pod.readyAt === null) {
    return now - pod.askedAt >= rules.startTimeoutSeconds * 1000 ? 'never_ready' : null;
  }
  const idle = !pod.isBusy && now - pod.busyAt >= rules.idleSeconds * 1000;
  // What waits is for a machine that is about to take it; one that takes nothing although something waits has its time, too.
  const spared = waiting.count > 0 && now - pod.busyAt < rules.idleSeconds * 2000;
  return idle && !spared ? 'idle' : null;
}

/** Whether what runs now would spend more than there is before the next look but one. */
function wouldPassCap({ pods, spent }: Situation, rules: Rules): boolean {
  const perSecond = pods.reduce((sum, pod) => sum + pod.pricePerHour, 0) / 3600;
  const until = perSecond * rules.tickSeconds * 2;
  return perSecond > 0 && (spent.today + until > rules.dailyCap || spent.month + until > rules.monthlyCap);
}

function startsFor(
  staying: readonly Pod[],
  situation: Situation,
  rules: Rules,
): { starts: Action[]; hindrance: Hindrance | null } {
  const { now, waiting, otherWorkers, backOffUntil, startSeconds, restUntil } = situation;
  const there = staying.length + otherWorkers;
  // What is started now is there when a start is over: that is when it has to be wanted.
  const readyAt = now + startSeconds * 1000;
  const isToBeReady =
    rules.readyHours !== null &&
    now >= restUntil &&
    isOpen(readyAt, rules.readyHours, rules.timeZone) &&
    isOpen(readyAt, rules.hours, rules.timeZone);
  const forWaiting = machinesFor(waiting, rules.startWaitSeconds);
  const isClosed = !isOpen(now, rules.hours, rules.timeZone);
  const wanted = Math.max(isClosed ? 0 : forWaiting, isToBeReady ? 1 : 0) - there;
  if (wanted <= 0) return { starts: [], hindrance: isClosed && forWaiting > there ? 'hours' : null };
  if (now < backOffUntil) return { starts: [], hindrance: 'back_off' };
  const room = rules.maximumPods - situation.pods.length;
  if (room <= 0) return { starts: [], hindrance: 'maximum' };
  const starts: Action[] = [];
  let perHour = situation.pods.reduce((sum, pod) => sum + pod.pricePerHour, 0);
  for (let count = 0; count < Math.min(wanted, room); count += 1) {
    const [offer, ...others] = affordable(perHour, situation, rules);
    if (offer === undefined) return { starts, hindrance: situation.offers.length === 0 ? 'no_offer' : 'cap' };
    starts.push({ do: 'start', offers: [offer, ...others] });
    // Whichever of them it becomes.
    perHour += Math.max(offer.pricePerHour, ...others.map(({ pricePerHour }) => pricePerHour));
  }
  return { starts, hindrance: starts.length < wanted ? 'maximum' : null };
}

/** What of the offers there is money for, beside what costs already; an owner who starts one by hand gets no other. */
export function affordable(
  perHour: number,
  { offers, spent }: Pick<Situation, 'offers' | 'spent'>,
  rules: Rules,
): readonly Offer[] {
  return offers.filter(({ pricePerHour }) => isAffordable(perHour + pricePerHour, spent, rules));
}

/** How many machines make what waits wait no longer than the given time. */
function machinesFor(waiting: Situation['waiting'], waitSeconds: number): number {
  if (waiting.count === 0) return 0;
  // More machines than requests would find nothing to do.
  return Math.min(waiting.count, Math.max(1, Math.ceil(waiting.seconds / Math.max(waitSeconds, 1))));
}

function isAffordable(perHour: number, spent: Situation['spent'], rules: Rules): boolean {
  const least = (perHour / 3600) * (shortestWorthSeconds + 2 * rules.tickSeconds);
  return spent.today + least <= rules.dailyCap && spent.month + least <= rules.monthlyCap;
}

/** Whether a time lies in the given hours of the day of a zone. */
export function isOpen(time: number, { from, to }: DayHours, timeZone: string): boolean {
  if (from === to) return true;
  const hour = hourOf(time, timeZone);
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}

/** Making one takes a thousand times as long as asking it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function hourOf(time: number, timeZone: string): number {
  if (timeZone === 'UTC') return new Date(time).getUTCHours();
  const known = clocks.get(timeZone);
  const clock = known ?? new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' });
  if (known === undefined) clocks.set(timeZone, clock);
  return Number(clock.format(time));
}
