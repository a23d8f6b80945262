import { expect, test } from 'vitest';
import { detect, seenIn, wrongBound } from '../../../src/marking/detect.ts';
import { markFrame, neutral } from '../../../src/marking/embed.ts';

const [width, height] = [416, 400];
const payload = 0x0123_4567_89ab_cdefn;

/** A rough wall, the same for a seed: noise of some levels, a mean of neighbours so that it has a grain. */
function wall(seed: number, roughness: number, wide: number, high: number): Float64Array {
  let state = seed;
  const noise = Float64Array.from({ length: wide * high }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
  return noise.map((value, at) => 128 + roughness * (value + (noise[at - 1] ?? 0) + (noise[at - wide] ?? 0)));
}

const rgb = await markFrame(payload, width, height, () => Promise.reject(new Error('not asked for')));
const mark = Float64Array.from({ length: width * height }, (_, at) => (rgb[at * 3] ?? neutral) - neutral);

/** What a codec shows of a marked wall while the camera moves: its first picture moved on, and the mark with it. */
function movedBy(pixels: number, roughness: number, strength: number): Uint8Array {
  const picture = wall(3, roughness, width, height);
  return Uint8Array.from({ length: width * height }, (_, at) => {
    const from = Math.floor(at / width) * width + (((at % width) + pixels) % width);
    return Math.round((picture[from] ?? 0) + strength * (mark[from] ?? 0));
  });
}

const seen = (frames: readonly Uint8Array[], keys: readonly Uint8Array[]) =>
  seenIn({ luma: Buffer.concat(frames), keys: Buffer.concat(keys), width, height });

test('a mark that moves with the picture is read from the frame that was coded whole', () => {
  const frames = Array.from({ length: 16 }, (_, frame) => movedBy(3 * frame, 12, 0.4));
  expect(detect(seen(frames, []))).toBeNull();
  expect(detect(seen(frames, frames.slice(0, 1)))?.payload).toBe(payload);
});

test('of a video without a mark, fewer than one in a million is said to have one', () => {
  expect(wrongBound).toBeLessThanOrEqual(1e-6);
  expect(detect(seen([movedBy(0, 24, 0)], [movedBy(0, 24, 0)]))).toBeNull();
});
