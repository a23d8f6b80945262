import { encodeVideo } from '../media/encode.ts';
import { sniffFile } from '../media/sniff.ts';
import { Failure } from '../failure.ts';
import type { EncodeInput, EncodedVideo } from './process-generation.ts';

/** A two-pass encode of the longest clip takes seconds; what takes minutes hangs. */
const encodeTimeout = 10 * 60_000;

/**
 * The engine's raw frames and the window's sound as one MP4 of at most `limitBytes`.
 *
 * @throws Failure as the encoder; the signal's reason when aborted
 */
export async function encodeGeneration(input: EncodeInput): Promise<EncodedVideo> {
  const { frames, soundtrack } = input;
  return encodeVideo(
    {
      kind: 'raw',
      path: frames.path,
      pixelFormat: frames.pixelFormat,
      sound: soundtrack === null ? null : { path: soundtrack, demuxer: await soundForm(soundtrack) },
    },
    {
      width: frames.width,
      height: frames.height,
      frames: frames.count,
      fps: frames.fps,
      hasAudio: soundtrack !== null,
    },
    input.output,
    input.limitBytes,
    { scratch: input.scratch, timeoutMilliseconds: encodeTimeout, signal: input.signal },
  );
}

async function soundForm(path: string): Promise<'flac' | 'wav'> {
  const form = await sniffFile(path);
  if (form !== 'flac' && form !== 'wav') {
    throw new Failure('invalid_input', 'internal', { soundtrack: form ?? 'unknown' });
  }
  return form;
}
