import {
  blockLayout,
  blocksOf,
  blockSide,
  cosines,
  groupOf,
  piecesOf,
  said,
  swing,
  waves,
} from './dct-blocks.ts';
import type { BlockField, Picture } from './dct-blocks.ts';
import { blockCode } from './payload.ts';

/** Of the mark, in levels² of a pixel: with what rounding to whole levels adds, 1/12, every frame keeps 42.07 dB or more. */
const meanSquare = 3.95;
/** Steps of a swing in which a wave is moved. */
const stepsOfSwing = 20;
/** Halvings of what a decibel may cost, until the mean square is met. */
const halvings = 40;
/** Parts of a pixel and its neighbours, along a row or a column, in one that is smoothed. */
const smoothing = [1 / 16, 1 / 4, 3 / 8, 1 / 4, 1 / 16];
/** How often a mark is smoothed once it is drawn: more of it takes little off its edges. */
const smoothings = 5;
/** Marks that are made, each with the budget that the one before left, until one costs no more than it may. */
const mostTries = 4;
/** What joining its blocks usually adds to a mark's square. */
const joining = 1.1;
/** What must not change in a block when the mark is smoothed: its mean, which is 0, and the waves that say the bits. */
const keptWaves = [[0, 0], ...waves] as const;

/**
 * What is added to each pixel of a small picture so that its blocks say a payload.
 *
 * @param picture what the frames of the video have in common: the mark is made to fit it
 * @returns whole levels, row by row
 */
export function blockMark(payload: bigint, picture: Picture): Int16Array {
  const field = blocksOf(piecesOf(picture, 0), 0);
  const coded = blockCode.encode(payload);
  const most = meanSquare * picture.width * picture.height;
  let budget = most / joining;
  let drawn: Float64Array = new Float64Array();
  for (let tries = 0; tries < mostTries; tries += 1) {
    const moves = cheapestMoves(field, coded, budget);
    drawn = draw(field, moves, picture);
    const cost = drawn.reduce((sum, level) => sum + level * level, 0);
    if (cost <= most) break;
    // A little less than that: what it costs does not quite follow.
    budget *= (0.999 * most) / cost;
  }
  return Int16Array.from(drawn, Math.round);
}

/**
 * How far each wave is moved: together they may cost `budget`, and say as much as can be had for it. A wave that stands far from where it should be is
 * moved less far, or not at all, and what it would have cost is spent where it says more.
 */
function cheapestMoves({ columns, amplitudes, weights }: BlockField, coded: Int8Array, budget: number) {
  const moves = Float64Array.from(
    { length: 4 * stepsOfSwing + 1 },
    (_, step) => (step / stepsOfSwing - 2) * swing,
  );
  // What each wave would say after each move, by how much that counts.
  const gains = new Float64Array(amplitudes.length * moves.length);
  for (let wave = 0; wave < amplitudes.length; wave += 1) {
    const block = Math.floor(wave / waves.length);
    const slot = groupOf(block % columns, Math.floor(block / columns)) * waves.length + (wave % waves.length);
    const wanted =
      (blockLayout.signOf[slot] ?? 0) * (coded[blockLayout.bitOf[slot] ?? 0] ?? 0) * (weights[block] ?? 0);
    for (let move = 0; move < moves.length; move += 1)
      gains[wave * moves.length + move] = wanted * said((amplitudes[wave] ?? 0) + (moves[move] ?? 0));
  }
  const chosen = new Float64Array(amplitudes.length);
  /** Chooses by what a gain is worth, and says what that costs. */
  const choose = (worth: number) => {
    let cost = 0;
    for (let wave = 0; wave < amplitudes.length; wave += 1) {
      let [best, most] = [0, -Infinity];
      for (let index = 0; index < moves.length; index += 1) {
        const move = moves[index] ?? 0;
        const value = worth * (gains[wave * moves.length + index] ?? 0) - move * move;
        if (value > most) [best, most] = [move, value];
      }
      chosen[wave] = best;
      cost += best * best;
    }
    return cost;
  };
  let [low, high] = [0, 1e6];
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (low + high) / 2;
    if (choose(middle) <= budget) low = middle;
    else high = middle;
  }
  choose(low);
  return chosen;
}

/**
 * The mark, without the edges of its blocks, which an eye finds first where a picture is flat: smoothed over them, and each time what it says put
 * back (projections onto convex sets). It costs about a tenth more then, in finer waves that say nothing.
 */
function draw({ columns, rows }: BlockField, moves: Float64Array, { width, height }: Picture): Float64Array {
  let mark = new Float64Array(width * height);
  for (let time = 0; time <= smoothings; time += 1) {
    if (time > 0) mark = smoothed(smoothed(mark, width, height, 1), width, height, width);
    for (let block = 0; block < columns * rows; block += 1) {
      const from = Math.floor(block / columns) * blockSide * width + (block % columns) * blockSide;
      for (const [index, [down, across]] of keptWaves.entries()) {
        const wanted = index === 0 ? 0 : (moves[block * waves.length + index - 1] ?? 0);
        addWave(mark, from, width, down, across, wanted - amplitudeOf(mark, from, width, down, across));
      }
    }
  }
  return mark;
}

/** @param step from a pixel to its neighbour: 1 along rows, the width along columns. What is beyond the border is as the border. */
function smoothed(
  mark: Float64Array,
  width: number,
  height: number,
  step: number,
): Float64Array<ArrayBuffer> {
  const length = step === 1 ? width : height;
  const reach = (smoothing.length - 1) / 2;
  const out = new Float64Array(mark.length);
  for (let line = 0; line < mark.length / length; line += 1) {
    const from = step === 1 ? line * width : line;
    for (let place = 0; place < length; place += 1) {
      let sum = 0;
      for (let part = 0; part < smoothing.length; part += 1) {
        const there = Math.max(0, Math.min(length - 1, place + part - reach));
        sum += (smoothing[part] ?? 0) * (mark[from + there * step] ?? 0);
      }
      out[from + place * step] = sum;
    }
  }
  return out;
}

function addWave(
  mark: Float64Array,
  from: number,
  width: number,
  down: number,
  across: number,
  amplitude: number,
): void {
  for (let y = 0; y < blockSide; y += 1) {
    const row = amplitude * (cosines[down]?.[y] ?? 0);
    for (let x = 0; x < blockSide; x += 1) {
      const at = from + y * width + x;
      mark[at] = (mark[at] ?? 0) + row * (cosines[across]?.[x] ?? 0);
    }
  }
}

function amplitudeOf(mark: Float64Array, from: number, width: number, down: number, across: number): number {
  let sum = 0;
  for (let y = 0; y < blockSide; y += 1) {
    const row = cosines[down]?.[y] ?? 0;
    for (let x = 0; x < blockSide; x += 1)
      sum += row * (cosines[across]?.[x] ?? 0) * (mark[from + y * width + x] ?? 0);
  }
  return sum;
}
