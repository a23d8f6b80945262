import type { Readable } from 'node:stream';
import { Failure } from '../failure.ts';

/**
 * Where inputs and videos lie between the bot and the workers, which may be on different machines. Keys look like paths:
 * `inputs/<generation>/image-1.png`. Values are whole files; a reader never sees half of one.
 */
export interface ArtifactStore {
  /** Writes or replaces. @returns the number of bytes stored */
  put(key: string, source: ArtifactSource): Promise<{ readonly bytes: number }>;
  /** @throws ArtifactMissing */
  get(key: string): Promise<Buffer>;
  /**
   * Reads it piece by piece, as fast as the reader takes it; the reader destroys the stream when it has had enough.
   *
   * @param part offsets of the first and the last byte; all of it without
   * @throws ArtifactMissing
   */
  open(key: string, part?: ArtifactPart): Promise<Readable>;
  /** Writes the artifact to a file. @throws ArtifactMissing */
  fetchTo(key: string, path: string): Promise<void>;
  /** bytes; null when there is no such artifact */
  size(key: string): Promise<number | null>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  deletePrefix(prefix: string): Promise<number>;
  /** Deletes what a write that never ended, because its process was killed, left behind before `instant` (milliseconds since 1970). @returns how many */
  deleteUnfinished(instant: number): Promise<number>;
  list(prefix: string): Promise<readonly ArtifactEntry[]>;
  /** @throws Error when the store cannot be reached or written */
  health(): Promise<void>;
  close(): Promise<void>;
}

export type ArtifactSource = Buffer | Uint8Array | { readonly path: string };

/** Offsets in bytes, both within the artifact. */
export interface ArtifactPart {
  readonly start: number;
  readonly end: number;
}

export interface ArtifactEntry {
  readonly key: string;
  readonly bytes: number;
  /** milliseconds since 1970 */
  readonly writtenAt: number;
}

/** The artifact was never stored, or its time is over. */
export class ArtifactMissing extends Failure {
  readonly key: string;

  constructor(key: string) {
    super('invalid_input', 'files_expired');
    this.key = key;
  }
}

/**
 * For `catch`, where it is no matter that an artifact is not there.
 *
 * @returns null where it is missing
 * @throws whatever else was caught
 */
export function nullIfMissing(error: unknown): null {
  if (error instanceof ArtifactMissing) return null;
  throw error;
}

/**
 * For `catch`: what is missing from a store that is not all there may well be kept, since a volume or a bucket that is gone looks empty.
 *
 * @throws the error of `health`, or what was caught
 */
export function afterHealthCheck(store: Pick<ArtifactStore, 'health'>) {
  return async (error: unknown): Promise<never> => {
    if (error instanceof ArtifactMissing) await store.health();
    throw error;
  };
}

const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*){0,7}$/;
const maximumKeyLength = 200;

/**
 * Keys are made by this program alone; this stands against mistakes, such as a path that leaves the store.
 *
 * @throws RangeError
 */
export function assertKey(key: string): string {
  if (key.length > maximumKeyLength || !keyPattern.test(key)) {
    throw new RangeError(`not an artifact key: ${JSON.stringify(key.slice(0, maximumKeyLength))}`);
  }
  return key;
}

/** A prefix is a key up to and with a slash. @throws RangeError */
export function assertPrefix(prefix: string): string {
  if (!prefix.endsWith('/')) throw new RangeError(`a prefix ends with a slash: ${JSON.stringify(prefix)}`);
  assertKey(prefix.slice(0, -1));
  return prefix;
}
