/**
 * Finds and reads the mark in frames that may have been compressed, scaled and cropped.
 *
 * The mark is the same in all frames, so they are averaged first: what moves blurs, and the mark stays. What is left is taken less the mean
 * around each pixel and divided by the variance around it (the locally optimum detector of a weak signal in noise whose strength changes from
 * place to place; Hernández et al., "DCT-domain watermarking techniques for still images", 2000, have the like): edges count for little, flat
 * places for much. Then it is folded onto one tile for each scale that is tried. Correlation of the tile with the pilot, by Fourier transform
 * over all shifts at once, says which scale and place fit.
 *
 * Where a picture moves, a codec moves the mark with it from frame to frame; where the camera does, an average blurs it. So frames that were
 * coded whole are looked at by themselves, first.
 */
import FFT from 'fft.js';
import { hasBlocks } from './dct-blocks.ts';
import type { Picture } from './dct-blocks.ts';
import { detectBlocks, mostBlockComparisons, mostBlockReadings } from './detect-blocks.ts';
import { FrameSum } from './frame-sum.ts';
import { KnownMarks, wrongRecognition } from './known-marks.ts';
import type { OwnMarks } from './known-marks.ts';
import { checkBits, tileCode } from './payload.ts';
import { layout, tileCells } from './pattern.ts';

export interface Detection {
  readonly payload: bigint;
  /** size of this copy by that of the original, near enough */
  readonly scale: number;
  /** of a tile's pilot: its correlation in standard deviations of those at all other shifts; null where blocks were read */
  readonly confidence: number | null;
}

/**
 * Cells of the original have 4 pixels, or 2 in small videos that were made before those had blocks: pixels of a cell in this copy, for the scales
 * that are usual. 40/9: a tenth cut off, and the rest blown up to the old size.
 */
const usualCells = [4, 2, 3, 8 / 3, 4 / 3, 1, 6, 8, 40 / 9, 20 / 9, 5, 1.5, 2.5, 16 / 3, 3.2, 3.6, 4.5];

/** samples along a cell in the folded tile: places of less than a cell are told apart */
const perCell = 4;
const side = tileCells * perCell;

/** Below this nothing is decoded: the largest of 65,536 correlations of noise is 4.3 on average, 6.5 once in ten thousand. */
const leastConfidence = 6;
/**
 * Readings of one video's tiles: whatever the pilot fits, each passes the checksum by chance once in 2²⁴, as each reading of its blocks, so that
 * fewer than one question in a million about videos without a mark has a wrong answer: (8 + 7) · 2⁻²⁴ = 8.9 · 10⁻⁷,
 * and what is recognised without being read adds 0.8 · 10⁻⁷ (`known-marks.ts`).
 */
const mostReadings = 8;
/** Chance that something is read in a video without a mark, whatever fits. */
export const wrongBound =
  (mostReadings + mostBlockReadings) / 2 ** checkBits +
  (mostReadings + mostBlockComparisons) * wrongRecognition;

/** Frames in which a mark is looked for. */
export interface Seen {
  /** of the whole video */
  readonly frames: FrameSum;
  /** those that were coded whole; null where there is none */
  readonly keys: FrameSum | null;
}

/**
 * @param seen bytes of luma, whole frames of `width` × `height` one after the other
 */
export function seenIn(seen: {
  readonly luma: Uint8Array;
  readonly keys: Uint8Array;
  readonly width: number;
  readonly height: number;
}): Seen {
  return {
    frames: FrameSum.of(seen),
    keys: seen.keys.length === 0 ? null : FrameSum.of({ ...seen, luma: seen.keys }),
  };
}

/**
 * @param own what marks of whoever asks may say: for copies that lost much; null: nobody knows
 * @returns null when there is no mark that can be read
 */
export function detect(seen: Seen, own: OwnMarks | null = null): Detection | null {
  const { frames } = seen;
  const known = own === null ? null : new KnownMarks(own);
  const looks = [() => detectInBlocks(frames, known), () => detectTiles(seen, known)];
  // What a picture of this size is likely to have comes first.
  if (!hasBlocks(frames.width, frames.height)) looks.reverse();
  for (const look of looks) {
    const found = look();
    if (found !== null) return found;
  }
  return null;
}

function detectInBlocks(frames: FrameSum, known: KnownMarks | null): Detection | null {
  const found = detectBlocks(frames.mean(), known);
  return found === null ? null : { ...found, confidence: null };
}

function detectTiles(seen: Seen, known: KnownMarks | null): Detection | null {
  const pictures = evidenceOf(seen);
  const faint: { readonly soft: Float64Array; readonly place: Place }[] = [];
  for (const cell of usualCells) {
    for (const picture of pictures) {
      const place = faint.length < mostReadings ? placeIn(picture, cell) : null;
      if (place === null) continue;
      const soft = readBits(place.tile, place.shift);
      const payload = tileCode.read(soft);
      if (payload !== null) return detectionAt(place, payload);
      faint.push({ soft, place });
    }
  }
  for (const { soft, place } of faint) {
    const payload = known?.recognise(tileCode, soft) ?? null;
    if (payload !== null) return detectionAt(place, payload);
  }
  return null;
}

function evidenceOf({ keys, frames }: Seen): Picture[] {
  return [keys, frames].flatMap((sum) => (sum === null ? [] : [sum.evidence()]));
}

/**
 * The largest confidence over the scales that are tried: for statistics over videos without a mark.
 *
 * @see Detection.confidence
 */
export function pilotConfidence(seen: Seen): number {
  return Math.max(
    ...evidenceOf(seen).flatMap((picture) =>
      usualCells.map((cell) => findPilot(fold(picture, cell)).confidence),
    ),
  );
}

interface Place {
  readonly tile: Float64Array;
  readonly shift: number;
  readonly confidence: number;
  readonly cell: number;
}

/** Where the pilot fits best at one scale; null where it fits nowhere. */
function placeIn(picture: Picture, cell: number): Place | null {
  const tile = fold(picture, cell);
  const { shift, confidence } = findPilot(tile);
  return confidence < leastConfidence ? null : { tile, shift, confidence, cell };
}

function detectionAt({ cell, confidence }: Place, payload: bigint): Detection {
  return { payload, scale: cell / 4, confidence };
}

/** The sum of the evidence on one tile of `side` × `side` samples. */
function fold({ values, width, height }: Picture, cell: number): Float64Array {
  const totals = new Float64Array(side * side);
  const columns = Uint16Array.from(
    { length: width },
    (_, x) => Math.floor(((x + 0.5) / cell) * perCell) % side,
  );
  for (let y = 0; y < height; y += 1) {
    const row = (Math.floor(((y + 0.5) / cell) * perCell) % side) * side;
    for (let x = 0; x < width; x += 1) {
      const at = row + (columns[x] ?? 0);
      totals[at] = (totals[at] ?? 0) + (values[y * width + x] ?? 0);
    }
  }
  let squares = 0;
  let filled = 0;
  for (const total of totals) {
    if (total === 0) continue;
    squares += total * total;
    filled += 1;
  }
  // What sticks out of a folded picture is its own edges, met over and over: no sample says more than three usual ones.
  const bound = 3 * Math.sqrt(squares / Math.max(1, filled));
  return totals.map((value) => Math.max(-bound, Math.min(bound, value)));
}

const fft = new FFT(side);

/** In place: rows, then columns. Complex numbers, two doubles each. */
function transform(values: Float64Array): Float64Array {
  let current = values;
  for (let pass = 0; pass < 2; pass += 1) {
    const turned = new Float64Array(current.length);
    const line: number[] = Array.from({ length: side * 2 }, () => 0);
    const out: number[] = Array.from({ length: side * 2 }, () => 0);
    for (let row = 0; row < side; row += 1) {
      for (let index = 0; index < side * 2; index += 1) line[index] = current[row * side * 2 + index] ?? 0;
      fft.transform(out, line);
      for (let column = 0; column < side; column += 1) {
        turned[(column * side + row) * 2] = out[column * 2] ?? 0;
        turned[(column * side + row) * 2 + 1] = out[column * 2 + 1] ?? 0;
      }
    }
    current = turned;
  }
  return current;
}

const pilotSpectrum = transform(complex(pilotTile()));

/** The pilot alone, on the samples of a folded tile. */
function pilotTile(): Float64Array {
  const tile = new Float64Array(side * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const cell = Math.floor(y / perCell) * tileCells + Math.floor(x / perCell);
      if ((layout.bitOf[cell] ?? 0) < 0) tile[y * side + x] = layout.signOf[cell] ?? 0;
    }
  }
  return tile;
}

function complex(values: Float64Array): Float64Array {
  const pairs = new Float64Array(values.length * 2);
  for (let index = 0; index < values.length; index += 1) pairs[index * 2] = values[index] ?? 0;
  return pairs;
}

/** Where the pilot fits best, and how much better than elsewhere. */
function findPilot(tile: Float64Array): { shift: number; confidence: number } {
  const spectrum = transform(complex(tile));
  const product = new Float64Array(spectrum.length);
  for (let at = 0; at < spectrum.length; at += 2) {
    const [a, b] = [spectrum[at] ?? 0, spectrum[at + 1] ?? 0];
    const [c, d] = [pilotSpectrum[at] ?? 0, pilotSpectrum[at + 1] ?? 0];
    // a + bi times the conjugate of c + di; conjugated again, so that the forward transform is the inverse one
    product[at] = a * c + b * d;
    product[at + 1] = -(b * c - a * d);
  }
  const correlation = transform(product);
  let [best, shift, sum, squares] = [-Infinity, 0, 0, 0];
  for (let index = 0; index < side * side; index += 1) {
    const value = correlation[index * 2] ?? 0;
    sum += value;
    squares += value * value;
    if (value > best) [best, shift] = [value, index];
  }
  const mean = sum / (side * side);
  const deviation = Math.sqrt(squares / (side * side) - mean * mean);
  return { shift, confidence: deviation === 0 ? 0 : (best - mean) / deviation };
}

/** What the cells say of each coded bit, added up with their signs. */
function readBits(tile: Float64Array, shift: number): Float64Array {
  const [down, right] = [Math.floor(shift / side), shift % side];
  const soft = new Float64Array(tileCode.bits);
  for (let cell = 0; cell < tileCells * tileCells; cell += 1) {
    const bit = layout.bitOf[cell] ?? -1;
    if (bit < 0) continue;
    const [top, left] = [Math.floor(cell / tileCells) * perCell + down, (cell % tileCells) * perCell + right];
    let value = 0;
    for (let y = 0; y < perCell; y += 1) {
      for (let x = 0; x < perCell; x += 1)
        value += tile[((top + y) % side) * side + ((left + x) % side)] ?? 0;
    }
    soft[bit] = (soft[bit] ?? 0) + value * (layout.signOf[cell] ?? 0);
  }
  return soft;
}
