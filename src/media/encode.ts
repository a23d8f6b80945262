import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ffmpeg from 'fluent-ffmpeg';
import { Failure } from '../failure.ts';
import type { Overlay } from './draw-label.ts';
import {
  encoderArguments,
  firstAttempt,
  greyArguments,
  nextAttempt,
  smallerAttempt,
} from './rate-control.ts';
import type { Attempt, ClipShape, Drawn, EncoderArguments, LaidOverlay, Size } from './rate-control.ts';
import { framesPerSecond, mostFrames, parseLuma } from './luma.ts';
import type { LumaFrames } from './luma.ts';
import { encodeBounds, MediaProcessError, runFluent } from './process.ts';
import type { RunLimits } from './process.ts';

/** Lays something over the finished picture, once its size is known. It is kept as a file in the folder of the encode. */
export type DrawOverlay = (width: number, height: number) => Promise<Overlay>;
/**
 * Makes the watermark of the finished picture, once its size is known: a frame of rgb24 of that size, as `markFrame` has it.
 *
 * @param frames the frames that `readLuma` would read of the video without it: for a mark that is made to fit them
 */
export type DrawMark = (width: number, height: number, frames: () => Promise<LumaFrames>) => Promise<Buffer>;

/** Frames as the engine writes them, with a sound beside; or a finished MP4 that has to get smaller. */
export type VideoSource =
  | {
      readonly kind: 'raw';
      readonly path: string;
      readonly pixelFormat: 'rgb24';
      readonly sound: { readonly path: string; readonly demuxer: 'flac' | 'wav' } | null;
      readonly mark?: DrawMark;
      readonly overlay?: DrawOverlay;
    }
  | {
      readonly kind: 'mp4';
      readonly path: string;
      /** where it has a watermark: that is drawn anew into a picture that becomes smaller, for which the one it has was not made */
      readonly mark?: DrawMark;
    }
  | {
      /** a list of segments as {@link FrameSink} writes them, in the form of ffmpeg's demuxer `concat` */
      readonly kind: 'segments';
      readonly path: string;
      readonly sound: { readonly path: string; readonly demuxer: 'flac' | 'wav' } | null;
      readonly mark?: DrawMark;
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
  shape: ClipShape,
  target: string,
  limitBytes: number,
  limits: RunLimits,
  onProgress?: (share: number) => void,
): Promise<EncodedVideo> {
  const partial = join(limits.scratch, 'encoding.mp4');
  const clip = { ...shape, isMarked: source.mark !== undefined };
  const attempts: Attempt[] = [];
  let drawn: { readonly size: Size; readonly files: Drawn } | null = null;
  let attempt: Attempt | null = firstAttempt(clip);
  try {
    while (attempt !== null && attempts.length < maximumAttempts) {
      attempts.push(attempt);
      const { size } = attempt;
      if (drawn === null || drawn.size.width !== size.width || drawn.size.height !== size.height)
        drawn = { size, files: await draw(source, clip, size, limits) };
      const bytes = await encodeOnce(source, clip, attempt, drawn.files, partial, limits, onProgress);
      if (bytes === null) {
        attempt = smallerAttempt(clip, attempt);
        continue;
      }
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

/** What x264 says of a bitrate below what a clip takes at least, of which the first pass alone knows how much that is. */
const refusedBitrate = 'requested bitrate is too low';

/** @returns bytes of the file; null where x264 refuses so low a bitrate */
async function encodeOnce(
  source: VideoSource,
  clip: ClipShape,
  attempt: Attempt,
  drawn: Drawn,
  target: string,
  limits: RunLimits,
  onProgress?: (share: number) => void,
): Promise<number | null> {
  // Relative to the scratch folder: fluent-ffmpeg would split an option that is a path with a space in it.
  const passLog = 'passes';
  const passes = attempt.kind === 'quality' ? ([0] as const) : ([1, 2] as const);
  for (const pass of passes) {
    const command = commandOf(
      encoderArguments(source, clip, attempt, pass, passLog, drawn),
      pass === 1 ? '/dev/null' : target,
    );
    const before = pass === 2 ? 1 : 0;
    const onFrames = (frames: number) =>
      onProgress?.((before + Math.min(frames / clip.frames, 1)) / passes.length);
    try {
      await runFluent(
        command,
        { ...limits, ...(onProgress === undefined ? {} : { onFrames }) },
        encodeBounds,
      );
    } catch (error) {
      if (error instanceof MediaProcessError && error.message.includes(refusedBitrate)) return null;
      throw error;
    }
  }
  return (await stat(target)).size;
}

function commandOf({ inputs, output }: EncoderArguments, target: string): ffmpeg.FfmpegCommand {
  const command = ffmpeg();
  for (const input of inputs) command.input(resolve(input.path)).inputOptions([...input.options]);
  // Apart, not as a list: of a list, fluent-ffmpeg would split what holds a space.
  return command.outputOptions(...output).output(resolve(target));
}

/** Makes what is drawn into frames of a size, as files in the scratch folder. */
export async function draw(
  source: VideoSource,
  clip: ClipShape,
  size: Size,
  limits: RunLimits,
): Promise<Drawn> {
  const { width, height } = size;
  const isAsItWas = width === clip.width && height === clip.height;
  if (source.kind === 'mp4' && isAsItWas) return { overlay: null, mark: null };
  let overlay: LaidOverlay | null = null;
  if (source.kind !== 'mp4' && source.overlay !== undefined) {
    const { rgba, ...place } = await source.overlay(width, height);
    overlay = { path: join(limits.scratch, 'overlay.rgba'), ...place };
    await writeFile(overlay.path, rgba);
  }
  if (source.mark === undefined) return { overlay, mark: null };
  const mark = join(limits.scratch, 'mark.rgb');
  await writeFile(
    mark,
    await source.mark(width, height, () => greyFrames(source, clip, size, overlay, limits)),
  );
  return { overlay, mark };
}

async function greyFrames(
  source: VideoSource,
  clip: ClipShape,
  size: Size,
  overlay: LaidOverlay | null,
  limits: RunLimits,
): Promise<LumaFrames> {
  const target = join(limits.scratch, 'grey.y4m');
  try {
    const pick = `fps=${framesPerSecond}`;
    const { inputs, output } = greyArguments(source, clip, size, overlay, pick);
    const command = commandOf({ inputs, output: [...output, '-frames:v', String(mostFrames)] }, target);
    await runFluent(command, { ...limits, onFrames: undefined }, encodeBounds);
    const frames = parseLuma(await readFile(target));
    if (frames === null) throw new Error('a clip without frames');
    return frames;
  } finally {
    await rm(target, { force: true });
  }
}
