import { stat } from 'node:fs/promises';
import sharp from 'sharp';
import { Failure } from '../failure.ts';
import { isImageForm, sniffFile } from './sniff.ts';

/** What one image may be at most. */
export const imageLimits = { bytes: 20 * 1024 * 1024, pixels: 40_000_000 } as const;
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
 * @throws Failure `image_unreadable`, `image_heic`, `image_not_image`, `image_too_many_pixels` or `image_too_large`
 */
export async function normaliseImage(
  source: string,
  target: string,
  number: number,
): Promise<NormalisedImage> {
  const { size } = await stat(source);
  if (size > imageLimits.bytes) {
    throw new Failure('too_large', 'image_too_large', { number, megabytes: imageLimits.bytes / 1024 / 1024 });
  }
  const form = await sniffFile(source);
  if (form === null || !isImageForm(form))
    throw new Failure('unsupported_media', 'image_not_image', { number });
  // iPhone photos: their compression is patented, so the library cannot open them. Discord's own app sends JPEG.
  if (form === 'heic') throw new Failure('unsupported_media', 'image_heic', { number });
  try {
    const input = { failOn: 'error', limitInputPixels: false, pages: 1, sequentialRead: true } as const;
    const { width, height } = await sharp(source, input).metadata();
    // From the header, before anything is decoded: a small file can claim to be enormous.
    if (width * height > imageLimits.pixels) {
      throw new Failure('too_large', 'image_too_many_pixels', {
        number,
        megapixels: imageLimits.pixels / 1_000_000,
      });
    }
    return await sharp(source, { ...input, limitInputPixels: imageLimits.pixels })
      .timeout({ seconds: timeoutSeconds })
      .autoOrient()
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .png({ compressionLevel: 3 })
      .toFile(target);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('unsupported_media', 'image_unreadable', { number }, { cause: error });
  }
}
