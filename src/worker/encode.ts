import { markFrame } from '../marking/embed.ts';
import { drawLabel } from '../media/draw-label.ts';
import { encodeVideo } from '../media/encode.ts';
import type { VideoSource } from '../media/encode.ts';
import { sniffFile } from '../media/sniff.ts';
import { Failure } from '../failure.ts';
import type { EncodeInput, EncodedVideo } from './process-generation.ts';

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
