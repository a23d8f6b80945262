/**
 * The mark of small pictures, in which a tile of cells has no room: the lowest waves of each block of 16 × 16 pixels, the ones that a codec keeps
 * longest, are moved to where their sign says a bit.
 *
 * A wave says its bit by the sine of its amplitude, with a period of four `swing`s: whatever the picture has there, no more than two of them are
 * needed to write either bit, so that the picture is no noise to the mark (quantisation index modulation; Chen & Wornell, 2001, and of it the
 * scalar Costa scheme, which moves less far where that costs much; Eggers et al., 2003). What a codec does to a block grows with what is in it,
 * so busy blocks count for less.
 *
 * The arrangement is public, as that of the tile (`pattern.ts`).
 */
import { blockCode, checkBits, payloadBits } from './payload.ts';
import { shuffled } from './pattern.ts';

/** Pixels of a block's side: a macroblock of H.264. */
export const blockSide = 16;
/** Half cosine waves down and across a block. */
export const waves = [
  [0, 1],
  [1, 0],
  [1, 1],
  [0, 2],
] as const;
/** Levels, of an orthonormal cosine transform, from where a wave says nothing to where it says its bit most clearly. */
export const swing = 20;
/** Blocks with bits of their own; after them it begins anew. */
export const groups = blockCode.bits / waves.length;
/** Groups from a block to the one below it: of 192 × 112 pixels, no two blocks have the same. */
const groupsDown = 12;
/**
 * Standard deviation of what a codec at CRF 30 does to a wave, by the levels of all finer ones of its block: `quiet` + `growth` · log₂(1 + levels).
 * Fitted on eight clips of the small model, of which flat blocks had 7 and busy ones 14 to 20.
 */
const quiet = 4;
const growth = 1.4;
const lowest = 3;

/** Of how many lines the smallest picture is that has a tile of cells. */
const tileLines = 400;

/** Whether pictures of a size are marked in blocks, not by a tile of cells. */
export function hasBlocks(width: number, height: number): boolean {
  return Math.min(width, height) < tileLines;
}

/**
 * Waves of the smallest picture that a mark is read from after a codec has left it little: each bit, the checksum's included, is said by three. 192 × 108
 * pixels have 288. With the 180 of 144 × 84, three of 17 were not read.
 */
const leastWaves = 3 * (payloadBits + checkBits);

/** Whether a picture has room for a mark that lasts. */
export function holdsMark(width: number, height: number): boolean {
  const blocks = Math.floor(width / blockSide) * Math.floor(height / blockSide);
  return blocks * waves.length >= leastWaves;
}

export interface BlockLayout {
  /** for each group's waves: the coded bit */
  readonly bitOf: Uint16Array;
  /** for each group's waves: −1 or 1, what its bit is multiplied with */
  readonly signOf: Int8Array;
}

export const blockLayout: BlockLayout = arrange();

function arrange(): BlockLayout {
  const { order, signs } = shuffled(blockCode.bits);
  return { bitOf: order, signOf: signs };
}

/** Which group a block belongs to, by its place in the picture. */
export function groupOf(column: number, row: number): number {
  return (column + groupsDown * row) % groups;
}

/** Shades of grey, 0 … 255, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

/** What the blocks of a picture have. */
export interface BlockField {
  readonly columns: number;
  readonly rows: number;
  /** for each block, row by row, the amplitude of each of `waves` */
  readonly amplitudes: Float64Array;
  /** for each block, 0 … 1: how much of a mark a codec leaves there */
  readonly weights: Float64Array;
}

/** The lowest cosines, orthonormal: of each, a block's pixels. */
export const cosines: readonly Float64Array[] = Array.from({ length: lowest }, (_, wave) =>
  Float64Array.from(
    { length: blockSide },
    (_unused, at) =>
      Math.sqrt((wave === 0 ? 1 : 2) / blockSide) *
      Math.cos((Math.PI * (2 * at + 1) * wave) / (2 * blockSide)),
  ),
);

/** A picture's pixel rows in pieces as wide as a block: of each piece the lowest waves, and the sum of its squares behind them. */
interface Pieces {
  readonly columns: number;
  readonly height: number;
  readonly values: Float64Array;
}
const pieceValues = lowest + 1;

/** @param left pixels that are left out before the first piece */
export function piecesOf({ width, height, values }: Picture, left: number): Pieces {
  const columns = Math.max(0, Math.floor((width - left) / blockSide));
  const pieces = new Float64Array(columns * height * pieceValues);
  for (let y = 0; y < height; y += 1) {
    for (let column = 0; column < columns; column += 1) {
      const from = y * width + left + column * blockSide;
      const to = (y * columns + column) * pieceValues;
      for (let at = 0; at < blockSide; at += 1) {
        const value = values[from + at] ?? 0;
        for (let wave = 0; wave < lowest; wave += 1)
          pieces[to + wave] = (pieces[to + wave] ?? 0) + value * (cosines[wave]?.[at] ?? 0);
        pieces[to + lowest] = (pieces[to + lowest] ?? 0) + value * value;
      }
    }
  }
  return { columns, height, values: pieces };
}

/** @param top pixels that are left out above the first block */
export function blocksOf({ columns, height, values }: Pieces, top: number): BlockField {
  const rows = Math.max(0, Math.floor((height - top) / blockSide));
  const amplitudes = new Float64Array(columns * rows * waves.length);
  const weights = new Float64Array(columns * rows);
  const low = new Float64Array(lowest * lowest);
  for (let block = 0; block < weights.length; block += 1) {
    const [row, column] = [Math.floor(block / columns), block % columns];
    low.fill(0);
    let squares = 0;
    for (let at = 0; at < blockSide; at += 1) {
      const piece = ((top + row * blockSide + at) * columns + column) * pieceValues;
      for (let down = 0; down < lowest; down += 1) {
        const share = cosines[down]?.[at] ?? 0;
        for (let across = 0; across < lowest; across += 1) {
          const place = down * lowest + across;
          low[place] = (low[place] ?? 0) + share * (values[piece + across] ?? 0);
        }
      }
      squares += values[piece + lowest] ?? 0;
    }
    const finer = Math.sqrt(
      Math.max(
        0,
        low.reduce((rest, value) => rest - value * value, squares),
      ),
    );
    const deviation = quiet + growth * Math.log2(1 + finer);
    // What is left, on average, of a sine whose argument has normal noise.
    weights[block] = Math.exp(-(((Math.PI / 2 / swing) * deviation) ** 2) / 2);
    for (const [index, [down, across]] of waves.entries())
      amplitudes[block * waves.length + index] = low[down * lowest + across] ?? 0;
  }
  return { columns, rows, amplitudes, weights };
}

/** What a wave says, −1 … 1: of a block's bit times its sign. */
export function said(amplitude: number): number {
  return Math.sin((Math.PI / 2 / swing) * amplitude);
}
