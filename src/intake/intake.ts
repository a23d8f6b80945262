import type { Prints } from '../queue/moderation/blocked-inputs.ts';
import type { GenerationRequest } from '../queue/contract/generation.ts';

/** A file that a person gave: at an address, here already, or in the store since an earlier request. */
export type GivenFile = RemoteFile | ReceivedFile | StoredFile;

interface AboutFile {
  /** the option that it was given for, as the person sees it: an error names it */
  readonly option: string;
}

/** A file as the interaction names it. Nothing of it is believed but the address. */
export interface RemoteFile extends AboutFile {
  readonly url: string;
  /** bytes, as Discord states them: a first check before the download, which has its own */
  readonly size: number;
}

/** A file that has arrived already. Whoever received it removes it, once it has been taken. */
export interface ReceivedFile extends AboutFile {
  readonly path: string;
  readonly size: number;
}

/** A file of an earlier request that is to be read again, in another way. */
export interface StoredFile extends AboutFile {
  readonly stored: string;
  /** of a sound: how long it was counted. What was used whole is kept as the sound track, with silence up to the end of the last frame. */
  readonly seconds?: number | undefined;
}

/** The pictures of an earlier request as they are: artifact keys. */
export interface KeptImages {
  readonly kept: readonly string[];
}

/** The sound of an earlier request as it is. */
export interface KeptSound {
  readonly kept: TakenSound;
}

/** Words that a voice is to say. `voice` and `language` follow from the words where they are null. */
export interface GivenWords {
  readonly words: string;
  readonly voice: string | null;
  readonly language: string | null;
  /** BCP 47, of the person: for words that give no hint of their language */
  readonly locale: string;
}

export interface GivenFiles {
  readonly images: readonly GivenFile[] | KeptImages;
  readonly audio: GivenFile | KeptSound | GivenWords | null;
  /** seconds */
  readonly audioStart: number;
  /** seconds of the sound at which the video ends; its end, or what is allowed, without */
  readonly audioEnd?: number | null | undefined;
  /** of the video: from `audioStart` on, or of one without sound. What is usual, without */
  readonly seconds?: number | null | undefined;
}

export type TakenSound = Pick<
  GenerationRequest,
  'audio' | 'soundtrack' | 'originalAudio' | 'audioWindow' | 'frames' | 'speech'
>;

/** Something that could be better: a key of the catalogue's section `advice` with its values. */
export interface Advice {
  readonly identifier: string;
  readonly context: Readonly<Record<string, string | number>>;
}

export interface TakenFiles extends TakenSound, Pick<GenerationRequest, 'images'> {
  /** by what they are known again where they are not to be used; without words that a computer says */
  readonly prints: Prints;
  /** of each frame's sound, in decibels below full scale; empty without sound */
  readonly loudness: readonly number[];
  readonly advice: readonly Advice[];
}

/** What is heard in a sound. */
export interface HeardSound {
  readonly durationSeconds: number;
  /** the loudest moment of each of {@link peaksOfSound} equal parts, 0…1 */
  readonly peaks: readonly number[];
  readonly advice: readonly Advice[];
}

/** Enough to draw a sound as wide as a page. */
export const peaksOfSound = 200;

/** Reads a person's files: download, check by content, normalise, put in the store. What is kept is copied. */
export interface Intake {
  /**
   * @param generationId part of the artifacts' keys
   * @param mostSeconds of the video: a longer sound is used up to there
   * @throws Failure `video_too_long` where more was asked for in so many words; `invalid_input`, `unsupported_media` or `too_large` that says why, with the file's `option` in its context;
   *   `files_expired` when a file of an earlier request is gone
   */
  take(
    generationId: string,
    files: GivenFiles,
    signal: AbortSignal,
    mostSeconds: number,
  ): Promise<TakenFiles>;
  /**
   * Counts a sound, and says how loud it is from moment to moment. Nothing is kept.
   *
   * @throws Failure as `take` about a sound
   */
  listen(file: ReceivedFile, signal: AbortSignal): Promise<HeardSound>;
  /** Removes what `take` has stored, for a request that was not accepted. */
  discard(generationId: string): Promise<void>;
}
