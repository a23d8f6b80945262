import { readFile } from 'node:fs/promises';
import { encodeBounds, inputGuards, runMediaProgram } from './process.ts';
import type { RunLimits } from './process.ts';

/** The longer side of a still, in pixels: for lists, and small enough to be loaded by the dozen. */
const stillSide = 320;

/**
 * A small still of one of our own videos, as a JPEG of a few kilobytes.
 *
 * @param seconds of the video: taken from a third of it, where a face that begins to speak is in motion
 * @param target where it is written first
 * @throws MediaProcessError when the video cannot be read
 */
export async function stillOf(
  video: string,
  { seconds }: { readonly seconds: number },
  target: string,
  limits: RunLimits,
): Promise<Buffer> {
  const side = (name: string) => `'min(${stillSide},${name})'`;
  const scale = `scale=${side('iw')}:${side('ih')}:force_original_aspect_ratio=decrease:force_divisible_by=2`;
  await runMediaProgram(
    'ffmpeg',
    [
      ...['-v', 'error', '-y', ...inputGuards('mov'), '-ss', (seconds / 3).toFixed(3), '-i', video],
      ...[
        '-frames:v',
        '1',
        '-vf',
        scale,
        '-c:v',
        'mjpeg',
        '-q:v',
        '4',
        '-f',
        'image2',
        '-update',
        '1',
        target,
      ],
    ],
    limits,
    encodeBounds,
  );
  return readFile(target);
}
