import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  absurdBitsPerPixel,
  encoderArguments,
  firstAttempt,
  nextAttempt,
  sizeLadder,
  smallerAttempt,
} from '../../../src/media/rate-control.ts';
import type { Attempt, ClipShape } from '../../../src/media/rate-control.ts';

const clip: ClipShape = { width: 832, height: 480, frames: 97, fps: 25, hasAudio: true };
const raw = {
  kind: 'raw',
  path: '/frames.rgb',
  pixelFormat: 'rgb24',
  sound: { path: '/sound.flac', demuxer: 'flac' },
} as const;

const shapes = fc.record({
  width: fc.integer({ min: 16, max: 960 }).map((half) => half * 2),
  height: fc.integer({ min: 16, max: 960 }).map((half) => half * 2),
  frames: fc.integer({ min: 1, max: 375 }).map((k) => 4 * k + 1),
  fps: fc.constant(25),
  hasAudio: fc.boolean(),
});
const sizeLimits = fc.integer({ min: 256 * 1024, max: 100 * 1024 * 1024 });

function valueOf(args: readonly string[], option: string): string | undefined {
  const at = args.indexOf(option);
  return at === -1 ? undefined : args[at + 1];
}

test('the first attempt is constant quality at full size, in one pass', () => {
  const attempt = firstAttempt(clip);
  expect(attempt).toMatchObject({ kind: 'quality', size: { width: 832, height: 480 } });
  const { output } = encoderArguments(raw, clip, attempt, 0, 'passes');
  expect(valueOf(output, '-crf')).toBe('17');
  expect(output).not.toContain('-b:v');
  expect(output).not.toContain('-pass');
});

test('the sound is left out of the first of two passes', () => {
  const attempt: Attempt = { kind: 'bitrate', kilobits: 300, size: clip, audioKilobits: 64 };
  const first = encoderArguments(raw, clip, attempt, 1, 'passes');
  expect(first.inputs.map(({ path }) => path)).toEqual(['/frames.rgb']);
  expect(first.output).toContain('-an');
  const second = encoderArguments(raw, clip, attempt, 2, 'passes');
  expect(second.inputs.map(({ path }) => path)).toEqual(['/frames.rgb', '/sound.flac']);
  expect(valueOf(second.output, '-b:v')).toBe('300k');
  expect(valueOf(second.output, '-b:a')).toBe('64k');
  expect(valueOf(second.output, '-passlogfile')).toBe('passes');
});

test('every input has a protocol list and a demuxer of its own, whatever the attempt', () => {
  fc.assert(
    fc.property(shapes, fc.constantFrom(0, 1, 2), (shape, pass) => {
      const { inputs, output } = encoderArguments(raw, shape, firstAttempt(shape), pass, 'p');
      for (const { options } of inputs) {
        expect(valueOf(options, '-protocol_whitelist')).toBe('file,pipe');
        expect(['rawvideo', 'flac']).toContain(valueOf(options, '-f'));
        expect(options).toContain('-nostdin');
      }
      // fluent-ffmpeg splits an option of a list that holds exactly one space.
      for (const word of inputs.flatMap(({ options }) => options)) expect(word).not.toMatch(/\s/);
      if (pass !== 1) expect(output).toContain('comment=Made with AI');
    }),
  );
});

test('what a miss leads to never grows, keeps even sides, and ends', () => {
  fc.assert(
    fc.property(
      shapes,
      sizeLimits,
      // how much larger than the limit each attempt comes out
      fc.array(fc.double({ min: 1.0001, max: 4, noNaN: true }), { minLength: 64, maxLength: 64 }),
      (shape, limitBytes, misses) => {
        let last: Attempt = firstAttempt(shape);
        const wrong: unknown[] = [];
        for (const miss of misses) {
          const next = nextAttempt(shape, limitBytes, last, Math.ceil(limitBytes * miss));
          if (next === null) break;
          if (next.kind !== 'bitrate') throw new Error('quality is tried once');
          // Plain comparisons: an `expect` for each of a hundred thousand takes longer than what is tested.
          const isEven = next.size.width % 2 === 0 && next.size.height % 2 === 0;
          const isNoLarger = next.size.width <= last.size.width && next.audioKilobits <= 160;
          const isLess = last.kind !== 'bitrate' || next.kilobits < last.kilobits;
          // What is promised to the encoder fits into the limit by arithmetic.
          const bits = (next.kilobits + next.audioKilobits) * 1000 * (shape.frames / shape.fps);
          if (!isEven || !isNoLarger || !isLess || bits / 8 >= limitBytes) {
            wrong.push({ last, next });
          }
          last = next;
        }
        expect(wrong).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

test('a real limit is always worth a try, and one too small for anything is not', () => {
  fc.assert(
    fc.property(shapes, sizeLimits, (shape, limitBytes) => {
      return nextAttempt(shape, limitBytes, firstAttempt(shape), limitBytes + 1) !== null;
    }),
    { numRuns: 1000 },
  );
  expect(nextAttempt(clip, 2000, firstAttempt(clip), 3_000_000)).toBeNull();
});

test('a bitrate that is absurd for the size leads to a smaller picture of the same shape', () => {
  const long = { ...clip, frames: 1501 };
  const attempt = nextAttempt(long, 1024 * 1024, firstAttempt(long), 90_000_000);
  if (attempt === null) throw new Error('one megabyte is enough for a minute');
  expect(attempt.size.width).toBeLessThan(832);
  expect(attempt.size.width / attempt.size.height).toBeCloseTo(832 / 480, 1);
  const roomy = nextAttempt(clip, 8 * 1024 * 1024, firstAttempt(clip), 9_000_000);
  expect(roomy?.size).toEqual({ width: 832, height: 480 });
});

test('the ladder starts at the full size and never has an odd side', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const ladder = sizeLadder(shape);
      expect(ladder[0]).toEqual({ width: shape.width, height: shape.height });
      for (const { width, height } of ladder) expect([width % 2, height % 2]).toEqual([0, 0]);
    }),
  );
});

test('a picture with a watermark is made no smaller, and no poorer, than the mark lasts', () => {
  const marked = { ...clip, width: 256, height: 144, hasAudio: false, isMarked: true };
  expect(sizeLadder(marked)).toEqual([
    { width: 256, height: 144 },
    { width: 192, height: 108 },
  ]);
  // Three quarters of the demo's size would be too small.
  expect(sizeLadder({ width: 192, height: 112, isMarked: true })).toEqual([{ width: 192, height: 112 }]);
  // What is small already stays as it is.
  expect(sizeLadder({ width: 96, height: 56, isMarked: true })).toEqual([{ width: 96, height: 56 }]);
  fc.assert(
    fc.property(shapes, fc.integer({ min: 8 * 1024, max: 1024 * 1024 }), (shape, limitBytes) => {
      const ofMarked = { ...shape, isMarked: true };
      const next = nextAttempt(ofMarked, limitBytes, firstAttempt(ofMarked), limitBytes + 1);
      if (next?.kind !== 'bitrate') return true;
      const pixels = next.size.width * next.size.height * shape.fps;
      return (next.kilobits * 1000) / pixels >= absurdBitsPerPixel;
    }),
    { numRuns: 500 },
  );
});

test('a bitrate that is refused is tried with each smaller picture, and then there is nothing more', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const ladder = sizeLadder(shape);
      let attempt: Attempt | null = { kind: 'bitrate', kilobits: 8, size: shape, audioKilobits: 16 };
      const sizes: unknown[] = [];
      while (attempt !== null && sizes.length <= ladder.length) {
        sizes.push({ width: attempt.size.width, height: attempt.size.height });
        attempt = smallerAttempt(shape, attempt);
        if (attempt !== null) expect(attempt).toMatchObject({ kilobits: 8, audioKilobits: 16 });
      }
      expect(sizes).toEqual(ladder);
    }),
  );
  expect(smallerAttempt(clip, firstAttempt(clip))).toBeNull();
});
