import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { normaliseImage } from '../../../src/media/image.ts';

const run = promisify(execFile);
// The tests make and look at pictures in memory; the product reads files only, which this does not change.
sharp.unblock({ operation: ['VipsForeignLoadPngBuffer'] });
let scratch: string;
let given: string;
let out: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'humo-image-'));
  given = join(scratch, 'given.txt'); // the name says nothing
  out = join(scratch, 'out.png');
});
afterAll(() => rm(scratch, { recursive: true }));

/** Left half red, right half blue. */
async function redAndBlue(width = 80, height = 40): Promise<Sharp> {
  const half = { width: width / 2, height, channels: 3 as const };
  const blue = await sharp({ create: { ...half, background: 'blue' } })
    .png()
    .toBuffer();
  const red = { create: { width, height, channels: 3 as const, background: 'red' } };
  return sharp(
    await sharp(red)
      .composite([{ input: blue, left: width / 2, top: 0 }])
      .png()
      .toBuffer(),
  );
}

async function pixel(path: string, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(await readFile(path))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * info.channels;
  return [...data.subarray(at, at + info.channels)];
}

test.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)(
  '%s becomes a PNG of the same picture',
  async (format) => {
    await writeFile(given, await (await redAndBlue()).toFormat(format, { quality: 95 }).toBuffer());
    expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 80, height: 40 });
    expect((await readFile(out)).subarray(1, 4).toString()).toBe('PNG');
    const [red = 0, , blue = 0] = await pixel(out, 10, 20);
    expect(red - blue).toBeGreaterThan(150);
    const [redRight = 0, , blueRight = 0] = await pixel(out, 70, 20);
    expect(blueRight - redRight).toBeGreaterThan(150);
  },
);

test.each([
  [3, 80, 40, [70, 20]],
  [6, 40, 80, [20, 10]],
  [8, 40, 80, [20, 70]],
])('a JPEG with orientation %i comes out upright', async (orientation, width, height, [x = 0, y = 0]) => {
  await writeFile(
    given,
    await (await redAndBlue()).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer(),
  );
  expect(await normaliseImage(given, out, 1)).toMatchObject({ width, height });
  const [red = 0, , blue = 0] = await pixel(out, x, y);
  expect(red - blue).toBeGreaterThan(150);
  expect((await sharp(await readFile(out)).metadata()).exif).toBeUndefined();
});

test('a PNG whose orientation stands behind its picture comes out upright', async () => {
  const png = await (await redAndBlue()).withMetadata({ orientation: 6 }).png().toBuffer();
  const at = png.indexOf('eXIf') - 4;
  const exif = png.subarray(at, at + 12 + png.readUInt32BE(at));
  const end = png.length - 12;
  expect(at).toBeLessThan(png.indexOf('IDAT'));
  await writeFile(
    given,
    Buffer.concat([png.subarray(0, at), png.subarray(at + exif.length, end), exif, png.subarray(end)]),
  );
  expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 40, height: 80 });
});

test('the first frame of an animated GIF and WebP is taken, and transparency becomes white', async () => {
  const frame = async (background: string) =>
    sharp({ create: { width: 32, height: 32, channels: 4, background } })
      .png()
      .toBuffer();
  for (const format of ['gif', 'webp'] as const) {
    const frames = [await frame('#00000000'), await frame('blue')];
    await writeFile(
      given,
      await sharp(frames, { join: { animated: true } })
        .toFormat(format)
        .toBuffer(),
    );
    expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 32, height: 32 });
    expect(await pixel(out, 5, 5)).toEqual([255, 255, 255]);
  }
});

test('a 16-bit PNG and a CMYK JPEG become 8-bit sRGB', async () => {
  for (const picture of [
    (await redAndBlue()).toColourspace('rgb16').png(),
    (await redAndBlue()).toColourspace('cmyk').jpeg(),
  ]) {
    await writeFile(given, await picture.toBuffer());
    await normaliseImage(given, out, 1);
    expect(await sharp(await readFile(out)).metadata()).toMatchObject({
      space: 'srgb',
      depth: 'uchar',
      channels: 3,
    });
  }
});

test.each(['png', 'avif'] as const)('a deep %s with a profile keeps its colours', async (format) => {
  const colour = { r: 200, g: 60, b: 90 };
  await sharp({ create: { width: 16, height: 16, channels: 3, background: colour } })
    .toColourspace('rgb16')
    .withIccProfile('p3')
    .toFormat(format, format === 'avif' ? { bitdepth: 10, quality: 90 } : {})
    .toFile(given);
  expect(await sharp(given).metadata()).toMatchObject({ depth: 'ushort', hasProfile: true });
  await normaliseImage(given, out, 1);
  const [red = 0, green = 0, blue = 0] = await pixel(out, 8, 8);
  const far = Math.max(Math.abs(red - 200), Math.abs(green - 60), Math.abs(blue - 90));
  expect(far).toBeLessThanOrEqual(4);
});

test('a small file that claims 60,000 × 60,000 pixels is refused from its header', async () => {
  const header = Buffer.alloc(25);
  header.write('IHDR', 0, 'latin1');
  header.writeUInt32BE(60_000, 4);
  header.writeUInt32BE(60_000, 8);
  header.set([8, 2, 0, 0, 0], 12);
  const chunk = header.subarray(0, 17);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(chunk));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = Buffer.from([0, 0, 0, 0, 0x49, 0x44, 0x41, 0x54]);
  await writeFile(given, Buffer.concat([signature, Buffer.from([0, 0, 0, 13]), chunk, checksum, data]));
  await expect(normaliseImage(given, out, 2)).rejects.toMatchObject({
    identifier: 'image_too_many_pixels',
    context: { number: 2, megapixels: 40 },
  });
});

test('a file above 20 MiB, a cut one, and one that is no image are refused for what they are', async () => {
  const whole = await (await redAndBlue(800, 400)).jpeg().toBuffer();
  await writeFile(given, whole.subarray(0, whole.length / 2));
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_cut_off' });
  await writeFile(given, whole);
  await truncate(given, 20 * 1024 * 1024 + 1);
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_too_large' });
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine', '-t', '1', '-f', 'wav', given]);
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_not_image' });
  await writeFile(given, '%PDF-1.4\n');
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_not_image' });
  const ftyp = Buffer.from('\0\0\0\u0018ftypheic\0\0\0\0mif1heic', 'latin1');
  await writeFile(given, ftyp);
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_heic' });
});

test('a JPEG without its last two bytes is taken; a row of forty million pixels, an empty file and an animated AVIF are not', async () => {
  const whole = await (await redAndBlue(800, 400)).jpeg().toBuffer();
  await writeFile(given, whole.subarray(0, -2));
  expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 800, height: 400 });
  // And one that breaks off in the head of its last scan.
  const scans = await (await redAndBlue(800, 400)).jpeg({ progressive: true }).toBuffer();
  await writeFile(given, scans.subarray(0, scans.lastIndexOf(Buffer.from([0xff, 0xda])) + 6));
  expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 800, height: 400 });
  await sharp({ create: { width: 20_000, height: 1, channels: 3, background: 'red' } })
    .png()
    .toFile(given);
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_too_long' });
  await writeFile(given, '');
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'file_empty' });
  await writeFile(given, Buffer.from('\0\0\0\u0018ftypavis\0\0\0\0avisavif', 'latin1'));
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_animated_avif' });
});

test('high dynamic range comes out as it is meant: PQ and HLG in AVIF and PNG, with and without opacity', async () => {
  // 200, 120, 90 of sRGB, as light of BT.2020 with white at 203 cd/m², coded by PQ (10 bits) and HLG (16 bits)
  const pq = [506, 438, 381];
  const asPng = async (code: readonly number[], transfer: number, opacity?: number) => {
    const channels = opacity === undefined ? 3 : 4;
    const one = [...code, ...(opacity === undefined ? [] : [opacity])];
    const pixels = Uint16Array.from({ length: 64 * channels }, (_, at) => one[at % channels] ?? 0);
    const raw = { width: 8, height: 8, channels } as const;
    const png = await sharp(pixels, { raw }).toColourspace('rgb16').png().toBuffer();
    const chunk = Buffer.from([...Buffer.from('cICP'), 9, transfer, 0, 1]);
    const [length, checksum] = [Buffer.from([0, 0, 0, 4]), Buffer.alloc(4)];
    checksum.writeUInt32BE(crc32(chunk));
    return Buffer.concat([png.subarray(0, 33), length, chunk, checksum, png.subarray(33)]);
  };
  const comesOutAs = async (wanted: readonly number[], near: number) => {
    await normaliseImage(given, out, 1);
    const found = await pixel(out, 4, 4);
    for (const [at, value] of wanted.entries())
      expect(Math.abs((found[at] ?? 0) - value)).toBeLessThanOrEqual(near);
  };
  const deep = (code: number) => Math.round((code / 1023) * 65_535);
  await writeFile(given, await asPng(pq.map(deep), 16));
  await comesOutAs([200, 120, 90], 2);
  await writeFile(given, await asPng(pq.map(deep), 16, 0));
  await comesOutAs([255, 255, 255], 0);
  await writeFile(given, await asPng([deep(767), deep(767), deep(767)], 18));
  await comesOutAs([255, 255, 255], 2);
  const [red, green, blue] = pq.map((code) => code * 64);
  const source = `color=s=64x64:d=1,format=gbrp16le,geq=r=${red}:g=${green}:b=${blue}`;
  const told = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];
  const film = ['-vf', 'scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le', '-frames:v', '1'];
  const encoder = ['-c:v', 'libaom-av1', '-cpu-used', '8', '-crf', '4', '-still-picture', '1', '-f', 'avif'];
  await run('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    source,
    ...film,
    ...told,
    ...encoder,
    given,
  ]);
  await comesOutAs([200, 120, 90], 4);
});

test.each(['jpeg', 'png', 'gif', 'webp'] as const)(
  'a %s whose end is missing is shown as far as it goes; one of which half is missing is refused',
  async (format) => {
    const flat = await sharp({ create: { width: 200, height: 200, channels: 3, background: 'teal' } })
      .toFormat(format)
      .toBuffer();
    await writeFile(given, flat.subarray(0, -2));
    expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 200, height: 200 });
    const grain = {
      create: { width: 200, height: 200, channels: 3, noise: { type: 'gaussian', mean: 128, sigma: 60 } },
    } as const;
    const whole = await sharp({ create: { ...grain.create, background: 'red' } })
      .toFormat(format)
      .toBuffer();
    await writeFile(given, whole.subarray(0, Math.floor(whole.length * 0.9)));
    expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 200, height: 200 });
    const [first, second] = [await pixel(out, 20, 100), await pixel(out, 21, 120)];
    expect(first).not.toEqual(second);
    await writeFile(given, whole.subarray(0, Math.floor(whole.length * 0.5)));
    await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_cut_off' });
  },
);

test('of a PNG that was cut off only rows that are there are shown', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const whole = await sharp({
    create: { width: 1200, height: 900, channels: 3, noise, background: 'red' },
  })
    .png()
    .toBuffer();
  await writeFile(given, whole.subarray(0, Math.floor(whole.length * 0.5)));
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_cut_off' });
  const rows = async (top: number) =>
    new Set(await sharp(out).extract({ left: 0, top, width: 1200, height: 80 }).raw().toBuffer()).size;
  // Programs that make files small write all of it into one chunk, which is then not whole.
  const first = whole.indexOf('IDAT') - 4;
  const pieces: Buffer[] = [];
  for (
    let at = first;
    whole.toString('latin1', at + 4, at + 8) === 'IDAT';
    at += 12 + whole.readUInt32BE(at)
  ) {
    pieces.push(whole.subarray(at + 8, at + 8 + whole.readUInt32BE(at)));
  }
  const all = Buffer.concat([Buffer.alloc(4), Buffer.from('IDAT'), ...pieces]);
  all.writeUInt32BE(all.length - 8, 0);
  for (const file of [whole, Buffer.concat([whole.subarray(0, first), all])]) {
    await writeFile(given, file.subarray(0, Math.floor(whole.length * 0.9)));
    expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 1200, height: 900 });
    expect(await rows(820)).toBe(1);
    expect(await rows(720)).toBeGreaterThan(100);
  }
});

test('an interlaced PNG that was cut off or damaged in its last pass is shown, with rows twice where they are missing', async () => {
  const noise = Buffer.from(
    Array.from({ length: 99 * 61 * 3 }, (_, at) => Math.sin(at * 12.9898) * 43_758_545),
  );
  const picture = sharp(noise, { raw: { width: 99, height: 61, channels: 3 } });
  const whole = await picture.png({ progressive: true }).toBuffer();
  const isAsBefore = async (y: number, from = y) => {
    const at = (from * 99 + 7) * 3;
    expect(await pixel(out, 7, y)).toEqual([...noise.subarray(at, at + 3)]);
  };
  await writeFile(given, whole.subarray(0, Math.floor(whole.length * 0.75)));
  expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 99, height: 61 });
  await isAsBefore(1);
  await isAsBefore(60);
  await isAsBefore(59, 58);
  const damaged = Buffer.from(whole);
  damaged.fill(0, whole.length - 1000, whole.length - 900);
  await writeFile(given, damaged);
  expect(await normaliseImage(given, out, 1)).toMatchObject({ width: 99, height: 61 });
  await isAsBefore(1);
  await writeFile(given, whole.subarray(0, Math.floor(whole.length * 0.4)));
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_cut_off' });
});

test('an interlaced GIF that was cut off is shown with rows twice in its last pass, and refused before that', async () => {
  // No two rows are alike, and none is white.
  const [width, height] = [64, 64];
  const pixels = Buffer.from(
    Array.from({ length: width * height }, (_, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      return [(x * 37 + y * 11) % 200, y * 3, (x * y) % 200];
    }).flat(),
  );
  const drawn = sharp(pixels, { raw: { width, height, channels: 3 } });
  const rowsOf = async (file: Buffer) => {
    await writeFile(given, file);
    await normaliseImage(given, out, 1);
    const data = await sharp(await readFile(out))
      .raw()
      .toBuffer();
    return Array.from({ length: height }, (_, row) =>
      data.toString('hex', row * width * 3, (row + 1) * width * 3),
    );
  };
  const gif = await drawn.clone().gif({ progressive: true, dither: 0 }).toBuffer();
  const whole = await rowsOf(gif);
  const cut = await rowsOf(gif.subarray(0, Math.floor(gif.length * 0.85)));
  const wrong = cut.flatMap((row, at) => (row === whole[at] ? [] : [at]));
  expect(wrong.length).toBeGreaterThan(2);
  expect(wrong.every((at) => at % 2 === 1)).toBe(true);
  expect(wrong.map((at) => whole.indexOf(cut[at] ?? ''))).toEqual(wrong.map((at) => at - 1));
  await expect(rowsOf(gif.subarray(0, Math.floor(gif.length * 0.4)))).rejects.toMatchObject({
    identifier: 'image_cut_off',
  });
  // What comes behind the first picture is not looked at, nor whether something in it is transparent.
  const holes = drawn.clone().composite([
    {
      input: { create: { width, height: 8, channels: 4, background: '#fff' } },
      left: 0,
      top: 44,
      blend: 'dest-out',
    },
  ]);
  const frames = Buffer.concat([
    await holes.ensureAlpha().raw().toBuffer(),
    await drawn.clone().ensureAlpha().raw().toBuffer(),
  ]);
  const animated = await sharp(frames, {
    raw: { width, height: height * 2, channels: 4, pageHeight: height },
  })
    .gif()
    .toBuffer();
  expect(await rowsOf(animated.subarray(0, Math.floor(animated.length * 0.9)))).toEqual(
    await rowsOf(animated),
  );
});

test('an AVIF is told to be cut off, or to be a film', async () => {
  const whole = await (await redAndBlue()).avif().toBuffer();
  await writeFile(given, whole.subarray(0, Math.floor(whole.length * 0.9)));
  await expect(normaliseImage(given, out, 1)).rejects.toMatchObject({ identifier: 'image_cut_off' });
  await writeFile(given, Buffer.from(whole).fill(0xff, whole.length - 20));
  const damaged = await normaliseImage(given, out, 1).then(
    () => 'taken',
    (error: { identifier?: string }) => error.identifier,
  );
  expect(damaged).not.toBe('image_cut_off');
});
