import type { GenerateSettings } from '../config/generate.ts';
import { Failure } from '../failure.ts';
import { planAudioWindow } from '../media/audio-window.ts';
import { wholeFrames } from '../queue/contract/take.ts';

/** How long a video becomes, before anything is made: lengths in seconds, and the frames that follow from them. */

type Lengths = Pick<GenerateSettings, 'fps' | 'frames'>;

/** The frames of the longest video: as few of the form 4k + 1 as hold so many seconds. */
export function mostFrames(seconds: number, fps: number): number {
  return wholeFrames(Math.ceil(seconds * fps));
}

/** @throws Failure `video_too_long` where more was asked for than is allowed, in so many words */
export function requireAllowed(frames: number, mostSeconds: number, { fps }: Pick<Lengths, 'fps'>): void {
  if (frames > mostFrames(mostSeconds, fps)) {
    throw new Failure('invalid_input', 'video_too_long', { seconds: mostSeconds });
  }
}

/**
 * Of a video without sound.
 *
 * @param seconds null: as long as is usual, which everybody may have who may have anything
 * @throws Failure `video_too_long`
 */
export function framesWithoutSound(
  seconds: number | null,
  mostSeconds: number,
  { frames, fps }: Lengths,
): number {
  if (seconds === null) return frames.default;
  const wanted = Math.max(frames.minimum, wholeFrames(Math.round(seconds * fps)));
  requireAllowed(wanted, mostSeconds, { fps });
  return wanted;
}

/** Of words that nobody has said yet: with room, since the video is made as long as they turn out to be. */
export function framesForWords(
  words: string,
  seconds: number | null,
  mostSeconds: number,
  { frames, fps }: Lengths,
): number {
  const wanted = wholeFrames(Math.ceil((seconds ?? mostSecondsOf(words)) * fps));
  return Math.min(Math.max(wanted, frames.minimum), mostFrames(mostSeconds, fps));
}

/** What is used of a sound. */
export interface WantedWindow {
  readonly startSeconds: number;
  /** null: up to its end, or what is allowed */
  readonly endSeconds: number | null;
}

/** For {@link planAudioWindow}, whose bounds follow from the settings. */
export function windowBounds(mostSeconds: number, { frames, fps }: Lengths) {
  return { minimumFrames: frames.minimum, maximumFrames: mostFrames(mostSeconds, fps), fps };
}

/** The window of a sound whose length alone is known. @throws Failure as {@link planAudioWindow} */
export function windowOf(
  durationSeconds: number,
  wanted: WantedWindow,
  mostSeconds: number,
  settings: Lengths,
) {
  return planAudioWindow({ ...windowBounds(mostSeconds, settings), ...wanted, durationSeconds });
}

/** Of speech: rather more than it takes. Slow voices say ten letters in a second. */
function mostSecondsOf(words: string): number {
  let letters = 0;
  for (const sign of words) letters += lettersOf(sign);
  return 1 + letters / 10;
}

/** A digit is a word, and a sign of Japanese a syllable or two. */
function lettersOf(sign: string): number {
  if (/\p{Nd}/u.test(sign)) return 6;
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(sign) ? 2 : 1;
}
