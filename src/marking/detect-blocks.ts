/**
 * Reads the mark of small pictures (`dct-blocks.ts`) in what is left of them.
 *
 * A copy of another size is scaled back to sizes that it may have had. Where a copy was cut, its blocks begin anywhere, and which is which says what
 * all payloads of a deployment begin with: the one that made a video finds its mark in more copies than others do.
 */
import {
  blockLayout,
  blocksOf,
  blockSide,
  groupOf,
  groups,
  hasBlocks,
  piecesOf,
  said,
  waves,
} from './dct-blocks.ts';
import type { BlockField, Picture } from './dct-blocks.ts';
import type { KnownMarks } from './known-marks.ts';
import { blockCode } from './payload.ts';
import { resample } from './resample.ts';

/** Sizes of a copy by that of its original. The whole picture is read as some of them; in all of them the beginning is looked for. */
const usualScales = [1, 1 / 2, 3 / 4, 2 / 3, 3 / 8, 1 / 3, 1 / 4, 3 / 2, 2, 3, 4];
const alwaysRead: ReadonlySet<number> = new Set([1, 1 / 2]);
/** Of the places where the beginning fits best, how many are read. */
const mostPlaces = 3;
/** Readings that are compared with payloads that are known. */
export const mostBlockComparisons = alwaysRead.size + mostPlaces;
/** Readings of one picture, each of which passes the checksum by chance once in 2²⁴: the whole one is read with the beginning, and without. */
export const mostBlockReadings = 2 * alwaysRead.size + mostPlaces;
/** Originals have sides of whole blocks, as far as this share of a side leaves it open. */
const sizeTolerance = 0.01;

interface Place {
  readonly sums: Float64Array;
  /** the group that the first block belongs to */
  readonly first: number;
  /** how well the beginning fits, in standard deviations of one that is not there */
  readonly fit: number;
}

export interface BlockDetection {
  readonly payload: bigint;
  /** size of this copy by that of the original */
  readonly scale: number;
}

/**
 * @param picture the mean of the frames
 * @param own payloads that are expected; null: nobody knows
 * @returns null when there is no mark that can be read
 */
export function detectBlocks(picture: Picture, own: KnownMarks | null): BlockDetection | null {
  const copies = usualScales
    .map((scale) => ({
      scale,
      width: originalSide(picture.width, scale),
      height: originalSide(picture.height, scale),
    }))
    .filter(({ width, height }) => hasBlocks(width, height));
  const faint: { readonly soft: Float64Array; readonly scale: number }[] = [];
  for (const { scale, width, height } of copies) {
    if (!alwaysRead.has(scale)) continue;
    const soft = softBits(sayings(blocksOf(piecesOf(resample(picture, width, height), 0), 0)), 0);
    for (const known of new Set([own?.deployment ?? null, null])) {
      const payload = blockCode.read(soft, known);
      if (payload !== null) return { payload, scale };
    }
    faint.push({ soft, scale });
  }
  if (own === null) return null;
  const beginning = slotsOf(blockCode.beginning(own.deployment));
  const places = copies.flatMap(({ scale, width, height }) =>
    placesIn(resample(picture, width, height), beginning, scale === 1 ? blockSide : 1).map((place) => ({
      ...place,
      scale,
    })),
  );
  const best = places.toSorted((one, other) => other.fit - one.fit).slice(0, mostPlaces);
  for (const { sums, first, scale } of best) {
    const soft = softBits(sums, first);
    const payload = blockCode.read(soft, own.deployment);
    if (payload !== null) return { payload, scale };
    faint.push({ soft, scale });
  }
  for (const { soft, scale } of faint) {
    const payload = own.recognise(blockCode, soft);
    if (payload !== null) return { payload, scale };
  }
  return null;
}

/** Where the first block may begin, up to `reach` pixels from the corner each way, and which it may be. */
function placesIn(picture: Picture, beginning: Beginning, reach: number): Place[] {
  const steps = Array.from({ length: reach }, (_, step) => step);
  return steps.flatMap((left) => {
    const pieces = piecesOf(picture, left);
    return steps.map((top) => bestBeginning(sayings(blocksOf(pieces, top)), beginning));
  });
}

function originalSide(side: number, scale: number): number {
  if (scale === 1) return side;
  const wanted = side / scale;
  const whole = blockSide * Math.round(wanted / blockSide);
  return Math.abs(whole - wanted) <= sizeTolerance * wanted ? whole : 2 * Math.round(wanted / 2);
}

/** For each group's waves, what all its blocks say together. */
function sayings({ columns, amplitudes, weights }: BlockField): Float64Array {
  const sums = new Float64Array(blockCode.bits);
  for (const [wave, amplitude] of amplitudes.entries()) {
    const block = Math.floor(wave / waves.length);
    const slot = groupOf(block % columns, Math.floor(block / columns)) * waves.length + (wave % waves.length);
    sums[slot] = (sums[slot] ?? 0) + (weights[block] ?? 0) * said(amplitude);
  }
  return sums;
}

/** Which slots say what all payloads of a deployment begin with, and with which sign. */
type Beginning = readonly { readonly slot: number; readonly sign: number }[];

function slotsOf(beginning: Int8Array): Beginning {
  return Array.from(blockLayout.bitOf, (bit, slot) => ({
    slot,
    sign: (beginning[bit] ?? 0) * (blockLayout.signOf[slot] ?? 0),
  })).filter(({ sign }) => sign !== 0);
}

/** Which group the first block may belong to. */
function bestBeginning(sums: Float64Array, beginning: Beginning): Place {
  let [fit, best] = [-Infinity, 0];
  for (let first = 0; first < groups; first += 1) {
    let [sum, squares] = [0, 0];
    for (const { slot, sign } of beginning) {
      const value = sums[(slot + sums.length - first * waves.length) % sums.length] ?? 0;
      sum += sign * value;
      squares += value * value;
    }
    if (squares > 0 && sum / Math.sqrt(squares) > fit) [fit, best] = [sum / Math.sqrt(squares), first];
  }
  return { sums, first: best, fit };
}

/** @param first the group that the picture's first block belongs to */
function softBits(sums: Float64Array, first: number): Float64Array {
  const soft = new Float64Array(blockCode.bits);
  for (const [at, sum] of sums.entries()) {
    const slot = (at + first * waves.length) % sums.length;
    soft[blockLayout.bitOf[slot] ?? 0] = sum * (blockLayout.signOf[slot] ?? 0);
  }
  return soft;
}
