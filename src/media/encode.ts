import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ffmpeg from 'fluent-ffmpeg';
import { Failure } from '../failure.ts';
import type { Overlay } from './draw-label.ts';
import { encoderArguments, firstAttempt, nextAttempt } from './compression.ts';
import type { Attempt, ClipShape, LaidOverlay } from './compression.ts';
import { encodeBounds, runFluent } from './process.ts';
import type { RunLimits } from './process.ts';

/** Lays something over the finished picture, once its size is known. It is kept as a file in the folder of the encode. */
export type DrawOverlay = (width: number, height: number) => Promise<Overlay>;

/** Frames as the engine writes them, with a sound beside; or a finished MP4 that has to get smaller. */
export type VideoSource =
  | {
      readonly kind: 'raw';
      readonly path: string;
      readonly pixelFormat: 'rgb24';
      readonly sound: { readonly path: string; readonly demuxer: 'flac' | 'wav' } | null;
      /** a watermark as `markFrame` makes it, of the clip's size */
      readonly mark?: string;
      readonly overlay?: DrawOverlay;
    }
  | { readonly kind: 'mp4'; readonly path: string }
  | {
      /** a list of segments as {@link FrameSink} writes them, in the form of ffmpeg's demuxer `concat` */
      readonly kind: 'segments';
      readonly path: string;
      readonly sound: { readonly path: string; readonly demuxer: 'flac' | 'wav' } | null;
      readonly mark?: string;
      readonly overlay?: DrawOverlay;
    };

export interface EncodedVideo {
  readonly path: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** length of the video */
  readonly seconds: number;
  /** smaller in width and height than asked for, to fit */
  readonly downscaled: boolean;
  /** every way that was tried; the last one made the file */
  readonly attempts: readonly Attempt[];
}

const maximumAttempts = 12;

/**
 * Encodes a clip as H.264 (high, yuv420p, bt709) and AAC in an MP4 of at most `limitBytes`, exactly `frames / fps` long, as
 * good as fits: constant quality if possible, else two passes to the size, else a smaller picture.
 *
 * @param target where the file goes; it appears whole
 * @param onProgress hears how much of the present attempt is done, 0…1; the next attempt begins anew
 * @throws Failure `video_does_not_fit` (context: kilobytes) when nothing worth watching fits; MediaProcessError
 */
export async function encodeVideo(
  source: VideoSource,
  clip: ClipShape,
  target: string,
  limitBytes: number,
  limits: RunLimits,
  onProgress?: (share: number) => void,
): Promise<EncodedVideo> {
  const partial = join(limits.scratch, 'encoding.mp4');
  const attempts: Attempt[] = [];
  let attempt: Attempt | null = firstAttempt(clip);
  try {
    while (attempt !== null && attempts.length < maximumAttempts) {
      attempts.push(attempt);
      const bytes = await encodeOnce(source, clip, attempt, partial, limits, onProgress);
      if (bytes <= limitBytes) {
        await rename(partial, target);
        const { width, height } = attempt.size;
        const downscaled = width !== clip.width || height !== clip.height;
        return { path: target, bytes, width, height, seconds: clip.frames / clip.fps, downscaled, attempts };
      }
      attempt = nextAttempt(clip, limitBytes, attempt, bytes);
    }
  } finally {
    await rm(partial, { force: true });
  }
  throw new Failure('too_large', 'video_does_not_fit', { kilobytes: Math.floor(limitBytes / 1024) });
}

async function encodeOnce(
  source: VideoSource,
  clip: ClipShape,
  attempt: Attempt,
  target: string,
  limits: RunLimits,
  onProgress?: (share: number) => void,
): Promise<number> {
  // Relative to the scratch folder: fluent-ffmpeg would split an option that is a path with a space in it.
  const passLog = 'passes';
  const laid = await overlaid(source, attempt, limits.scratch);
  const passes = attempt.kind === 'quality' ? ([0] as const) : ([1, 2] as const);
  for (const pass of passes) {
    const { inputs, output } = encoderArguments(source, clip, attempt, pass, passLog, laid);
    const command = ffmpeg();
    for (const input of inputs) command.input(resolve(input.path)).inputOptions([...input.options]);
    // Apart, not as a list: of a list, fluent-ffmpeg would split what holds a space.
    command.outputOptions(...output).output(pass === 1 ? '/dev/null' : resolve(target));
    const before = pass === 2 ? 1 : 0;
    const onFrames = (frames: number) =>
      onProgress?.((before + Math.min(frames / clip.frames, 1)) / passes.length);
    await runFluent(command, { ...limits, ...(onProgress === undefined ? {} : { onFrames }) }, encodeBounds);
  }
  return (await stat(target)).size;
}

async function overlaid(
  source: VideoSource,
  { size: { width, height } }: Attempt,
  scratch: string,
): Promise<LaidOverlay | null> {
  if (source.kind === 'mp4' || source.overlay === undefined) return null;
  const { rgba, ...place } = await source.overlay(width, height);
  const path = join(scratch, 'overlay.rgba');
  await writeFile(path, rgba);
  return { path, ...place };
}
