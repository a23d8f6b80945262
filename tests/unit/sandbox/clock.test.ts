import { describe, expect, test } from 'vitest';
import { Clock, parseDuration } from '../../../sandbox/clock.ts';
import { Snowflakes, snowflakeTime } from '../../../sandbox/snowflake.ts';

describe('durations', () => {
  test.each([
    [250, 250],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['16m', 960_000],
    ['25h', 90_000_000],
    ['2d', 172_800_000],
  ])('%s is %d ms', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  test.each(['', '16', 'm', '-5m', '5 m', '5w'])('"%s" is refused', (text) => {
    expect(() => parseDuration(text)).toThrow('is not a duration');
  });
});

describe('the clock', () => {
  test('runs with its source and leaps forward, never back', () => {
    let machine = 1_000;
    const clock = new Clock(() => machine);
    clock.advance('1s');
    machine += 5;
    expect(clock.now()).toBe(2_005);
    expect(() => clock.advance(-1)).toThrow('only moves forward');
  });

  test('rings what a leap passes, in order, and only that', () => {
    const clock = new Clock(() => 0);
    const rung: string[] = [];
    clock.schedule(2_000, () => rung.push('second'));
    clock.schedule(1_000, () => rung.push('first'));
    clock.schedule(9_000, () => rung.push('later'));
    const cancel = clock.schedule(1_500, () => rung.push('cancelled'));
    cancel();
    clock.advance(3_000);
    expect(rung).toEqual(['first', 'second']);
    clock.advance(6_000);
    expect(rung).toEqual(['first', 'second', 'later']);
    clock.stop();
  });

  test('rings by itself, too', async () => {
    const clock = new Clock();
    await new Promise<void>((resolve) => {
      // The clock's own timers keep no process alive, so this one does.
      const keep = setTimeout(() => undefined, 5_000);
      clock.schedule(10, () => {
        clearTimeout(keep);
        resolve();
      });
    });
    expect(clock.now()).toBeGreaterThan(0);
  });
});

test('ids rise within a millisecond and carry their time', () => {
  const clock = new Clock(() => 1_800_000_000_123);
  const ids = new Snowflakes(clock);
  const made = Array.from({ length: 1_000 }, () => ids.next());
  expect(new Set(made).size).toBe(1_000);
  expect(made).toEqual(made.toSorted((left, right) => (BigInt(left) < BigInt(right) ? -1 : 1)));
  expect(snowflakeTime(made[0] ?? '0')).toBe(1_800_000_000_123);
});
