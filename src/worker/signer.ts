import { enginePython } from '../config/python.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { WorkerConfig } from '../config/environment.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import { manifestDefinition, parentDefinition } from '../marking/manifest.ts';
import type { GenerationFacts } from '../marking/credentials.ts';
import { manifestBytesOf } from '../media/mp4.ts';
import { MediaProcessError, runHelper } from '../media/process.ts';
import { ownCommand } from '../config/runtime-environment.ts';
import { day } from '../units.ts';

/** Hashing a hundred megabytes takes a second, and a busy machine ten. Milliseconds. */
const signTimeout = 120_000;
/** A time stamp authority answers within a second, or not. */
const stampTimeout = 30_000;
/** After one that kept a video waiting for all of that time, it is not asked for so long. */
const stampPause = 5 * 60_000;
const prepareTimeout = 60_000;
/** Before a certificate ends, the log says so. */
const warnBefore = 30 * day;

/** Of a manifest without certificates, ingredients and time stamp: 3.7 kB were measured. */
const plainManifestBytes = 8 * 1024;
/** Of a time stamp with the authority's certificates; c2pa-rs reserves as much. */
const stampBytes = 12 * 1024;
/** A lineage of some twenty runs. Beyond it, a video names its parent and does not carry its manifest. */
const mostParentManifestBytes = 128 * 1024;

/** Credentials that a worker signs with; null: it signs nothing. */
export type SigningConfig = NonNullable<WorkerConfig['signing']>;

/** What became of a signature. */
export type Signing =
  | { readonly outcome: 'signed' | 'stamped' | 'unstamped'; readonly bytes: number }
  | { readonly outcome: 'failed'; readonly reason: string };

export interface SignRequest {
  /** a finished MP4 */
  readonly source: string;
  readonly target: string;
  readonly facts: Omit<GenerationFacts, 'parentManifest'>;
  readonly modelTitle: string;
  readonly watermark: boolean;
  readonly parent: Parent;
  /** what the signed video may take; a stamp that does not fit is left out */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

/** The video that this one was made from again. */
export type Parent =
  | null
  | { readonly manifest: 'ingredient'; readonly path: string; readonly manifestBytes: number }
  | { readonly manifest: Exclude<NonNullable<GenerationFacts['parentManifest']>, 'ingredient'> };

const answerSchema = z.union([
  z.object({ error: z.string(), message: z.string() }),
  z.object({ bytes: z.number(), manifestBytes: z.number() }),
]);
const shownSchema = z.union([
  z.object({ error: z.string(), message: z.string() }),
  z.object({ chain: z.string(), ends: z.string(), subject: z.string() }),
]);
const madeSchema = z.object({ made: z.boolean() });

/**
 * Signs finished videos with Content Credentials (C2PA), in a program of its own that gets a bare environment and the place of the key: the
 * key is read there and comes nowhere else. A video that cannot be signed is delivered without a signature, and that is said.
 */
export class Signer {
  readonly #config: SigningConfig;
  readonly #python: string;
  readonly #folder: string;
  readonly #register: (chain: string) => Promise<void>;
  readonly #log: Logger;
  #ready: Promise<{ chainBytes: number }> | undefined;
  readonly #stampTimeout: number;
  #asksStampsFrom = 0;

  /**
   * @param options.register tells the deployment which certificate this is
   * @param options.stampTimeout how long a video waits for a time stamp, in milliseconds
   */
  constructor(options: {
    config: SigningConfig;
    projectRoot: string;
    register: (chain: string) => Promise<void>;
    log: Logger;
    stampTimeout?: number;
  }) {
    this.#config = options.config;
    this.#stampTimeout = options.stampTimeout ?? stampTimeout;
    this.#python = enginePython(options.projectRoot);
    this.#folder = join(options.projectRoot, 'engine');
    this.#register = options.register;
    this.#log = options.log;
  }

  /** Makes a key where there is none yet, and says which certificate signs. What does not work is logged, and tried again with the next video. */
  async prepare(): Promise<void> {
    try {
      await this.#prepared();
    } catch (error) {
      this.#log.error(
        { error: errorFields(error) },
        `videos are not signed; \`${ownCommand('workerDoctor')}\` says more`,
      );
    }
  }

  /** Bytes that a signature takes at most, for whoever makes a video that has to stay within a limit. */
  async bytesFor(parent: Parent): Promise<number> {
    const chainBytes = await this.#prepared().then(
      (ready) => ready.chainBytes,
      () => null,
    );
    if (chainBytes === null) return 0;
    const stamp = this.#config.timeStampAuthority === null ? 0 : stampBytes;
    const inherited = parent?.manifest === 'ingredient' ? parent.manifestBytes : 0;
    return plainManifestBytes + chainBytes + stamp + inherited;
  }

  /** Writes a signed copy. @throws the signal's reason when aborted; nothing else */
  async sign(request: SignRequest): Promise<Signing> {
    const { signal } = request;
    const authority = this.#config.timeStampAuthority;
    try {
      await this.#prepared();
      if (authority !== null && Date.now() >= this.#asksStampsFrom) {
        const stamped = await this.#signOnce(request, authority).catch((error: unknown) => {
          signal.throwIfAborted();
          if (error instanceof MediaProcessError && error.timedOut)
            this.#asksStampsFrom = Date.now() + stampPause;
          return { error: 'failed', message: String(error) };
        });
        if (!('error' in stamped) && stamped.bytes <= request.limitBytes)
          return { outcome: 'stamped', bytes: stamped.bytes };
        this.#log.warn(
          'error' in stamped
            ? { reason: stamped.error, message: stamped.message }
            : { reason: 'too_large', bytes: stamped.bytes },
          'no time stamp could be had that fits; the video is signed without one',
        );
      }
      const signed = await this.#signOnce(request, null);
      if (!('error' in signed)) {
        return { outcome: authority === null ? 'signed' : 'unstamped', bytes: signed.bytes };
      }
      // An ended certificate, or a key that is gone: the next video looks again.
      this.#ready = undefined;
      this.#log.error({ reason: signed.error, message: signed.message }, 'a video could not be signed');
      return { outcome: 'failed', reason: signed.error };
    } catch (error) {
      signal.throwIfAborted();
      this.#ready = undefined;
      this.#log.error({ error: errorFields(error) }, 'a video could not be signed');
      return { outcome: 'failed', reason: error instanceof NoCredentials ? error.reason : 'failed' };
    }
  }

  async #signOnce(
    { source, target, facts, modelTitle, watermark, parent, signal }: SignRequest,
    timeStampAuthority: string | null,
  ) {
    const parentManifest = parent?.manifest;
    const manifest = manifestDefinition(
      { ...facts, ...(parentManifest === undefined ? {} : { parentManifest }) },
      { modelTitle, watermark, when: new Date().toISOString() },
    );
    const answer = await this.#run(
      ['sign'],
      {
        source,
        target,
        certificate: this.#config.certificateFile,
        key: this.#config.keyFile,
        manifest,
        timeStampAuthority,
        ingredient:
          parent?.manifest === 'ingredient'
            ? { path: parent.path, definition: parentDefinition(facts.parent ?? '') }
            : null,
      },
      timeStampAuthority === null ? signTimeout : this.#stampTimeout,
      signal,
    );
    return answerSchema.parse(answer);
  }

  async #prepared(): Promise<{ chainBytes: number }> {
    this.#ready ??= this.#look();
    try {
      return await this.#ready;
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  async #look(): Promise<{ chainBytes: number }> {
    const { certificateFile, isOwn } = this.#config;
    if (!existsSync(this.#python)) {
      throw new NoCredentials('no_python', `there is no Python environment at ${this.#python}`);
    }
    if (isOwn) {
      const { made } = madeSchema.parse(await this.#run(['init', '--json'], null, prepareTimeout));
      if (made) {
        this.#log.info(
          { file: certificateFile },
          'made a key and a certificate of this deployment’s own, with which videos are signed; keep a copy of it where you keep secrets',
        );
      }
    }
    const shown = shownSchema.parse(await this.#run(['show', '--json'], null, prepareTimeout));
    if ('error' in shown) throw new NoCredentials(shown.error, shown.message);
    const left = Date.parse(shown.ends) - Date.now();
    if (left < warnBefore) {
      this.#log.warn({ ends: shown.ends }, 'the certificate with which videos are signed ends soon');
    }
    await this.#register(shown.chain);
    return { chainBytes: shown.chain.length };
  }

  async #run(
    args: readonly string[],
    input: object | null,
    timeoutMilliseconds: number,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const { certificateFile, keyFile, isOwn } = this.#config;
    const environment: Record<string, string> = isOwn
      ? { DATA_DIRECTORY: join(certificateFile, '..', '..') }
      : { C2PA_CERTIFICATE_FILE: certificateFile, C2PA_KEY_FILE: keyFile };
    // Python finds the package in the folder that it is started in, installed or not.
    const output = await runHelper(
      this.#python,
      ['-m', 'humo_provenance', ...args],
      { scratch: this.#folder, timeoutMilliseconds, signal },
      { input: input === null ? '' : JSON.stringify(input), environment },
    );
    try {
      return JSON.parse(output);
    } catch (error) {
      throw new MediaProcessError('humo_provenance', output, false, { cause: error });
    }
  }
}

/** Nothing can be signed with what there is. */
class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * How a video names the one that it was made from again.
 *
 * @param fetch brings that one's file to a path; false where it is no longer kept
 */
export async function parentFor(
  parentId: string | null,
  path: string,
  fetch: (path: string) => Promise<boolean>,
): Promise<Parent> {
  if (parentId === null) return null;
  if (!(await fetch(path))) return { manifest: 'gone' };
  const manifestBytes = await manifestBytesOf(path).catch(() => null);
  if (manifestBytes === null) return { manifest: 'unsigned' };
  return manifestBytes > mostParentManifestBytes
    ? { manifest: 'too_large' }
    : { manifest: 'ingredient', path, manifestBytes };
}
