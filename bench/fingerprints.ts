/**
 * `npm run bench -- fingerprints`: which edits of a picture are recognised, and how many of other pictures are taken for it. 200 drawn people
 * in front of something; every fifth pair of neighbours differs in the person alone. FINGERPRINT_PICTURES names a folder with pictures of your
 * own to count with instead.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import {
  difference,
  isSame,
  mostDifferent,
  pictureHashes,
  picturesToFind,
} from '../src/media/fingerprint.ts';

const own = process.env['FINGERPRINT_PICTURES'];
const files = own === undefined ? [] : (await readdir(own)).toSorted().map((name) => join(own, name));
const count = own === undefined ? Number(process.env['FINGERPRINT_COUNT'] ?? 200) : files.length;
const [width, height] = [640, 480];

/** Mulberry32: the same pictures each time. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Colour = readonly [number, number, number];
interface Blob {
  readonly x: number;
  readonly y: number;
  readonly wide: number;
  readonly high: number;
  readonly colour: Colour;
}

function picture(number: number): Sharp {
  const file = files[number];
  if (file === undefined) return drawn(number);
  return sharp(file)
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .resize(width, height, { fit: 'cover' });
}

function drawn(number: number): Sharp {
  const place = randoms(1000 + Math.floor(number / 5) * 5 + (number % 5 === 1 ? 0 : number % 5));
  const person = randoms(7 + number);
  const colour = (random: () => number): Colour => [random() * 255, random() * 255, random() * 255];
  const [sky, ground] = [colour(place), colour(place)];
  const horizon = 0.3 + 0.5 * place();
  const blobs: Blob[] = Array.from({ length: 12 }, () => ({
    ...{ x: place() * width, y: place() * height, wide: 10 + place() * 110, high: 10 + place() * 110 },
    colour: colour(place),
  }));
  const [x, y, size] = [
    width * (0.25 + 0.5 * person()),
    height * (0.35 + 0.2 * person()),
    70 + 70 * person(),
  ];
  const at = (right: number, down: number, wide: number, high: number, shade: Colour): Blob => ({
    ...{ x: x + right * size, y: y + down * size, wide: wide * size, high: high * size, colour: shade },
  });
  const [hair, skin, dark] = [
    colour(person),
    [150 + 90 * person(), 120 + 80 * person(), 90 + 80 * person()] as const,
    [20, 20, 30] as const,
  ];
  blobs.push(
    at(0, 2.2, 1.5, 1.2, colour(person)),
    at(0, -0.15, 0.95, 1.1 + 0.6 * person(), hair),
    at(0, 0, 0.75, 0.95, skin),
  );
  for (const left of [-0.3, 0.3])
    blobs.push(at(left, -0.15, 0.14, 0.12, [250, 250, 250]), at(left, -0.15, 0.07, 0.07, dark));
  blobs.push(at(0, 0.45, 0.3, 0.05 + 0.2 * person(), [160, 60, 60]));
  const pixels = Buffer.alloc(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const noise = (person() - 0.5) * 12;
      let shown = row < horizon * height ? sky : ground;
      for (const one of blobs)
        if (((column - one.x) / one.wide) ** 2 + ((row - one.y) / one.high) ** 2 < 1) shown = one.colour;
      for (const [channel, value] of shown.entries())
        pixels[(row * width + column) * 3 + channel] = Math.max(0, Math.min(255, value + noise));
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

const off = (share: number, right: number, down: number) => (image: Sharp) =>
  image.extract({
    left: Math.round(width * share * right),
    top: Math.round(height * share * down),
    width: Math.round(width * (1 - share)),
    height: Math.round(height * (1 - share)),
  });
/** White letters on black, as wide as the picture. */
const words = await sharp(join(import.meta.dirname, '..', 'src', 'media', 'label', 'en-made_with_ai.png'))
  .resize(width, height / 8, { fit: 'contain', background: '#000000' })
  .toColourspace('srgb')
  .png()
  .toBuffer();

const edits: readonly (readonly [string, (image: Sharp) => Sharp])[] = [
  ['JPEG, quality 30', (image) => image.jpeg({ quality: 30 })],
  ['WebP, quality 30', (image) => image.webp({ quality: 30 })],
  ['a quarter of the width', (image) => image.resize({ width: width / 4 })],
  ['twice the width', (image) => image.resize({ width: width * 2 })],
  ['stretched by a tenth', (image) => image.resize(Math.round(width * 1.1), height, { fit: 'fill' })],
  ['brighter by a quarter', (image) => image.linear(1.25, 0)],
  ['darker by a quarter', (image) => image.linear(0.75, 0)],
  ['more contrast', (image) => image.linear(1.3, -38)],
  ['half as much colour again', (image) => image.modulate({ saturation: 1.5 })],
  ['warmer', (image) => image.linear([1.08, 1, 0.92], [0, 0, 0])],
  ['without colour', (image) => image.greyscale()],
  ['blurred', (image) => image.blur(3)],
  ['mirrored', (image) => image.flop()],
  ['5 % cut off, all around', off(0.05, 0.5, 0.5)],
  ['5 % cut off, at two sides', off(0.05, 0, 1)],
  ['10 % cut off, all around', off(0.1, 0.5, 0.5)],
  ['10 % cut off, at two sides', off(0.1, 1, 0)],
  ['mirrored and 5 % cut off', (image) => off(0.05, 0.5, 0.5)(image).flop()],
  ['20 % cut off, all around', off(0.2, 0.5, 0.5)],
  ['turned by 2 degrees', (image) => image.rotate(2, { background: '#808080' })],
  ['a frame of 10 % around it', (image) => image.extend({ top: 48, bottom: 48, left: 64, right: 64 })],
  [
    'white bars above and below, as JPEG of quality 60',
    (image) => image.extend({ top: 90, bottom: 60, background: '#ffffff' }).jpeg({ quality: 60 }),
  ],
  ['words laid over an eighth of it', (image) => image.composite([{ input: words, gravity: 'south' }])],
];

const folder = await mkdtemp(join(tmpdir(), 'humo-fingerprints-'));
try {
  const path = (name: string) => join(folder, `${name}.png`);
  const known: string[][] = [];
  const whole: string[][] = [];
  for (let number = 0; number < count; number += 1) {
    await picture(number)
      .png({ compressionLevel: 1 })
      .toFile(path(String(number)));
    known.push(await picturesToFind(path(String(number))));
    whole.push(await pictureHashes(path(String(number))));
  }
  /** Bits that differ where it is taken for the same; one more than may differ at least, where colours tell them apart. */
  const nearest = (asked: readonly string[], blocked: readonly string[]) =>
    Math.min(
      ...asked.flatMap((one) =>
        blocked.map((other) =>
          isSame(one, other) ? difference(one, other) : Math.max(difference(one, other), mostDifferent + 1),
        ),
      ),
    );
  const rows: Record<string, { found: number; median: number; most: number }> = {};
  for (const [name, edit] of edits) {
    const distances: number[] = [];
    for (let number = 0; number < count; number += 1) {
      const edited = await edit(sharp(path(String(number)))).toBuffer();
      await sharp(edited).png({ compressionLevel: 1 }).toFile(path('edited'));
      distances.push(nearest(await pictureHashes(path('edited')), known[number] ?? []));
    }
    distances.sort((one, other) => one - other);
    const found = distances.filter((distance) => distance <= mostDifferent).length;
    rows[name] = { found, median: distances[Math.floor(count / 2)] ?? 0, most: distances.at(-1) ?? 0 };
  }
  const others: number[] = [];
  const neighbours: number[] = [];
  for (let one = 0; one < count; one += 1)
    for (let other = 0; other < count; other += 1) {
      if (one === other) continue;
      const isNeighbour =
        own === undefined && Math.floor(one / 5) === Math.floor(other / 5) && one % 5 < 2 && other % 5 < 2;
      (isNeighbour ? neighbours : others).push(nearest(whole[one] ?? [], known[other] ?? []));
    }
  const within = (list: readonly number[]) => list.filter((distance) => distance <= mostDifferent).length;
  console.log(
    JSON.stringify({
      ...{ bench: 'fingerprints', pictures: count, mostDifferent, edits: rows },
      others: { pairs: others.length, taken: within(others), nearest: Math.min(...others) },
      ...(own === undefined
        ? {
            samePlace: {
              pairs: neighbours.length,
              taken: within(neighbours),
              nearest: Math.min(...neighbours),
            },
          }
        : {}),
    }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
