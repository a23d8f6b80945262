import type { Picture } from './dct-blocks.ts';

/** Lobes of the window: with two or by straight lines, waves lose a tenth of their amplitude. */
const lobes = 3;

/** A picture in another size, by Lanczos's window (Duchon, "Lanczos filtering in one and two dimensions", 1979). */
export function resample(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const turned = turn(stretch(picture, width));
  return turn(stretch(turned, height));
}

/** In another width. */
function stretch({ width: from, height, values }: Picture, width: number): Picture {
  const step = from / width;
  const reach = lobes * Math.max(1, step);
  const out = new Float64Array(width * height);
  for (let x = 0; x < width; x += 1) {
    const middle = (x + 0.5) * step - 0.5;
    const [first, last] = [Math.ceil(middle - reach), Math.floor(middle + reach)];
    const shares = Float64Array.from({ length: last - first + 1 }, (_, index) =>
      lanczos((first + index - middle) / Math.max(1, step)),
    );
    const total = shares.reduce((sum, share) => sum + share, 0);
    for (let y = 0; y < height; y += 1) {
      let sum = 0;
      for (const [index, share] of shares.entries())
        sum += share * (values[y * from + Math.max(0, Math.min(from - 1, first + index))] ?? 0);
      out[y * width + x] = sum / total;
    }
  }
  return { width, height, values: out };
}

/** Columns become rows. */
function turn({ width, height, values }: Picture): Picture {
  const out = new Float64Array(values.length);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) out[x * height + y] = values[y * width + x] ?? 0;
  return { width: height, height: width, values: out };
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= lobes) return 0;
  const angle = Math.PI * x;
  return (lobes * Math.sin(angle) * Math.sin(angle / lobes)) / angle ** 2;
}
