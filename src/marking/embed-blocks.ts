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
} from './blocks.ts';
import type { BlockField, Picture } from './blocks.ts';
import { blockCode } from './payload.ts';

/** Of the mark, in levels² of a pixel: with what rounding to whole levels adds, 1/12, every frame keeps 42.07 dB or more. */
const meanSquare = 3.95;
/** Steps of a swing in which a wave is moved. */
const stepsOfSwing = 20;
/** Halvings of what a decibel may cost, until the mean square is met. */
const halvings = 40;

/**
 * What is added to each pixel of a small picture so that its blocks say a payload.
 *
 * @param picture what the frames of the video have in common: the mark is made to fit it
 * @returns whole levels, row by row
 */
export function blockMark(payload: bigint, picture: Picture): Int16Array {
  const field = blocksOf(piecesOf(picture, 0), 0);
  const moves = cheapestMoves(field, blockCode.encode(payload), meanSquare * picture.width * picture.height);
  return drawWaves(field, moves, picture);
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

function drawWaves(
  { columns, rows }: BlockField,
  moves: Float64Array,
  { width, height }: Picture,
): Int16Array {
  const drawn = new Int16Array(width * height);
  for (let y = 0; y < rows * blockSide; y += 1) {
    for (let x = 0; x < columns * blockSide; x += 1) {
      const block = Math.floor(y / blockSide) * columns + Math.floor(x / blockSide);
      let value = 0;
      for (const [index, [down, across]] of waves.entries()) {
        const cosine = (cosines[down]?.[y % blockSide] ?? 0) * (cosines[across]?.[x % blockSide] ?? 0);
        value += (moves[block * waves.length + index] ?? 0) * cosine;
      }
      drawn[y * width + x] = Math.round(value);
    }
  }
  return drawn;
}
