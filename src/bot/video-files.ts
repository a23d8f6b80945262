import type { Generation, GenerationResult } from '../queue/contract/generation.ts';

/** A video ready for upload, with the result that describes it. */
export interface VideoFile {
  readonly data: Buffer;
  readonly result: GenerationResult;
}

/** The videos as stored, and smaller ones made from them when Discord takes less than was promised. */
export interface VideoFiles {
  /** @throws ArtifactMissing when the store no longer has it; any other Error when the store cannot be reached */
  original(result: GenerationResult): Promise<VideoFile>;
  /** @returns null when it cannot sensibly get smaller */
  smaller(generation: Generation, than: VideoFile, signal: AbortSignal): Promise<VideoFile | null>;
}
