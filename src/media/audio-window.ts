import { Failure } from '../failure.ts';

export interface WindowRequest {
  /** of the person's file */
  readonly durationSeconds: number;
  readonly startSeconds: number;
  /** of the person's file; its end without */
  readonly endSeconds?: number | null | undefined;
  readonly minimumFrames: number;
  readonly maximumFrames: number;
  readonly fps: number;
}

export interface AudioWindow {
  readonly startSeconds: number;
  /** where the used sound ends; the video may end up to three frames later, in silence */
  readonly endSeconds: number;
  /** 4k + 1 */
  readonly frames: number;
}

/**
 * Which seconds of a sound a video uses: from the start to the end, as many frames as that lasts, rounded up to 4k + 1 so that
 * the last word is not cut, within the limits.
 *
 * @throws Failure `audio_start_beyond_end` (context: seconds), `audio_end_before_start` (context: seconds, the start) or `audio_too_short` (context: seconds)
 */
export function planAudioWindow(request: WindowRequest): AudioWindow {
  const { minimumFrames, maximumFrames, fps } = request;
  const durationSeconds = Math.min(request.durationSeconds, request.endSeconds ?? Infinity);
  // Whole milliseconds: what a person can read in a form and give back.
  const startSeconds = Math.round(request.startSeconds * 1000) / 1000;
  if (durationSeconds < request.durationSeconds && durationSeconds <= startSeconds) {
    throw new Failure('invalid_input', 'audio_end_before_start', { seconds: rounded(startSeconds) });
  }
  // Of a sound of less than a millisecond nobody has missed the end.
  if (startSeconds > 0 && startSeconds >= durationSeconds) {
    throw new Failure('invalid_input', 'audio_start_beyond_end', { seconds: rounded(durationSeconds) });
  }
  const available = durationSeconds - startSeconds;
  // Half a millisecond of tolerance: a decoder's idea of a length is not exact.
  if (available + 0.0005 < minimumFrames / fps) {
    throw new Failure('invalid_input', 'audio_too_short', { seconds: rounded(minimumFrames / fps) });
  }
  const wanted = Math.ceil(available * fps - 0.0125);
  const whole = Math.ceil((wanted - 1) / 4) * 4 + 1;
  const frames = Math.min(Math.max(whole, minimumFrames), maximumFrames);
  return { startSeconds, endSeconds: Math.min(startSeconds + frames / fps, durationSeconds), frames };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
