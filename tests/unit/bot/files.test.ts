import { expect, test } from 'vitest';
import { mostFrames } from '../../../src/intake/lengths.ts';
import { nextLimit } from '../../../src/bot/stored-videos.ts';

test.each([
  [3.88, 97],
  [30, 753],
  [120, 3001],
])('of %d seconds at most %d frames, so that all of them are in it', (seconds, expected) => {
  expect(mostFrames(seconds, 25)).toBe(expected);
});

test('a refused video first shrinks to what every channel takes, then by steps that end', () => {
  const mebibyte = 1024 * 1024;
  expect(nextLimit(80 * mebibyte)).toBeLessThan(10 * mebibyte);
  let size = nextLimit(80 * mebibyte);
  let steps = 0;
  for (; size > 64 * 1024; steps += 1) {
    expect(nextLimit(size)).toBeLessThan(size);
    size = nextLimit(size);
  }
  expect(steps).toBeLessThan(12);
});
