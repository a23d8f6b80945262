import { copyFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as othersHadTheirTurn } from 'node:timers/promises';
import sharp from 'sharp';
import { Failure } from '../failure.ts';
import { DiskFull, isDiskFull } from '../full-disk.ts';
import { boxesIn } from './mp4-boxes.ts';
import { codePointsOf } from './code-points.ts';
import type { CodePoints } from './code-points.ts';
import { needsConversion, srgbConverter } from './colour.ts';
import { readStart } from './file-start.ts';
import { firstFrame } from './gif-frame.ts';
import type { GifFrame } from './gif-frame.ts';
import { wholeScans } from './jpeg-scans.ts';
import { withMediaMemory } from './memory.ts';
import { completedInterlaced, completedRows, withEarlyExif } from './png-rows.ts';
import { isImageForm, sniffFile } from './sniff.ts';
import type { ImageForm } from './sniff.ts';
import { mebibyte } from '../units.ts';

/** What one image may be at most. */
export const imageLimits = { bytes: 20 * mebibyte, pixels: 40_000_000, side: 16_384 } as const;
/** What a decoder and the way to a PNG take for each pixel, with room: a progressive JPEG is held whole. */
const bytesPerPixel = 12;
/** An AVIF is held several times over, in twice as many bytes where it is deep: measured 18 and 24, without opacity. */
const bytesPerPixelOfAvif = { shallow: 20, deep: 30 } as const;
/** What the pixels of one image may take. */
const mostBytes = 512 * mebibyte;
const bytesBeside = 64 * mebibyte;
/** Below this shorter side a face has too few pixels to be recognised. */
export const tinyImageSide = 256;
const timeoutSeconds = 20;

// Only these decoders exist for us. Above all SVG and PDF, which can name other files, have none.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadPngFile',
    'VipsForeignLoadJpegFile',
    'VipsForeignLoadWebpFile',
    'VipsForeignLoadNsgifFile',
    'VipsForeignLoadHeifFile',
  ],
});
// One thread an image: several people's images are read at a time, and the bot has to keep answering.
sharp.concurrency(1);
sharp.cache(false);

export interface NormalisedImage {
  /** pixels, upright */
  readonly width: number;
  readonly height: number;
}

/**
 * Makes an upright PNG in sRGB of the first frame of an image, on white where it is transparent.
 *
 * @param number which of the person's images it is, for what they are told
 * @throws Failure `file_empty`, `image_unreadable`, `image_heic`, `image_animated_avif`, `image_cut_off`, `image_not_image`, `image_too_many_pixels`,
 *   `image_too_long` or `image_too_large`; DiskFull
 */
export async function normaliseImage(
  source: string,
  target: string,
  number: number,
): Promise<NormalisedImage> {
  const { size } = await stat(source);
  if (size === 0) throw new Failure('invalid_input', 'file_empty', { number });
  if (size > imageLimits.bytes) {
    throw new Failure('too_large', 'image_too_large', { number, megabytes: imageLimits.bytes / 1024 / 1024 });
  }
  const form = await sniffFile(source);
  if (form === null || !isImageForm(form))
    throw new Failure('unsupported_media', 'image_not_image', { number });
  // iPhone photos: their compression is patented, so the library cannot open them. Discord's own app sends JPEG.
  if (form === 'heic') throw new Failure('unsupported_media', 'image_heic', { number });
  const mended = `${target}.mended`;
  try {
    const isMended =
      form === 'webp'
        ? await isCutOff(source, mended)
        : form === 'png' && (await hasLateExif(source, mended));
    const shown = isMended ? mended : source;
    const { width, height, isDeep } = await sizeOf(shown);
    const each = form === 'avif' ? bytesPerPixelOfAvif[isDeep ? 'deep' : 'shallow'] : bytesPerPixel;
    const mostPixels = Math.min(imageLimits.pixels, Math.floor(mostBytes / each / 1_000_000) * 1_000_000);
    // From the header, before anything is decoded: a small file can claim to be enormous.
    if (width * height > mostPixels) {
      throw new Failure('too_large', 'image_too_many_pixels', { number, megapixels: mostPixels / 1_000_000 });
    }
    // Rows are what is worked on at a time: one of millions of pixels takes more than a large picture.
    if (Math.max(width, height) > imageLimits.side) {
      throw new Failure('too_large', 'image_too_long', { number, pixels: imageLimits.side });
    }
    return await withMediaMemory(bytesBeside + width * height * each, () => decoded(shown, target, form));
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (isDiskFull(error)) throw new DiskFull(dirname(target), error);
    if (form === 'avif' && (await isSequence(source))) {
      throw new Failure('unsupported_media', 'image_animated_avif', { number }, { cause: error });
    }
    if (await endsEarly(source, form)) {
      throw new Failure('unsupported_media', 'image_cut_off', { number }, { cause: error });
    }
    throw new Failure('unsupported_media', 'image_unreadable', { number }, { cause: error });
  } finally {
    await rm(mended, { force: true });
  }
}

const input = { failOn: 'error', limitInputPixels: false, pages: 1, sequentialRead: true } as const;

async function sizeOf(source: string): Promise<NormalisedImage & { readonly isDeep: boolean }> {
  // A file that was cut off has a size as well.
  const told = await sharp(source, { ...input, failOn: 'none' }).metadata();
  return { width: told.width, height: told.height, isDeep: (told.bitsPerSample ?? 8) > 8 };
}

async function decoded(source: string, target: string, form: ImageForm): Promise<NormalisedImage> {
  const points = await codePointsOf(source, form);
  if (points !== null && needsConversion(points)) return convertedToPng(source, target, form, points);
  try {
    return await toPng(source, target, 'error');
  } catch (error) {
    // The decoder of AVIF gives nothing of a file that is not whole, and would take as much memory once more.
    if (isDiskFull(error) || form === 'avif') throw error;
    const mended = `${target}.scans`;
    try {
      if (form === 'jpeg') await writeFile(mended, wholeScans(await readFile(source)));
      return await toPngOfCut(form === 'jpeg' ? mended : source, target, form);
    } catch (second) {
      throw isDiskFull(second) ? second : error;
    } finally {
      await rm(mended, { force: true });
    }
  }
}

/** Of a picture whose end is missing, what must be there: less than that is not what the person wanted to send. */
const leastShare = 0.75;

/** A file that was cut off is shown as viewers do, with nothing in the place of what is missing. @throws when that is a large part */
async function toPngOfCut(source: string, target: string, form: ImageForm): Promise<NormalisedImage> {
  const { width, height } = await sizeOf(source);
  if (form === 'png') return pngOfRows(source, target, { width, height });
  if (form === 'gif') return pngOfFrame(source, target);
  const [top, bottom] = [leastShare - 0.03, leastShare].map((share) => Math.floor(height * share));
  const band = { left: 0, top: top ?? 0, width, height: Math.max(1, (bottom ?? 0) - (top ?? 0)) };
  // As it lies in the file: turned upright, its end may be at any side.
  const { data, info } = await sharp(source, {
    ...input,
    failOn: 'none',
    limitInputPixels: imageLimits.pixels,
  })
    .timeout({ seconds: timeoutSeconds })
    .extract(band)
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  // What a decoder shows in the place of what it has not got: no coefficients are grey, no pixels are 0.
  const nothing = form === 'jpeg' ? 128 : 0;
  if (data.every((value, at) => value === (at % info.channels === 3 ? data[3] : nothing))) {
    throw new RangeError('a large part is missing');
  }
  return toPng(source, target, 'none');
}

/** The rows of a PNG that are there, and black in the place of the others. */
async function pngOfRows(
  source: string,
  target: string,
  { width, height }: NormalisedImage,
): Promise<NormalisedImage> {
  const file = await readFile(source);
  const interlaced = await completedInterlaced(file);
  if (interlaced !== null) return pngOfPasses(interlaced, target, width);
  const completed = await completedRows(file);
  if (completed === null || completed.rows < height * leastShare) {
    throw new RangeError('a large part is missing');
  }
  const { png, rows } = completed;
  // Into files: nothing is ever read out of memory.
  const [filled, whole] = [`${target}.filled`, `${target}.rows`];
  try {
    await writeFile(filled, png);
    const cut = sharp(filled, { ...input, limitInputPixels: imageLimits.pixels });
    await cut
      .timeout({ seconds: timeoutSeconds })
      .extract({ left: 0, top: 0, width, height: rows })
      .extend({ bottom: height - rows, background: 'black' })
      .keepMetadata()
      .png({ compressionLevel: 1 })
      .toFile(whole);
    return await toPng(whole, target, 'error');
  } finally {
    await Promise.all([filled, whole].map((path) => rm(path, { force: true })));
  }
}

/** An interlaced PNG whose last pass ends early. */
async function pngOfPasses(
  { png, firstMissing }: { readonly png: Buffer; readonly firstMissing: number },
  target: string,
  width: number,
): Promise<NormalisedImage> {
  // Into a file: nothing is ever read out of memory.
  const whole = `${target}.passes`;
  try {
    await writeFile(whole, png);
    return await withRowsTwice(whole, target, { left: 0, top: 0, width, height: Infinity }, firstMissing);
  } finally {
    await rm(whole, { force: true });
  }
}

/** The first picture of a GIF that was cut off: what comes behind it does not matter, and white is in the place of what is missing. */
async function pngOfFrame(source: string, target: string): Promise<NormalisedImage> {
  const frame = await firstFrame(await readFile(source));
  if (frame === null) throw new RangeError('a large part is missing');
  const { width, height, there, isInterlaced } = frame;
  const rows = Math.floor(there / width);
  if (rows >= height) return toPng(source, target, 'none');
  // Its rows come in four passes; those of the last are every second one.
  const earlier = Math.ceil(height / 2);
  if (rows < (isInterlaced ? earlier : height * leastShare)) throw new RangeError('a large part is missing');
  if (!isInterlaced) return toPng(source, target, 'none');
  return withRowsTwice(source, target, frame, 2 * (rows - earlier) + 1);
}

/**
 * Where every second row is missing, from one of them on, the row above stands twice, as browsers show it.
 *
 * @param place of the rows in the picture
 */
async function withRowsTwice(
  source: string,
  target: string,
  place: Pick<GifFrame, 'left' | 'top' | 'width' | 'height'>,
  firstMissing: number,
): Promise<NormalisedImage> {
  const picture = sharp(source, { ...input, failOn: 'none', limitInputPixels: imageLimits.pixels });
  const { orientation = 1 } = await picture.metadata();
  const { data, info } = await picture
    .timeout({ seconds: timeoutSeconds })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const row = width * channels;
  const from = place.left * channels;
  const to = Math.min(place.left + place.width, width) * channels;
  const bottom = Math.min(place.top + place.height, height);
  for (let at = place.top + firstMissing; at < bottom; at += 2) {
    data.copyWithin(at * row + from, (at - 1) * row + from, (at - 1) * row + to);
  }
  const whole = `${target}.rows`;
  try {
    const upright = sharp(data, { raw: { width, height, channels } }).withExif({
      IFD0: { Orientation: String(orientation) },
    });
    await upright.png({ compressionLevel: 1 }).toFile(whole);
    return await toPng(whole, target, 'error');
  } finally {
    await rm(whole, { force: true });
  }
}

/**
 * WebP says how long it is, and its decoder takes nothing shorter; zeros in the place of what is missing are as good as nothing.
 *
 * @param mended where such a file, filled up, goes
 */
async function isCutOff(source: string, mended: string): Promise<boolean> {
  const stated = (await readStart(source, 8)).readUInt32LE(4) + 8;
  const { size } = await stat(source);
  if (stated <= size || size < stated * leastShare || stated > imageLimits.bytes) return false;
  await copyFile(source, mended);
  await truncate(mended, stated);
  return true;
}

/** @param mended where a PNG goes whose orientation stood behind its picture */
async function hasLateExif(source: string, mended: string): Promise<boolean> {
  const file = withEarlyExif(await readFile(source));
  if (file !== null) await writeFile(mended, file);
  return file !== null;
}

async function toPng(source: string, target: string, failOn: 'error' | 'none'): Promise<NormalisedImage> {
  const picture = sharp(source, { ...input, failOn, limitInputPixels: imageLimits.pixels });
  const { depth } = await picture.metadata();
  // Of a deep picture with a profile the library makes Display P3, and does not say so.
  if (depth === 'ushort') picture.pipelineColourspace('srgb');
  return picture
    .timeout({ seconds: timeoutSeconds })
    .autoOrient()
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .png({ compressionLevel: 3 })
    .toFile(target);
}

/** A picture that is converted here is held whole, twice; more pixels than the engine ever looks at are left out. */
const convertedSide = 2560;
const pixelsInATurn = 128 * 1024;

/** As {@link toPng}, for pictures whose colours the library takes for something else. */
async function convertedToPng(
  source: string,
  target: string,
  form: ImageForm,
  points: CodePoints,
): Promise<NormalisedImage> {
  const picture = sharp(source, { ...input, ignoreIcc: true, limitInputPixels: imageLimits.pixels });
  const { depth, bitsPerSample = 8 } = await picture.metadata();
  const isDeep = depth === 'ushort';
  const { data, info } = await picture
    .timeout({ seconds: timeoutSeconds })
    .autoOrient()
    .resize({ width: convertedSide, height: convertedSide, fit: 'inside', withoutEnlargement: true })
    .toColourspace(isDeep ? 'rgb16' : 'srgb')
    .raw({ depth: isDeep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  // Of 10 and 12 bits in 16, the library leaves the lowest empty in AVIF.
  const largest = !isDeep ? 255 : form === 'avif' ? 65_536 - 2 ** (16 - bitsPerSample) : 65_535;
  const samples = isDeep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  const converter = srgbConverter(points, channels, largest);
  const converted = new Uint8Array(width * height * 3);
  // The bot has to keep answering meanwhile.
  for (const isMeasured of [true, false]) {
    for (let at = 0; at < width * height; at += pixelsInATurn) {
      const some = samples.subarray(at * channels, (at + pixelsInATurn) * channels);
      if (isMeasured) converter.measure(some);
      else converter.convert(some, converted.subarray(at * 3, (at + pixelsInATurn) * 3));
      await othersHadTheirTurn();
    }
  }
  return sharp(converted, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toFile(target);
}

/** How the forms end that have an end of their own: markers of JPEG, the last chunk of PNG. */
const ends: Partial<Record<ImageForm, Buffer>> = {
  jpeg: Buffer.from([0xff, 0xd9]),
  png: Buffer.from('IEND', 'latin1'),
};
/** What programs write behind an image, at most, for it still to end there. */
const behind = 64;

/** Whether a file is shorter than it says that it is, or has no end. */
async function endsEarly(path: string, form: ImageForm): Promise<boolean> {
  const { size } = await stat(path);
  if (form === 'webp') return (await readStart(path, 8)).readUInt32LE(4) + 8 > size;
  const file = await readFile(path);
  if (form === 'gif') return (await firstFrame(file))?.isCutOff ?? true;
  const end = ends[form];
  if (end !== undefined) return !file.subarray(-behind).includes(end);
  if (form !== 'avif') return false;
  // Whole boxes up to the end, or the last one goes beyond it.
  const whole = boxesIn(file).reduce((sum, { data }) => sum + data.length + 8, 0);
  return whole < file.length && file.length - whole > 8;
}

/** An AVIF whose major brand says that it is a sequence, which the library opens only if there is a picture beside it. */
async function isSequence(path: string): Promise<boolean> {
  return (await readStart(path, 12)).toString('latin1', 8, 12) === 'avis';
}
