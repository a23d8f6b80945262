import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inputGuards, runMediaProgram } from './process.ts';
import type { RunLimits } from './process.ts';
import { sniffFile } from './sniff.ts';

/** Frames that are looked at, and how many of a second: a watermark is in all of them. */
export const mostFrames = 16;
export const framesPerSecond = 3;
/** Whole pictures among the same seconds that are looked at beside them. */
const mostKeyFrames = 4;
/** A larger picture is made smaller first: nothing that this program makes is larger. */
const longestSide = 1280;

export interface LumaFrames {
  /** a byte a pixel, whole frames one after the other */
  readonly luma: Buffer;
  readonly width: number;
  readonly height: number;
}

/** What is looked at of a video. */
export interface SeenFrames extends LumaFrames {
  /**
   * Frames that were coded whole, as `luma`; none where it begins with none. A codec moves what others show together with what moves in them, and with it
   * whatever was drawn at the same place in each.
   */
  readonly keys: Buffer;
}

/**
 * Some frames of a video, in shades of grey and in their own size.
 *
 * @param path a file whose form is told by its content
 * @returns null when it is nothing that has frames
 * @throws MediaProcessError when it cannot be read
 */
export async function readLuma(path: string, limits: RunLimits): Promise<SeenFrames | null> {
  const form = await sniffFile(path);
  if (form === null || !videoForms.has(form)) return null;
  const target = join(limits.scratch, 'luma.y4m');
  const keyTarget = join(limits.scratch, 'luma-keys.y4m');
  const bound = `scale='min(iw,${longestSide})':'min(ih,${longestSide})':force_original_aspect_ratio=decrease`;
  const looked = `trim=duration=${mostFrames / framesPerSecond}`;
  const output = (pick: string, most: number, file: string) => [
    ...['-map', '0:v:0', '-an', '-vf', `${pick},${bound},format=gray`, '-r', String(framesPerSecond)],
    ...['-frames:v', String(most), '-f', 'yuv4mpegpipe', '-strict', '-1', file],
  ];
  try {
    await runMediaProgram(
      'ffmpeg',
      [
        ...['-hide_banner', '-v', 'error', '-y', '-max_pixels', '36000000', ...inputGuards(form), '-i', path],
        ...output(`fps=${framesPerSecond}`, mostFrames, target),
        // One after the other, so that none is shown twice to fill the time between.
        ...output(
          `${looked},select='eq(pict_type,I)',setpts=N/${framesPerSecond}/TB`,
          mostKeyFrames,
          keyTarget,
        ),
      ],
      limits,
    );
    const frames = parseLuma(await readFile(target));
    const keys = parseLuma(await readFile(keyTarget));
    return frames === null ? null : { ...frames, keys: keys?.luma ?? Buffer.alloc(0) };
  } finally {
    await rm(target, { force: true });
    await rm(keyTarget, { force: true });
  }
}

/** Forms that may hold a video, named as ffmpeg's demuxers. Of a GIF that somebody made of one, most of the mark is left. */
const videoForms: ReadonlySet<string> = new Set([
  ...['mov', 'matroska', 'avi', 'flv', 'mpegts', 'mpeg', 'asf', 'gif'],
]);

/** YUV4MPEG2 in shades of grey: a line of text, then for each frame another one and its pixels. */
export function parseLuma(file: Buffer): LumaFrames | null {
  const head = file.subarray(0, file.indexOf(0x0a)).toString('latin1');
  const [width, height] = ['W', 'H'].map((key) => Number(new RegExp(` ${key}(\\d+)`).exec(head)?.[1] ?? 0));
  if (width === undefined || height === undefined || width * height === 0) return null;
  const frames: Buffer[] = [];
  for (let at = head.length + 1; at < file.length;) {
    const start = file.indexOf(0x0a, at) + 1;
    if (start === 0 || start + width * height > file.length) break;
    frames.push(file.subarray(start, start + width * height));
    at = start + width * height;
  }
  return frames.length === 0 ? null : { luma: Buffer.concat(frames), width, height };
}
