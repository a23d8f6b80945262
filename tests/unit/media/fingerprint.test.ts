import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insideOf, isSame, pictureHashes, picturesToFind } from '../../../src/media/fingerprint.ts';

const [width, height] = [160, 120];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-fingerprint-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Discs of all sizes and shades, other ones for each number. */
function drawn(number: number): Sharp {
  const discs = Array.from({ length: 14 }, (_, at) => {
    const turn = (factor: number) => (Math.sin((number * 31 + at + 1) * factor) + 1) / 2;
    return {
      x: turn(12.9) * width,
      y: turn(78.2) * height,
      reach: 8 + turn(37.7) * 30,
      shade: turn(4.1) * 255,
    };
  });
  const pixels = Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const last = discs.findLast((disc) => Math.hypot(x - disc.x, y - disc.y) < disc.reach);
    return last?.shade ?? 40 + (x * 160) / width;
  });
  return sharp(pixels, { raw: { width, height, channels: 1 } });
}

async function file(name: string, picture: Sharp): Promise<string> {
  const path = join(folder, `${name}.png`);
  await picture.png().toFile(path);
  return path;
}

async function isKnown(given: string, blocked: string): Promise<boolean> {
  const [asked, known] = [await pictureHashes(given), await picturesToFind(blocked)];
  return asked.some((one) => known.some((other) => isSame(one, other)));
}

const framed: Readonly<Record<string, (picture: Sharp) => Promise<Buffer>>> = {
  'a black frame': (picture) => picture.extend({ top: 12, bottom: 12, left: 16, right: 16 }).png().toBuffer(),
  'white bars, as JPEG': (picture) =>
    picture.extend({ top: 30, bottom: 14, background: '#ffffff' }).jpeg({ quality: 50 }).toBuffer(),
  'a frame, and mirrored': async (picture) =>
    sharp(await picture.extend({ left: 20, right: 9, background: '#808080' }).png().toBuffer())
      .flop()
      .png()
      .toBuffer(),
};

test.each(Object.entries(framed))('a picture is known again in %s', async (name, edit) => {
  const plain = await file(`plain ${name}`, drawn(1));
  const edited = await file(name, sharp(await edit(drawn(1))));
  expect(await isKnown(edited, plain)).toBe(true);
  // As well where the one in the frame was blocked, and the plain one is brought.
  expect(await isKnown(plain, edited)).toBe(true);
  expect(await isKnown(edited, await file(`other ${name}`, drawn(2)))).toBe(false);
});

test('before a plain wall nobody stands in a frame', () => {
  const head = (at: number) => Math.hypot((at % width) - 80, Math.floor(at / width) - 70) < 45;
  const data = Uint8Array.from({ length: width * height }, (_, at) => (head(at) ? 60 : 230));
  expect(insideOf({ data, width, height, channels: 1 })).toBeNull();
  expect(insideOf({ data: data.fill(7), width, height, channels: 1 })).toBeNull();
});

/** A drawn head and shoulders, as one maker of such faces draws all of them. */
function face(hair: string, shirt: string): Sharp {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120"><rect width="160" height="120" fill="#fff"/>
    <ellipse cx="80" cy="48" rx="34" ry="38" fill="${hair}"/><ellipse cx="80" cy="56" rx="25" ry="30" fill="#e5b48b"/>
    <circle cx="70" cy="50" r="4" fill="#222"/><circle cx="90" cy="50" r="4" fill="#222"/><ellipse cx="80" cy="130" rx="50" ry="35" fill="${shirt}"/></svg>`;
  return sharp(Buffer.from(drawing)).removeAlpha();
}

test('drawn faces with the same outlines are told apart by their colours, and known again without them', async () => {
  // The shades of grey are the same for both.
  const [pink, green] = [
    await file('pink', face('#e66ea5', '#cc2b2b')),
    await file('green', face('#5fa05f', '#2b5fcc')),
  ];
  expect(await isKnown(green, pink)).toBe(false);
  const edits: readonly Sharp[] = [
    face('#e66ea5', '#cc2b2b').jpeg({ quality: 30 }),
    face('#e66ea5', '#cc2b2b').flop(),
    face('#e66ea5', '#cc2b2b').linear(1.2, 0),
    face('#e66ea5', '#cc2b2b').modulate({ saturation: 1.5 }),
    face('#e66ea5', '#cc2b2b').linear(0.6, 0),
    face('#e66ea5', '#cc2b2b').greyscale(),
  ];
  for (const [at, edit] of edits.entries())
    expect(await isKnown(await file(`edit ${at}`, sharp(await edit.toBuffer())), pink), `${at}`).toBe(true);
  // Stored by an earlier version, without colours: then the outlines alone count.
  const bare = (await picturesToFind(pink)).map((print) => print.slice(0, 64));
  for (const one of [pink, green]) {
    const asked = await pictureHashes(one);
    expect(asked.some((print) => bare.some((other) => isSame(print, other)))).toBe(true);
  }
});
