import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import pLimit from 'p-limit';
import { Failure } from '../failure.ts';
import { reachable } from '../queue/reachable.ts';
import type { Credentials } from '../marking/credentials.ts';
import { findMark } from '../marking/find-mark.ts';
import type { OwnMarks } from '../marking/known-marks.ts';
import { readCredentials } from '../marking/read-credentials.ts';
import type { Trust } from '../marking/read-credentials.ts';
import { readLuma } from '../media/luma.ts';
import { withMediaMemory } from '../media/memory.ts';
import { MediaProcessError } from '../media/process.ts';
import { sniffFile } from '../media/sniff.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { mebibyte } from '../units.ts';

/** What Discord lets most people upload, and more than any video of ours. Bytes. */
export const mostVerifiedBytes = 100 * mebibyte;
const readTimeout = 60_000;
/** Each keeps a processor busy for some seconds. */
const atOnce = 1;
/** Of this process, whoever asks: a bot has an API, too. */
const limit = pLimit(atOnce);
/** The file itself, its copy in the thread, and the program. */
const memoryShare = 3;

/** Where a video comes from, by its signature and by its watermark. */
export interface Verdict {
  /**
   * `here`: this deployment made it. `elsewhere`: it says that something else did, and nothing speaks against it. `unknown`: nothing can
   * be said; that proves nothing.
   */
  readonly origin: 'here' | 'elsewhere' | 'unknown';
  /** whether the file is another than was signed; null: nobody can say, since it has no signature */
  readonly changed: boolean | null;
  /** whether it is known to be made by a model; null: nothing says so */
  readonly madeWithAi: true | null;
  readonly signature: Credentials | null;
  readonly watermark: {
    /** `unknown`: there was nobody to ask */
    readonly deployment: 'own' | 'other' | 'unknown';
    /** null where this deployment made it and does not know any more which it was, or another one did */
    readonly generationId: string | null;
  } | null;
  /** null: this deployment has no record of it */
  readonly generation: Generation | null;
}

/** What a deployment knows of its own. */
export interface Knowledge {
  /** @throws Error when the queue cannot be reached, as the others */
  findMark(payload: bigint): Promise<{ readonly isOurs: boolean; readonly generationId: string | null }>;
  /** what its watermarks say: with them, marks of its own are found in copies that lost much */
  ownMarks(): Promise<OwnMarks>;
  /** chains of certificates with which this deployment signs or has signed, as PEM */
  signers(): Promise<readonly string[]>;
  get(id: string): Promise<Generation | null>;
}

/** What the queue knows. Its methods throw Failure `queue_unreachable` when it cannot be asked. */
export function knowledgeOf(queue: Knowledge): Knowledge {
  return {
    findMark: (payload) => reachable(queue.findMark(payload)),
    ownMarks: () => reachable(queue.ownMarks()),
    signers: () => reachable(queue.signers()),
    get: (id) => reachable(queue.get(id)),
  };
}

/**
 * Says where videos come from: the one answer of the context menu, the API and the command line. It needs Node and ffmpeg, and no Python,
 * so a bot in a container of its own can give it.
 */
export class Verifier {
  readonly #knowledge: Knowledge | null;
  readonly #anchors: string | null;

  /**
   * @param options.knowledge null: nobody can be asked what this deployment made, so no video is found to be from here or from elsewhere
   * @param options.anchors PEM text of trusted authorities; null: none but this deployment's own certificates are trusted
   */
  constructor(options: { knowledge: Knowledge | null; anchors: string | null }) {
    this.#knowledge = options.knowledge;
    this.#anchors = options.anchors;
  }

  /**
   * @param path a file that a person gave, whatever it is
   * @param options.scratch a folder of the caller's, for frames
   * @param options.own what {@link Knowledge.signers} said, where the caller has asked already
   * @throws Failure `not_a_video`; Error when the queue cannot be reached; the signal's reason when aborted
   */
  async verify(
    path: string,
    options: { scratch: string; signal?: AbortSignal; own?: readonly string[] },
  ): Promise<Verdict> {
    const own = options.own ?? (await this.#knowledge?.signers()) ?? [];
    // ffmpeg works in a folder of its own, where a path from here leads nowhere.
    return limit(() => this.#look(resolve(path), { own, anchors: this.#anchors }, options));
  }

  async #look(
    path: string,
    trust: Trust,
    { scratch, signal }: { scratch: string; signal?: AbortSignal },
  ): Promise<Verdict> {
    signal?.throwIfAborted();
    const there = await stat(path);
    // A pipe or a device may never end; of a folder, opening it says what it is.
    if (!there.isFile() && !there.isDirectory()) throw new Failure('unsupported_media', 'not_a_video');
    const form = await sniffFile(path);
    // Of the forms that hold videos, C2PA knows how to sign MP4 and its relatives.
    const signature =
      form === 'mov'
        ? await withMediaMemory(
            there.size * memoryShare,
            () => readCredentials({ path, format: 'video/mp4' }, trust, signal),
            signal,
          )
        : null;
    const found = await this.#mark(path, scratch, signal);
    const watermark = found === null ? null : await this.#whose(found);
    const isOurSignature = signature?.signer === 'own' && signature.intact;
    const known = isOurSignature
      ? (signature.generation?.generation ?? watermark?.generationId ?? null)
      : (watermark?.generationId ?? null);
    const generation = known === null ? null : ((await this.#knowledge?.get(known)) ?? null);
    // The video that was made here was signed, and this file is not: it is a copy.
    const isStripped = signature === null && generation?.result?.marking?.signature === true;
    return {
      origin: this.#knowledge === null ? 'unknown' : originOf(signature, watermark),
      changed: isStripped ? true : signature === null ? null : !signature.intact,
      madeWithAi: watermark !== null || (signature?.intact === true && signature.madeWithAi) ? true : null,
      signature,
      watermark,
      generation,
    };
  }

  async #whose(payload: bigint): Promise<NonNullable<Verdict['watermark']>> {
    if (this.#knowledge === null) return { deployment: 'unknown', generationId: null };
    const { isOurs, generationId } = await this.#knowledge.findMark(payload);
    return { deployment: isOurs ? 'own' : 'other', generationId };
  }

  async #mark(path: string, scratch: string, signal: AbortSignal | undefined): Promise<bigint | null> {
    try {
      const frames = await readLuma(path, { scratch, timeoutMilliseconds: readTimeout, signal });
      if (frames === null) throw new Failure('unsupported_media', 'not_a_video');
      const own = (await this.#knowledge?.ownMarks()) ?? null;
      return (await findMark(frames, own, signal))?.payload ?? null;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof MediaProcessError) {
        throw new Failure('unsupported_media', 'not_a_video', {}, { cause: error });
      }
      throw error;
    }
  }
}

/** A signature that does not fit the file says nothing of it: somebody may have put it there. */
function originOf(signature: Credentials | null, watermark: Verdict['watermark']): Verdict['origin'] {
  const isSigned = signature?.intact === true;
  if ((isSigned && signature.signer === 'own') || watermark?.deployment === 'own') return 'here';
  return isSigned || watermark !== null ? 'elsewhere' : 'unknown';
}
