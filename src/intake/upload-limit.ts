import { mebibyte } from '../units.ts';

/** What every account may upload. https://discord.com/developers/docs/reference#uploading-files */
export const defaultUploadLimit = 10 * mebibyte;

/** No clip of a few seconds gets better beyond this; it would only load slowly. */
const largestVideo = 100 * mebibyte;

/** Of a video that is fetched from here: nobody has to upload it anywhere, and a clip hardly gets better beyond this. */
export const fetchedVideoBytes = 25 * mebibyte;

/** Left for the other parts of the upload and for what Discord counts differently. */
const overhead = 64 * 1024;

/**
 * The largest video to make for an interaction.
 *
 * @param attachmentSizeLimit bytes, as the interaction states it; raised by boosts and subscriptions
 */
export function videoLimitBytes(attachmentSizeLimit: number): number {
  return Math.max(overhead, Math.min(attachmentSizeLimit, largestVideo) - overhead);
}
