import { expect, test } from 'vitest';
import { arrivalsOf, simulate } from '../../../bench/scale/simulate.ts';
import type { Scale } from '../../../bench/scale/simulate.ts';

const scale: Scale = {
  workers: 6,
  users: 40,
  seconds: 3600,
  factor: 900,
  load: 1,
  processes: 2,
  seed: 3,
};

test('the arrivals repeat, fill the capacity as asked for, and hold all kinds of people', () => {
  const arrivals = arrivalsOf(scale);
  expect(arrivalsOf(scale)).toEqual(arrivals);
  const work = arrivals.reduce((sum, { cost }) => sum + cost, 0);
  expect(work / (scale.workers * scale.seconds)).toBeCloseTo(1, 0);
  expect(new Set(arrivals.map(({ kind }) => kind))).toEqual(new Set(['light', 'medium', 'heavy']));
  expect(new Set(arrivals.map(({ user }) => user)).size).toBe(scale.users);
  expect(arrivals.map(({ at }) => at)).toEqual(
    arrivals.map(({ at }) => at).toSorted((left, right) => left - right),
  );
});

test('the simulation in small: workers in processes of their own, nothing lost, nothing twice', async () => {
  const arrivals = arrivalsOf(scale);
  const outcome = await simulate(scale, arrivals, 'fair');
  expect(outcome).toMatchObject({ jobs: arrivals.length, lost: 0, twice: 0 });
  expect(outcome.redis.commandsPerJob).toBeGreaterThan(10);
});
