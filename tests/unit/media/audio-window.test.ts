import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { planAudioWindow } from '../../../src/media/audio-window.ts';

const limits = { minimumFrames: 5, maximumFrames: 97, fps: 25 };

test('twelve seconds into a long sound, the whole length is used', () => {
  const window = planAudioWindow({ ...limits, durationSeconds: 63, startSeconds: 12 });
  expect(window).toEqual({ startSeconds: 12, endSeconds: expect.closeTo(15.88, 6), frames: 97 });
});

test('a start is kept to the millisecond, as a form can show it and read it', () => {
  const window = planAudioWindow({ ...limits, durationSeconds: 63, startSeconds: 1.2345678 });
  expect(window.startSeconds).toBe(1.235);
});

test('the last word of a short sound is inside the video', () => {
  const window = planAudioWindow({ ...limits, durationSeconds: 2, startSeconds: 0 });
  expect(window.frames).toBe(53);
  expect(window.endSeconds).toBe(2);
});

test('an end is kept to, and the sound’s own where it comes first', () => {
  const long = { ...limits, maximumFrames: 753, durationSeconds: 20, startSeconds: 4 };
  expect(planAudioWindow({ ...long, endSeconds: 10 })).toEqual({
    startSeconds: 4,
    endSeconds: 10,
    frames: 153,
  });
  expect(planAudioWindow({ ...long, endSeconds: 40 }).endSeconds).toBe(20);
  expect(planAudioWindow({ ...long, maximumFrames: 97, endSeconds: 10 }).frames).toBe(97);
});

test('an end that comes before the start says where the start is', () => {
  const plan = () => planAudioWindow({ ...limits, durationSeconds: 20, startSeconds: 4, endSeconds: 4 });
  expect(plan).toThrow(
    expect.objectContaining({ identifier: 'audio_end_before_start', context: { seconds: 4 } }),
  );
});

test('a start beyond the end says how long the sound is', () => {
  const plan = () => planAudioWindow({ ...limits, durationSeconds: 63.04, startSeconds: 70 });
  expect(plan).toThrow(
    expect.objectContaining({ identifier: 'audio_start_beyond_end', context: { seconds: 63 } }),
  );
});

test('a sound shorter than the shortest video is refused with the length it needs', () => {
  const plan = () => planAudioWindow({ ...limits, durationSeconds: 0.19, startSeconds: 0 });
  expect(plan).toThrow(expect.objectContaining({ identifier: 'audio_too_short', context: { seconds: 0.2 } }));
  expect(planAudioWindow({ ...limits, durationSeconds: 0.2, startSeconds: 0 }).frames).toBe(5);
  const nothing = () => planAudioWindow({ ...limits, durationSeconds: 0, startSeconds: 0 });
  expect(nothing).toThrow(expect.objectContaining({ identifier: 'audio_too_short' }));
});

test('whatever is given: 4k + 1 frames within the limits, never outside the sound, at most three frames of silence', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 600, noNaN: true }),
      fc.double({ min: 0, max: 600, noNaN: true }),
      fc.integer({ min: 1, max: 375 }).map((k) => 4 * k + 1),
      (durationSeconds, startSeconds, maximumFrames) => {
        try {
          const { frames, endSeconds } = planAudioWindow({
            ...limits,
            maximumFrames,
            durationSeconds,
            startSeconds,
          });
          expect(frames % 4).toBe(1);
          expect(frames).toBeGreaterThanOrEqual(5);
          expect(frames).toBeLessThanOrEqual(maximumFrames);
          expect(endSeconds).toBeLessThanOrEqual(durationSeconds);
          expect(startSeconds + frames / 25 - endSeconds).toBeLessThan(4 / 25);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          expect(durationSeconds - startSeconds).toBeLessThan(0.2);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
