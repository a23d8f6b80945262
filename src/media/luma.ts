import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inputGuards, runMediaProgram } from './process.ts';
import type { RunLimits } from './process.ts';
import { sniffFile } from './sniff.ts';

/** Frames that are looked at, and how many of a second: a watermark is in all of them. */
export const mostFrames = 16;
export const framesPerSecond = 3;
/** A larger picture is made smaller first: nothing that this program makes is larger. */
const longestSide = 1280;

export interface LumaFrames {
  /** a byte a pixel, whole frames one after the other */
  readonly luma: Buffer;
  readonly width: number;
  readonly height: number;
}

/**
 * Some frames of a video, in shades of grey and in their own size.
 *
 * @param path a file whose form is told by its content
 * @returns null when it is nothing that has frames
 * @throws MediaProcessError when it cannot be read
 */
export async function readLuma(path: string, limits: RunLimits): Promise<LumaFrames | null> {
  const form = await sniffFile(path);
  if (form === null || !videoForms.has(form)) return null;
  const target = join(limits.scratch, 'luma.y4m');
  const bound = `scale='min(iw,${longestSide})':'min(ih,${longestSide})':force_original_aspect_ratio=decrease`;
  try {
    await runMediaProgram(
      'ffmpeg',
      [
        ...['-hide_banner', '-v', 'error', '-y', '-max_pixels', '36000000', ...inputGuards(form), '-i', path],
        ...['-map', '0:v:0', '-an', '-vf', `fps=${framesPerSecond},${bound},format=gray`],
        ...['-frames:v', String(mostFrames), '-f', 'yuv4mpegpipe', '-strict', '-1', target],
      ],
      limits,
    );
    return parseLuma(await readFile(target));
  } finally {
    await rm(target, { force: true });
  }
}

/** Forms that may hold a video, named as ffmpeg's demuxers. */
const videoForms: ReadonlySet<string> = new Set(['mov', 'matroska', 'avi', 'flv', 'mpegts', 'mpeg', 'asf']);

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
