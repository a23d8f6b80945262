import type { GenerationRequest } from '../queue/contract.ts';

/** A file as the interaction names it. Nothing of it is believed but the address. */
export interface GivenFile {
  readonly url: string;
  /** the option that it was given for, as the person sees it: an error names it */
  readonly option: string;
  /** bytes, as Discord states them: a first check before the download, which has its own */
  readonly size: number;
}

/** A file that has arrived already. Whoever received it removes it, once it has been taken. */
export interface ReceivedFile {
  readonly path: string;
  readonly option: string;
  readonly size: number;
}

export interface GivenFiles {
  readonly images: readonly (GivenFile | ReceivedFile)[];
  readonly audio: GivenFile | ReceivedFile | null;
  /** seconds */
  readonly audioStart: number;
}

/** Something that could be better: a key of the catalogue's section `advice` with its values. */
export interface Advice {
  readonly identifier: string;
  readonly context: Readonly<Record<string, string | number>>;
}

export interface TakenFiles extends Pick<
  GenerationRequest,
  'images' | 'audio' | 'soundtrack' | 'audioWindow' | 'frames'
> {
  readonly advice: readonly Advice[];
}

/** Reads a person's files: download what is not there yet, check by content, normalise, put in the store. */
export interface Intake {
  /**
   * @param generationId part of the artifacts' keys
   * @throws Failure `invalid_input`, `unsupported_media` or `too_large` that says why, with the file's `option` in its context
   */
  take(generationId: string, files: GivenFiles, signal: AbortSignal): Promise<TakenFiles>;
}
