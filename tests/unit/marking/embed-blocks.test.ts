import { expect, test } from 'vitest';
import { detectBlocks } from '../../../src/marking/detect-blocks.ts';
import { blockSide } from '../../../src/marking/dct-blocks.ts';
import { blockMark } from '../../../src/marking/embed-blocks.ts';

/** A flat sky above a beach, as the demonstration has it. */
const [width, height] = [192, 112];
const values = Float64Array.from({ length: width * height }, (_, at) =>
  at < (2 * width * height) / 3 ? 200 - at / (4 * width) : 150 + 20 * Math.sin(at / 3),
);
const payload = 0x0123_4567_89ab_cdefn;
const mark = blockMark(payload, { width, height, values });

test('a small picture says its payload, and keeps 42 dB', () => {
  const marked = Float64Array.from(values, (value, at) => value + (mark[at] ?? 0));
  expect(detectBlocks({ width, height, values: marked }, null)?.payload).toBe(payload);
  const meanSquare = mark.reduce((sum, level) => sum + level * level, 0) / mark.length;
  expect(10 * Math.log10(255 ** 2 / meanSquare)).toBeGreaterThan(42);
});

test('blocks are joined: where two meet, the step is no more than about twice the largest inside of them', () => {
  /** The root of the mean square of the steps from pixels to their right neighbours, of the columns that stand so far from a block's edge. */
  const step = (fromEdge: number) => {
    const steps = Array.from(mark, (level, at) => level - (mark[at - 1] ?? 0)).filter(
      (_, at) => at % width > 0 && (at % width) % blockSide === fromEdge,
    );
    return Math.sqrt(steps.reduce((sum, one) => sum + one * one, 0) / steps.length);
  };
  const inside = Math.max(...Array.from({ length: blockSide - 1 }, (_, at) => step(at + 1)));
  expect(step(0)).toBeLessThan(2.2 * inside);
});
