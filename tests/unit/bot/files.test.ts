import { expect, test } from 'vitest';
import { mostFrames } from '../../../src/intake/media-intake.ts';
import { nextLimit } from '../../../src/bot/stored-videos.ts';

const frames = { default: 97, maximum: 129 };

test.each([
  [3, 129],
  [5.16, 129],
  [5.17, 97],
  [600, 97],
])('of %d seconds at most %d frames', (seconds, expected) => {
  expect(mostFrames(seconds, frames, 25)).toBe(expected);
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
