import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, isOpen, readyHoursEnd } from '../../../src/scaler/policy.ts';
import type { Pod, Rules, Situation } from '../../../src/scaler/policy.ts';
import { costByDay, spentAt } from '../../../src/scaler/spending.ts';

const now = Date.UTC(2026, 10, 28, 20, 0, 0);
const minutes = (count: number) => count * 60_000;
const rules: Rules = {
  maximumPods: 3,
  startWaitSeconds: 600,
  idleSeconds: 300,
  startTimeoutSeconds: 1800,
  dailyCap: 20,
  monthlyCap: 200,
  hours: { from: 0, to: 0 },
  readyHours: null,
  timeZone: 'UTC',
  tickSeconds: 15,
};
const h200 = { kind: 'NVIDIA H200', pricePerHour: 4.5 };
const pod = (given: Partial<Pod> = {}): Pod => ({
  name: 'gpu-1',
  pricePerHour: 4.5,
  askedAt: now - minutes(60),
  readyAt: now - minutes(55),
  busyAt: now - minutes(1),
  isBusy: false,
  seenAt: now,
  isEnding: false,
  ...given,
});
const situation = (given: Partial<Situation> = {}): Situation => ({
  now,
  pods: [],
  otherWorkers: 0,
  waiting: { count: 0, seconds: 0 },
  spent: { today: 0, month: 0 },
  offers: [h200],
  backOffUntil: 0,
  startSeconds: 240,
  restUntil: 0,
  ...given,
});

describe('starts', () => {
  test('the first request that waits wakes one GPU, whatever its expected time', () => {
    const decision = decide(situation({ waiting: { count: 1, seconds: 5 } }), rules);
    expect(decision).toEqual({ actions: [{ do: 'start', offers: [h200] }], hindrance: null });
  });

  test('one that is on its way is waited for', () => {
    const starting = pod({ readyAt: null, askedAt: now - minutes(3), busyAt: now - minutes(3) });
    expect(
      decide(situation({ waiting: { count: 1, seconds: 400 }, pods: [starting] }), rules).actions,
    ).toEqual([]);
  });

  test('as many as make the wait short enough, and no more than there are requests', () => {
    const many = decide(situation({ waiting: { count: 9, seconds: 1500 } }), rules);
    expect(many.actions).toHaveLength(3);
    const few = decide(situation({ waiting: { count: 2, seconds: 1500 } }), rules);
    expect(few.actions).toHaveLength(2);
  });

  test('machines of the owner’s own count', () => {
    expect(
      decide(situation({ waiting: { count: 1, seconds: 500 }, otherWorkers: 1 }), rules).actions,
    ).toEqual([]);
    expect(
      decide(situation({ waiting: { count: 2, seconds: 700 }, otherWorkers: 1 }), rules).actions,
    ).toHaveLength(1);
  });

  test('the next kind is taken where the best is too dear for what is left', () => {
    const dear = { kind: 'NVIDIA B200', pricePerHour: 60 };
    const { actions } = decide(
      situation({
        waiting: { count: 1, seconds: 60 },
        offers: [dear, h200],
        spent: { today: 15, month: 15 },
      }),
      rules,
    );
    expect(actions).toEqual([{ do: 'start', offers: [h200] }]);
  });

  test.each([
    ['cap', { spent: { today: 19.9, month: 19.9 } }],
    ['cap', { spent: { today: 0, month: 199.9 } }],
    ['no_offer', { offers: [] }],
    ['back_off', { backOffUntil: now + 1 }],
  ] as const)('nothing is started: %s', (hindrance, given) => {
    expect(decide(situation({ waiting: { count: 1, seconds: 60 }, ...given }), rules)).toEqual({
      actions: [],
      hindrance,
    });
  });

  test('outside of the hours nothing is started, and what runs goes on', () => {
    const night = { ...rules, hours: { from: 8, to: 20 } };
    const waiting = { count: 1, seconds: 6000 };
    expect(decide(situation({ waiting }), night)).toEqual({ actions: [], hindrance: 'hours' });
    expect(decide(situation({ waiting, pods: [pod({ isBusy: true })] }), night).actions).toEqual([]);
  });
});

describe('stops', () => {
  test.each([
    ['busy', pod({ isBusy: true, busyAt: now }), []],
    ['idle for a moment', pod({ busyAt: now - minutes(4) }), []],
    ['idle for long', pod({ busyAt: now - minutes(5) }), ['idle']],
    ['on its way', pod({ readyAt: null, askedAt: now - minutes(29) }), []],
    ['never ready', pod({ readyAt: null, askedAt: now - minutes(30) }), ['never_ready']],
    ['ending already', pod({ busyAt: now - minutes(60), isEnding: true }), []],
  ] as const)('%s', (_name, one, reasons) => {
    const { actions } = decide(situation({ pods: [one] }), rules);
    expect(actions.map((action) => (action.do === 'stop' ? action.because : action.do))).toEqual(reasons);
  });

  test('whatever runs is stopped before the cap is passed', () => {
    const { actions } = decide(
      situation({ pods: [pod({ isBusy: true })], spent: { today: 19.99, month: 30 } }),
      rules,
    );
    expect(actions).toEqual([{ do: 'stop', name: 'gpu-1', because: 'cap' }]);
  });
});

describe('hours in which one is kept ready', () => {
  // It is eight in the evening.
  const evening = { ...rules, readyHours: { from: 18, to: 23 } };
  const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 28, hour, minute);
  const idle = (given: Partial<Pod> = {}) => pod({ busyAt: now - minutes(90), ...given });
  const idleAt = (time: number) => pod({ busyAt: time - minutes(10), seenAt: time });
  const done = (given: Partial<Situation>, by: Rules = evening) =>
    decide(situation(given), by).actions.map((action) =>
      action.do === 'stop' ? `${action.name} ${action.because}` : action.do,
    );

  test('one is started although nothing waits, so early that it is there when they begin, and not when they are over', () => {
    const started = [at(17, 55), at(17, 56), at(20), at(22, 55), at(22, 56), at(23)].map(
      (time) => done({ now: time }).length,
    );
    expect(started).toEqual([0, 1, 1, 1, 0, 0]);
    expect(done({ now: at(20) }, rules)).toEqual([]);
  });

  test('it stays without work until they are over, and what would only be started again stays, too', () => {
    const times = [at(17, 50), at(17, 51), at(22, 59), at(23)];
    expect(times.map((time) => done({ now: time, pods: [idleAt(time)] }))).toEqual([
      ['gpu-1 idle'],
      [],
      [],
      ['gpu-1 idle'],
    ]);
  });

  test('of several that are idle the cheapest stays; none where another one is ready, or is the owner’s own', () => {
    const two = [idle(), idle({ name: 'gpu-2', pricePerHour: 1 })];
    expect(done({ pods: two })).toEqual(['gpu-1 idle']);
    expect(done({ pods: [idle(), pod({ name: 'gpu-2', isBusy: true })] })).toEqual(['gpu-1 idle']);
    expect(done({ pods: [idle()], otherWorkers: 1 })).toEqual(['gpu-1 idle']);
    expect(done({ otherWorkers: 1 })).toEqual([]);
    // One that is on its way is not there yet.
    expect(done({ pods: [idle(), pod({ name: 'gpu-2', readyAt: null, askedAt: now })] })).toEqual([]);
  });

  test('one whose worker has been silent for long is not ready', () => {
    expect(done({ pods: [idle({ seenAt: now - minutes(4) })] })).toEqual([]);
    expect(done({ pods: [idle({ seenAt: now - minutes(5) })] })).toEqual(['gpu-1 idle', 'start']);
  });

  test('caps, an owner’s stop and a failed start come first', () => {
    expect(done({ pods: [idle()], spent: { today: 19.99, month: 30 } })).toEqual(['gpu-1 cap']);
    expect(done({ spent: { today: 19.9, month: 30 } })).toEqual([]);
    expect(done({ restUntil: now + 1 })).toEqual([]);
    expect(done({ pods: [idle()], restUntil: now + 1 })).toEqual(['gpu-1 idle']);
    expect(done({ backOffUntil: now + 1 })).toEqual([]);
  });

  test.each([
    ['at noon', at(12), null, 18, 23, 'UTC'],
    ['shortly before', at(17, 50), at(23), 18, 23, 'UTC'],
    ['within', at(20), at(23), 18, 23, 'UTC'],
    ['in another zone', at(23, 30), at(28, 30), 4, 10, 'Asia/Kolkata'],
    ['over midnight', at(23), at(26), 22, 2, 'UTC'],
    ['always', at(20), at(44), 0, 0, 'UTC'],
    // That night has an hour less.
    ['in spring', Date.UTC(2026, 2, 28, 22), Date.UTC(2026, 2, 29, 2), 22, 4, 'Europe/Berlin'],
  ])('until when: %s', (_name, time, end, from, to, timeZone) => {
    expect(readyHoursEnd(time, { timeZone, readyHours: { from, to } }, 900)).toBe(end);
  });
});

describe('whatever happens', () => {
  const anyPod = fc.record({
    pricePerHour: fc.double({ min: 0.1, max: 10, noNaN: true }),
    askedAt: fc.integer({ min: now - minutes(300), max: now }),
    isReady: fc.boolean(),
    idle: fc.integer({ min: 0, max: 3600 }),
    isBusy: fc.boolean(),
    silent: fc.integer({ min: 0, max: 3600 }),
    isEnding: fc.boolean(),
  });
  const anyHours = fc.option(fc.record({ from: fc.nat(23), to: fc.nat(23) }));
  const anyRules = anyHours.map((readyHours) => ({ ...rules, readyHours }));
  const anySituation = fc
    .record({
      pods: fc.array(anyPod, { maxLength: 6 }),
      otherWorkers: fc.nat(3),
      count: fc.nat(40),
      each: fc.double({ min: 1, max: 4000, noNaN: true }),
      today: fc.double({ min: 0, max: 30, noNaN: true }),
      before: fc.double({ min: 0, max: 250, noNaN: true }),
      prices: fc.array(fc.double({ min: 0.1, max: 80, noNaN: true }), { maxLength: 4 }),
      backOff: fc.boolean(),
    })
    .map(({ pods, count, each, today, before, prices, backOff, otherWorkers }) =>
      situation({
        pods: pods.map(({ isReady, idle, silent, ...one }, index) => ({
          ...one,
          name: `gpu-${index}`,
          readyAt: isReady ? one.askedAt : null,
          busyAt: now - idle * 1000,
          seenAt: now - silent * 1000,
        })),
        otherWorkers,
        waiting: { count, seconds: count * each },
        spent: { today, month: today + before },
        offers: prices.map((pricePerHour, index) => ({ kind: `kind ${index}`, pricePerHour })),
        backOffUntil: backOff ? now + 1 : 0,
      }),
    );

  test('never more than the maximum are there, those that are ending included', () => {
    fc.assert(
      fc.property(anySituation, anyRules, (given, by) => {
        const starts = decide(given, by).actions.filter((action) => action.do === 'start').length;
        expect(starts === 0 || given.pods.length + starts <= rules.maximumPods).toBe(true);
      }),
    );
  });

  test('while something waits, money is left and one can be had, one is there or is started', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const { actions, hindrance } = decide(given, rules);
        if (given.waiting.count === 0 || hindrance !== null) return;
        const stopped = actions.filter((action) => action.do === 'stop').length;
        const staying = given.pods.filter(({ isEnding }) => !isEnding).length - stopped;
        const starts = actions.length - stopped;
        expect(staying + starts + given.otherWorkers).toBeGreaterThan(0);
      }),
    );
  });

  test('nothing is started in the look that stops something for the cap', () => {
    fc.assert(
      fc.property(anySituation, anyRules, (given, by) => {
        const { actions } = decide(given, by);
        if (!actions.some((action) => action.do === 'stop' && action.because === 'cap')) return;
        expect(actions.some((action) => action.do === 'start')).toBe(false);
      }),
    );
  });

  test('in the hours in which one is kept ready one is there or is started, and a worker that is ready is not stopped as the last', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const { actions, hindrance } = decide(given, { ...rules, readyHours: { from: 18, to: 23 } });
        if (hindrance !== null || actions.some((action) => action.do === 'stop' && action.because === 'cap'))
          return;
        const stopped = new Set(actions.flatMap((action) => (action.do === 'stop' ? [action.name] : [])));
        const staying = given.pods.filter(({ isEnding, name }) => !isEnding && !stopped.has(name));
        const starts = actions.filter((action) => action.do === 'start').length;
        expect(staying.length + starts + given.otherWorkers).toBeGreaterThan(0);
        const isReady = (one: Pod) =>
          !one.isEnding && one.readyAt !== null && given.now - one.seenAt < rules.idleSeconds * 1000;
        if (given.otherWorkers === 0 && given.pods.some(isReady)) expect(staying.some(isReady)).toBe(true);
      }),
    );
  });

  test('a day of any arrivals and hours never passes a cap or the maximum, and nothing is started that was just stopped', () => {
    const arrivals = fc.array(fc.record({ at: fc.nat(1439), seconds: fc.integer({ min: 10, max: 2000 }) }), {
      maxLength: 60,
    });
    const dollars = fc.double({ min: 0.5, max: 30, noNaN: true });
    fc.assert(
      fc.property(arrivals, dollars, anyHours, (given, dailyCap, readyHours) => {
        const outcome = playDay(given, { ...rules, dailyCap, readyHours });
        expect(outcome.spent).toBeLessThanOrEqual(dailyCap);
        expect(outcome.most).toBeLessThanOrEqual(rules.maximumPods);
        // Each start is followed by work or by the whole idle time, and none for the hours alone by a stop before it: no flapping.
        expect(outcome.shortestIdle).toBeGreaterThanOrEqual(rules.idleSeconds);
        expect(outcome.shortestRest).toBeGreaterThanOrEqual(rules.idleSeconds);
      }),
      { numRuns: 60 },
    );
  });
});

/** A day in looks of 15 s: machines take 4 minutes to start, and do one request after another. */
function playDay(arrivals: readonly { at: number; seconds: number }[], given: Rules) {
  const start = Date.UTC(2026, 10, 28);
  const waiting = arrivals.toSorted((left, right) => left.at - right.at).map((one) => ({ ...one }));
  interface Running extends Pod {
    left: number;
  }
  let pods: Running[] = [];
  let spent = 0;
  let shortestIdle = Infinity;
  let shortestRest = Infinity;
  let most = 0;
  let stoppedAt = -Infinity;
  for (let tick = 0; tick < 5760; tick += 1) {
    const time = start + tick * 15_000;
    const here = () => waiting.filter(({ at }) => start + minutes(at) <= time);
    spent += pods.reduce((sum, one) => sum + (one.pricePerHour * 15) / 3600, 0);
    pods = pods.map((one) => {
      const readyAt = one.readyAt ?? (time - one.askedAt >= minutes(4) ? time : null);
      let left = Math.max(0, one.left - 15);
      if (readyAt !== null && left === 0) {
        const next = here()[0];
        if (next !== undefined) {
          waiting.splice(waiting.indexOf(next), 1);
          left = next.seconds;
        }
      }
      const isBusy = left > 0;
      return {
        ...one,
        readyAt,
        left,
        isBusy,
        seenAt: time,
        busyAt: isBusy || readyAt === time ? time : one.busyAt,
      };
    });
    const queue = here();
    const { actions } = decide(
      situation({
        now: time,
        pods,
        waiting: { count: queue.length, seconds: queue.reduce((sum, { seconds }) => sum + seconds, 0) },
        spent: { today: spent, month: spent },
      }),
      given,
    );
    for (const action of actions) {
      if (action.do === 'start') {
        const name = `gpu-${tick}-${pods.length}`;
        pods.push({ ...pod({ name, askedAt: time, readyAt: null, busyAt: time }), left: 0 });
        // For what waits one may be needed right after; for the hours alone it would have stayed.
        if (queue.length === 0) shortestRest = Math.min(shortestRest, (time - stoppedAt) / 1000);
      } else {
        const one = pods.find(({ name }) => name === action.name);
        if (action.because === 'idle' && one !== undefined) {
          shortestIdle = Math.min(shortestIdle, (time - one.busyAt) / 1000);
          stoppedAt = time;
        }
        pods = pods.filter(({ name }) => name !== action.name);
      }
    }
    most = Math.max(most, pods.length);
  }
  return { spent, shortestIdle, shortestRest, most };
}

test('hours of the day go over midnight', () => {
  const at = (hour: number) => Date.UTC(2026, 10, 28, hour, 30);
  expect([7, 8, 23].map((hour) => isOpen(at(hour), { from: 8, to: 0 }, 'UTC'))).toEqual([false, true, true]);
  expect([1, 2, 19, 20].map((hour) => isOpen(at(hour), { from: 20, to: 2 }, 'UTC'))).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(isOpen(at(3), { from: 0, to: 0 }, 'UTC')).toBe(true);
});

test('what runs over midnight and over the end of a month is charged to both', () => {
  const costs = costByDay(Date.UTC(2026, 10, 30, 23), Date.UTC(2026, 11, 1, 2), 3);
  expect(Object.fromEntries(costs)).toEqual({ '2026-11-30': 3, '2026-12-01': 6 });
  expect(spentAt(costs, Date.UTC(2026, 11, 1, 3))).toEqual({ today: 6, month: 6 });
  expect(costByDay(5, 5, 3).size).toBe(0);
});
