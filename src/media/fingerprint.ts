import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import sharp from 'sharp';

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

/** How many bits of two hashes differ: 128 on average for two pictures that have nothing to do with each other. */
export function difference(one: string, other: string): number {
  let count = 0;
  for (let at = 0; at < one.length; at += 8) {
    let bits = Number.parseInt(one.slice(at, at + 8), 16) ^ Number.parseInt(other.slice(at, at + 8), 16);
    for (; bits !== 0; bits &= bits - 1) count += 1;
  }
  return count;
}

/** A picture as it is, and seen in a mirror. @param path of a picture as the intake makes it */
export async function pictureHashes(path: string): Promise<string[]> {
  const whole = await sharp(path).greyscale().resize(side, side, { fit: 'fill' }).raw().toBuffer();
  const mirrored = Buffer.alloc(whole.length);
  for (let at = 0; at < whole.length; at += 1) {
    const x = at % side;
    mirrored[at] = whole[at - x + (side - 1 - x)] ?? 0;
  }
  return [hashOf(whole), hashOf(mirrored)];
}

/** The picture and what is left of it when a little is cut off, in the middle or towards a corner: what a block looks for. */
export async function picturesToFind(path: string): Promise<string[]> {
  const { data, info } = await sharp(path)
    .greyscale()
    .resize({ width: workingSide, height: workingSide, fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const shades = () => sharp(data, { raw: { width, height, channels } });
  const parts = [{ left: 0, top: 0, width, height }];
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
  const hashes: string[] = [];
  for (const part of parts) {
    const luma = await shades()
      .extract(part)
      .resize(side, side, { fit: 'fill' })
      .greyscale()
      .raw()
      .toBuffer();
    hashes.push(hashOf(luma));
  }
  return hashes;
}

/** SHA-256 of a file: a sound is known again as the same file alone. */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
