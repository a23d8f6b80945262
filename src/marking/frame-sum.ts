import type { Picture } from './dct-blocks.ts';

/** Variance, in levels² of 255, that is there even where the picture is flat: of the codec. Of 1, 3, 4 and 6, 3 to 6 read alike. */
const leastVariance = 3;
/** Pixels around each of which the mean is taken: hardly more than a cell of the usual size, so that of a picture little but its finest is left. */
const meanReach = 2;
/** Pixels around each of which the variance is taken. */
const varianceReach = 3;
/** In standard deviations: no pixel says more. */
const clip = 2;

/** Adds up frames of one size. */
export class FrameSum {
  readonly width: number;
  readonly height: number;
  readonly #sum: Float64Array;
  #frames = 0;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#sum = new Float64Array(width * height);
  }

  /** @param luma frame after frame, a byte a pixel, row by row; a rest that is no whole frame is left out */
  static of({ luma, width, height }: { luma: Uint8Array; width: number; height: number }): FrameSum {
    const sum = new FrameSum(width, height);
    const size = width * height;
    for (let at = 0; at + size <= luma.length; at += size) sum.add(luma.subarray(at, at + size));
    return sum;
  }

  /** @param luma of one frame */
  add(luma: Uint8Array): void {
    for (let at = 0; at < this.#sum.length; at += 1) this.#sum[at] = (this.#sum[at] ?? 0) + (luma[at] ?? 0);
    this.#frames += 1;
  }

  /** What the frames have in common. */
  mean(): Picture {
    const { width, height } = this;
    return { width, height, values: this.#sum.map((value) => value / Math.max(1, this.#frames)) };
  }

  /** What the frames have in common that may be a tile's mark, by how surely. */
  evidence(): Picture {
    const { width, height, values: mean } = this.mean();
    const around = meanAround(mean, width, height, meanReach);
    const residual = mean.map((value, at) => value - (around[at] ?? 0));
    const variance = meanAround(
      residual.map((value) => value * value),
      width,
      height,
      varianceReach,
    );
    const weighed = residual.map((value, at) => value / ((variance[at] ?? 0) + leastVariance));
    const bound = clip * Math.sqrt(weighed.reduce((sum, value) => sum + value * value, 0) / weighed.length);
    return { width, height, values: weighed.map((value) => Math.max(-bound, Math.min(bound, value))) };
  }
}

/** The mean of the square of 2 `reach` + 1 pixels around each, as far as it lies in the picture. */
function meanAround(values: Float64Array, width: number, height: number, reach: number): Float64Array {
  const integral = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y += 1) {
    let row = 0;
    for (let x = 0; x < width; x += 1) {
      row += values[y * width + x] ?? 0;
      integral[(y + 1) * (width + 1) + x + 1] = (integral[y * (width + 1) + x + 1] ?? 0) + row;
    }
  }
  const means = new Float64Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const [top, bottom] = [Math.max(0, y - reach), Math.min(height, y + reach + 1)];
    for (let x = 0; x < width; x += 1) {
      const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
      const total =
        (integral[bottom * (width + 1) + right] ?? 0) -
        (integral[top * (width + 1) + right] ?? 0) -
        (integral[bottom * (width + 1) + left] ?? 0) +
        (integral[top * (width + 1) + left] ?? 0);
      means[y * width + x] = total / ((bottom - top) * (right - left));
    }
  }
  return means;
}
