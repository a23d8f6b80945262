import { expect, test } from 'vitest';
import { framesWithoutSound } from '../../../src/intake/lengths.ts';

const lengths = {
  fps: 25,
  frames: { default: 97, minimum: 5, maximum: { 480: 129, 720: 161 }, warnAbove: 97 },
};

test.each([
  ['without a wish as long as is usual', null, 1, 97],
  ['a second', 1, 20, 25],
  ['up to the next frames of the form 4k + 1', 1.04, 20, 29],
  ['never less than the model takes', 0.04, 20, 5],
  ['the longest that is allowed', 20, 20, 501],
])('a video without sound: %s', (_what, seconds, mostSeconds, frames) => {
  expect(framesWithoutSound(seconds, mostSeconds, lengths)).toBe(frames);
});

test('a video without sound: more than is allowed is refused with how much that is', () => {
  expect(() => framesWithoutSound(21, 20, lengths)).toThrow(
    expect.objectContaining({ identifier: 'video_too_long', context: { seconds: 20 } }),
  );
});
