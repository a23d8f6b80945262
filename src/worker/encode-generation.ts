import { markFrame } from '../marking/embed.ts';
import { drawLabel } from '../media/draw-label.ts';
import { encodeVideo } from '../media/encode.ts';
import type { EncodedVideo as MediaEncodedVideo, VideoSource } from '../media/encode.ts';
import { sniffFile } from '../media/sniff.ts';
import { Failure } from '../failure.ts';
import type { Label } from '../marking/label.ts';
import type { EngineDone } from './engine-protocol.ts';

/** Raw frames in a file, or segments of a long video, by their list. */
export type EncoderFrames = Omit<EngineDone['frames'], 'path' | 'pixelFormat'> & {
  readonly path: string;
  readonly form: 'rgb24' | 'segments';
};

export interface EncodeInput {
  readonly frames: EncoderFrames;
  /** a sound file, exactly as long as the window; null makes a silent video */
  readonly soundtrack: string | null;
  readonly output: string;
  readonly limitBytes: number;
  /** what the video's watermark says */
  readonly mark: bigint;
  /** what stands in a corner of it; null: nothing, by choice of the deployment's owners */
  readonly label: Label | null;
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** hears how much is done, 0…1; a smaller number begins anew, to fit */
  readonly onProgress?: (share: number) => void;
}
/** What the worker keeps of an encode. */
export type EncodedVideo = Omit<MediaEncodedVideo, 'attempts'>;

/** A two-pass encode of half a minute takes seconds; what takes minutes hangs. Longer videos have more time. */
const encodeTimeout = 10 * 60_000;
const usualSeconds = 30;

type RawSource = Extract<VideoSource, { kind: 'raw' }>;

/**
 * The engine's raw frames and the window's sound as one MP4 of at most `limitBytes`.
 *
 * @throws Failure as the encoder; the signal's reason when aborted
 */
export async function encodeGeneration(input: EncodeInput): Promise<EncodedVideo> {
  const { frames, soundtrack } = input;
  const { path, form } = frames;
  const sound = soundtrack === null ? null : { path: soundtrack, demuxer: await soundForm(soundtrack) };
  const { width, height } = frames;
  const { label } = input;
  const drawn: Pick<RawSource, 'mark' | 'overlay'> = {
    mark: (wide, high, shown) => markFrame(input.mark, wide, high, shown),
    ...(label === null ? {} : { overlay: (wide: number, high: number) => drawLabel(label, wide, high) }),
  };
  const longer = Math.max(1, frames.count / frames.fps / usualSeconds);
  return encodeVideo(
    form === 'segments'
      ? { kind: 'segments', path, sound, ...drawn }
      : { kind: 'raw', path, pixelFormat: form, sound, ...drawn },
    {
      width,
      height,
      frames: frames.count,
      fps: frames.fps,
      hasAudio: soundtrack !== null,
    },
    input.output,
    input.limitBytes,
    { scratch: input.scratch, timeoutMilliseconds: encodeTimeout * longer, signal: input.signal },
    input.onProgress,
  );
}

async function soundForm(path: string): Promise<'flac' | 'wav'> {
  const form = await sniffFile(path);
  if (form !== 'flac' && form !== 'wav') {
    throw new Failure('invalid_input', 'internal', { soundtrack: form ?? 'unknown' });
  }
  return form;
}
