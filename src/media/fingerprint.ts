import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import sharp from 'sharp';
import type { Sharp } from 'sharp';

/**
 * By what a picture is known again after small edits: 256 bits that say which of the coarsest waves in it are stronger than the median. The way
 * of PDQ (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019): 64 × 64 shades of grey, a cosine
 * transform, 16 × 16 coefficients without the first row and column, the median as the threshold. It is not bit for bit PDQ's: the
 * way to 64 × 64 is the library's. It says nothing about a face: somebody else in the same picture is the same to it, and the same person in another picture is not.
 */

const side = 64;
const waves = 16;
export const hashBits = waves * waves;

/** So many bits may differ between a picture and an edit of it; `docs/benchmarks.md` has the figures that it was chosen by. */
export const mostDifferent = 60;

/** Before anything is measured, a picture is this large at most: more is not seen in 16 waves. */
const workingSide = 512;
/** What is cut off at each side, of width or height, in the copies of a picture that are looked for as well. */
const cuts = [0.03, 0.06] as const;

/** A frame is of one shade, but for what a codec does to it, has sharp edges, and leaves at least a third of the picture in each direction. */
const frameTolerance = 12;
const frameSpeckles = 0.02;
const sharpEdge = 0.5;
const widestFrame = 0.33;

/** Of a drawn picture, most of what stands beside each other is alike. */
const plainShare = 0.7;
/** A picture's colours are those of so many fields in each direction, two bytes each. */
const colourFields = 4;
/**
 * So much stronger, or weaker, all colours may be; then a field's may differ by so much, or by this share of the strongest, since what is as bright as can be
 * gets no brighter. JPEG changes a field by less than 1, a tenth cut off mostly by 6.
 */
const mostFactor = 1.7;
const mostColour = 12;
const clippedShare = 0.5;
const noColour = 2;
const hashDigits = hashBits / 4;

interface Picture {
  readonly shades: Pixels;
  readonly colours: Pixels;
}
/** Of shades of grey, the first byte of each pixel is one. */
interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}
interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const cosines = Float64Array.from({ length: waves * side }, (_, at) => {
  const [wave, sample] = [Math.floor(at / side) + 1, at % side];
  return Math.cos((Math.PI / 2 / side) * wave * (2 * sample + 1));
});

/** @param luma 64 × 64 bytes @returns 64 hexadecimal digits */
export function hashOf(luma: Uint8Array): string {
  const rows = new Float64Array(waves * side);
  for (let wave = 0; wave < waves; wave += 1)
    for (let y = 0; y < side; y += 1)
      for (let x = 0; x < side; x += 1)
        rows[wave * side + y] =
          (rows[wave * side + y] ?? 0) + (cosines[wave * side + x] ?? 0) * (luma[y * side + x] ?? 0);
  const values = new Float64Array(hashBits);
  for (let down = 0; down < waves; down += 1)
    for (let across = 0; across < waves; across += 1)
      for (let y = 0; y < side; y += 1)
        values[down * waves + across] =
          (values[down * waves + across] ?? 0) +
          (cosines[down * side + y] ?? 0) * (rows[across * side + y] ?? 0);
  const sorted = values.toSorted();
  const median = ((sorted[hashBits / 2 - 1] ?? 0) + (sorted[hashBits / 2] ?? 0)) / 2;
  const bytes = Buffer.alloc(hashBits / 8);
  for (const [at, value] of values.entries())
    if (value > median) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
  return bytes.toString('hex');
}

/** How many bits of the hashes of two prints differ: 128 on average for two pictures that have nothing to do with each other. */
export function difference(one: string, other: string): number {
  let count = 0;
  for (let at = 0; at < hashDigits; at += 8) {
    let bits = Number.parseInt(one.slice(at, at + 8), 16) ^ Number.parseInt(other.slice(at, at + 8), 16);
    for (; bits !== 0; bits &= bits - 1) count += 1;
  }
  return count;
}

/**
 * Whether a picture that somebody brings is taken for one that is looked for. Drawn faces of one maker have the same outlines: where both say their
 * colours, these have to agree as well.
 *
 * @param given a print of the one that is brought, of {@link pictureHashes}
 * @param sought a print of the other, of {@link picturesToFind}
 */
export function isSame(given: string, sought: string): boolean {
  if (difference(given, sought) > mostDifferent) return false;
  const [one, other] = [coloursOf(given), coloursOf(sought)];
  if (one.length !== other.length) return true;
  // Brightness, contrast and saturation multiply all colours alike.
  const [both, own] = one.reduce(
    ([sum, squares], value, at) => [sum + value * (other[at] ?? 0), squares + (other[at] ?? 0) ** 2],
    [0, 0],
  );
  const factor = Math.min(mostFactor, Math.max(1 / mostFactor, both / own));
  // What is as bright as can be, brightness changes by less than its share.
  const most = Math.max(mostColour, clippedShare * Math.max(...other.map(Math.abs)));
  return one.every((value, at) => Math.abs(value - factor * (other[at] ?? 0)) <= most);
}

/** Of each field two differences of colour, 0 for none; nothing where a print has none. */
function coloursOf(print: string): number[] {
  return Array.from(Buffer.from(print.slice(hashDigits), 'hex'), (value) => value - 128);
}

/**
 * A picture as it is, and seen in a mirror; where it stands in a frame or between bars, also what stands in them.
 *
 * @param path of a picture as the intake makes it
 */
export async function pictureHashes(path: string): Promise<string[]> {
  const picture = await pictureOf(path);
  const prints: string[] = [];
  for (const part of withInside(picture.shades)) {
    const shades = await smallShades(picture, part);
    const colours = await coloursIn(picture, part);
    prints.push(`${hashOf(shades)}${coloursText(colours)}`);
    prints.push(`${hashOf(inMirror(shades, side, 1))}${coloursText(inMirror(colours, colourFields, 2))}`);
  }
  return prints;
}

/**
 * The picture and what is left of it when a little is cut off, in the middle or towards a corner; where it stands in a frame, also what stands in
 * that: what a block looks for.
 */
export async function picturesToFind(path: string): Promise<string[]> {
  const picture = await pictureOf(path);
  const { width, height } = picture.shades;
  const parts = withInside(picture.shades);
  for (const cut of cuts) {
    const [off, below] = [Math.floor(width * cut * 2), Math.floor(height * cut * 2)];
    for (const [right, down] of [
      [0.5, 0.5],
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const)
      parts.push({
        left: Math.round(off * right),
        top: Math.round(below * down),
        width: Math.max(1, width - off),
        height: Math.max(1, height - below),
      });
  }
  const prints: string[] = [];
  for (const part of parts) {
    const shades = await smallShades(picture, part);
    // A photograph says enough by its light and dark, and is known again in other colours.
    const colours = isPlain(shades) ? coloursText(await coloursIn(picture, part)) : '';
    prints.push(`${hashOf(shades)}${colours}`);
  }
  return prints;
}

async function pictureOf(path: string): Promise<Picture> {
  const pixels = async (image: Sharp): Promise<Pixels> => {
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  };
  const small = { width: workingSide, height: workingSide, fit: 'inside', withoutEnlargement: true } as const;
  const colours = await pixels(
    sharp(path).resize(small).flatten({ background: '#ffffff' }).toColourspace('srgb'),
  );
  const { data, width, height, channels } = colours;
  return { colours, shades: await pixels(sharp(data, { raw: { width, height, channels } }).greyscale()) };
}

function partOf({ data, width, height, channels }: Pixels, part: Part): Sharp {
  return sharp(data, { raw: { width, height, channels } }).extract(part);
}

/** @returns 64 × 64 bytes */
async function smallShades({ shades }: Picture, part: Part): Promise<Buffer> {
  return partOf(shades, part).resize(side, side, { fit: 'fill' }).greyscale().raw().toBuffer();
}

/** @returns of each of 4 × 4 fields the two differences of colour of BT.709, 128 for none */
async function coloursIn({ colours }: Picture, part: Part): Promise<Uint8Array> {
  const { data, info } = await partOf(colours, part)
    .resize(colourFields, colourFields, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Uint8Array.from({ length: colourFields ** 2 * 2 }, (_, at) => {
    const pixel = Math.floor(at / 2) * info.channels;
    const [red = 0, green = 0, blue = 0] = data.subarray(pixel, pixel + 3);
    return at % 2 === 0
      ? 128 - 0.1146 * red - 0.3854 * green + 0.5 * blue
      : 128 + 0.5 * red - 0.4542 * green - 0.0458 * blue;
  });
}

/** Nothing where there are none: a picture without colour says nothing of those that it had. */
function coloursText(colours: Uint8Array): string {
  return colours.every((value) => Math.abs(value - 128) <= noColour)
    ? ''
    : Buffer.from(colours).toString('hex');
}

/** Whether most of a picture is plain areas, as of something drawn. @param shades 64 × 64 bytes */
function isPlain(shades: Uint8Array): boolean {
  let plain = 0;
  for (let at = 0; at < shades.length; at += 1)
    if (at % side !== 0 && Math.abs((shades[at] ?? 0) - (shades[at - 1] ?? 0)) <= 2) plain += 1;
  return plain >= plainShare * side * (side - 1);
}

/** @param wide fields in a row @param each bytes of a field */
function inMirror(fields: Uint8Array, wide: number, each: number): Uint8Array {
  return Uint8Array.from(fields, (_, at) => {
    const field = Math.floor(at / each);
    const x = field % wide;
    return fields[(field - x + (wide - 1 - x)) * each + (at % each)] ?? 0;
  });
}

/** The whole picture, and what stands in its frame where it has one. */
function withInside(shades: Pixels): Part[] {
  const { width, height } = shades;
  const whole: Part = { left: 0, top: 0, width, height };
  const inside = insideOf(shades);
  return inside === null ? [whole] : [whole, inside];
}

/**
 * What stands in a frame of one shade, or between two bars; null where there is none. A frame ends at once along most of a side: before a plain
 * wall, where the shade ends at somebody's hair, nothing is one.
 */
export function insideOf({ data, width, height, channels }: Pixels): Part | null {
  const isRow = { top: true, bottom: true, left: false, right: false };
  const inwards = (from: keyof typeof isRow): number => {
    const [along, across] = isRow[from] ? [width, height] : [height, width];
    const shade = (depth: number, at: number): number => {
      const line = from === 'bottom' || from === 'right' ? across - 1 - depth : depth;
      return data[(isRow[from] ? line * width + at : at * width + line) * channels] ?? 0;
    };
    // A corner belongs to two sides of a frame, and the middle to none.
    const frame = shade(0, 0);
    const share = (depth: number): number => {
      let differing = 0;
      for (let at = 0; at < along; at += 1)
        if (Math.abs(shade(depth, at) - frame) > frameTolerance) differing += 1;
      return differing / along;
    };
    const most = Math.floor(across * widestFrame);
    let depth = 0;
    while (depth <= most && share(depth) <= frameSpeckles) depth += 1;
    if (depth === 0 || depth > most) return 0;
    // Its edge may be blurred by a pixel or two.
    return Math.max(share(depth + 1), share(depth + 2)) >= sharpEdge ? depth : 0;
  };
  const [top, bottom, left, right] = (['top', 'bottom', 'left', 'right'] as const).map(inwards);
  const [above, below, before, after] = [top ?? 0, bottom ?? 0, left ?? 0, right ?? 0];
  if (above + below + before + after === 0) return null;
  return { left: before, top: above, width: width - before - after, height: height - above - below };
}

/** SHA-256 of a file: a sound is known again as the same file alone. */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
