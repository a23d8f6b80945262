/**
 * Finds and reads the mark in frames that may have been compressed, scaled and cropped.
 *
 * Frames become a residual (each pixel less the mean around it, clipped, so that edges of the picture do not drown the mark), residuals of
 * all frames are added, and the sum is folded onto one tile for each scale that is tried. Correlation of the tile with the pilot, by
 * Fourier transform over all shifts at once, says which scale and place fit.
 */
import FFT from 'fft.js';
import { decodePayload, codeBits } from './payload.ts';
import { layout, tileCells } from './pattern.ts';

export interface Frame {
  /** luma, a byte a pixel, row by row */
  readonly luma: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Detection {
  readonly payload: bigint;
  /** size of this copy by that of the original, near enough */
  readonly scale: number;
  /** the pilot's correlation in standard deviations of those at all other shifts */
  readonly confidence: number;
}

/**
 * Cells of the original have 4 pixels, or 2 in small videos: pixels of a cell in this copy, for the scales that are usual. 40/9: a tenth cut
 * off, and the rest blown up to the old size.
 */
const usualCells = [4, 2, 3, 8 / 3, 4 / 3, 1, 6, 8, 40 / 9, 20 / 9, 5, 1.5, 2.5, 16 / 3, 3.2, 3.6, 4.5];
/** Around each of them, and between: one tile more or less over the width must not blur. */
const fineSteps = 1.004;
const smallestCell = 0.9;
const largestCell = 9;

/** samples along a cell in the folded tile: places of less than a cell are told apart */
const perCell = 4;
const side = tileCells * perCell;

/** Below this nothing is decoded: the largest of 65,536 correlations of noise is 4.3 on average, 6.5 once in ten thousand. */
const leastConfidence = 6;
/** A residual beyond this is the picture's own. */
const clip = 5;
/**
 * On average over the frames no mark moves a pixel by more: what stands still and has edges (a label, a background) would drown it. Twice the
 * confidence at CRF 30, measured on ffmpeg's test picture.
 */
const meanClip = 1.5;

/**
 * Adds up residuals of frames of one size.
 */
export class ResidualSum {
  readonly width: number;
  readonly height: number;
  readonly sum: Float64Array;
  frames = 0;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.sum = new Float64Array(width * height);
  }

  add({ luma, width, height }: Frame): void {
    const integral = new Float64Array((width + 1) * (height + 1));
    for (let y = 0; y < height; y += 1) {
      let row = 0;
      for (let x = 0; x < width; x += 1) {
        row += luma[y * width + x] ?? 0;
        integral[(y + 1) * (width + 1) + x + 1] = (integral[y * (width + 1) + x + 1] ?? 0) + row;
      }
    }
    const reach = Math.min(width, height) >= 300 ? 4 : 2;
    for (let y = 0; y < height; y += 1) {
      const [top, bottom] = [Math.max(0, y - reach), Math.min(height, y + reach + 1)];
      for (let x = 0; x < width; x += 1) {
        const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
        const total =
          (integral[bottom * (width + 1) + right] ?? 0) -
          (integral[top * (width + 1) + right] ?? 0) -
          (integral[bottom * (width + 1) + left] ?? 0) +
          (integral[top * (width + 1) + left] ?? 0);
        const residual = (luma[y * width + x] ?? 0) - total / ((bottom - top) * (right - left));
        this.sum[y * width + x] = (this.sum[y * width + x] ?? 0) + Math.max(-clip, Math.min(clip, residual));
      }
    }
    this.frames += 1;
  }
}

/**
 * @param how `thorough` also tries sizes that nobody's player or platform makes, for a quarter of a minute
 * @returns null when there is no mark that can be read
 */
export function detect(residuals: ResidualSum, how: 'quick' | 'thorough' = 'quick'): Detection | null {
  for (const cell of usualCells) {
    const found = tryAround(residuals, [cell]);
    if (found !== null) return found;
  }
  return how === 'quick' ? null : tryAround(residuals, fineCells(residuals));
}

function fineCells({ width, height }: ResidualSum): number[] {
  // A tile may shift by half a cell over the frame before it blurs: the larger the frame, the finer the steps.
  const step = Math.min(fineSteps, 1 + 2 / Math.max(width, height));
  const list: number[] = [];
  for (let cell = smallestCell; cell <= largestCell; cell *= step) list.push(cell);
  return list;
}

function tryAround(residuals: ResidualSum, list: readonly number[]): Detection | null {
  let best: { tile: Float64Array; shift: number; confidence: number; cell: number } | null = null;
  for (const cell of list) {
    const tile = fold(residuals, cell);
    const { shift, confidence } = findPilot(tile);
    if (confidence >= leastConfidence && confidence > (best?.confidence ?? 0))
      best = { tile, shift, confidence, cell };
  }
  if (best === null) return null;
  const payload = decodePayload(readBits(best.tile, best.shift));
  return payload === null ? null : { payload, scale: best.cell / 4, confidence: best.confidence };
}

/** The sum of residuals on one tile of `side` × `side` samples, each the mean of what fell on it. */
function fold({ sum, width, height, frames }: ResidualSum, cell: number): Float64Array {
  const totals = new Float64Array(side * side);
  const counts = new Float64Array(side * side);
  const most = meanClip * frames;
  const columns = Uint16Array.from(
    { length: width },
    (_, x) => Math.floor(((x + 0.5) / cell) * perCell) % side,
  );
  for (let y = 0; y < height; y += 1) {
    const row = (Math.floor(((y + 0.5) / cell) * perCell) % side) * side;
    for (let x = 0; x < width; x += 1) {
      const at = row + (columns[x] ?? 0);
      const residual = Math.max(-most, Math.min(most, sum[y * width + x] ?? 0));
      totals[at] = (totals[at] ?? 0) + residual;
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  let squares = 0;
  let filled = 0;
  for (let at = 0; at < totals.length; at += 1) {
    const count = counts[at] ?? 0;
    if (count === 0) continue;
    totals[at] = (totals[at] ?? 0) / count;
    squares += (totals[at] ?? 0) ** 2;
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
  const soft = new Float64Array(codeBits);
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
