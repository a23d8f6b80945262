import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Finding, Origins } from '../commands/support/services.ts';
import type { IntakeConfig } from '../config/environment.ts';
import { Failure } from '../failure.ts';
import { findMark } from '../marking/find-mark.ts';
import { download } from '../media/download.ts';
import { readLuma } from '../media/luma.ts';
import { MediaProcessError } from '../media/process.ts';
import { openScratch } from '../media/scratch.ts';
import type { Marks } from '../queue/marks.ts';

/** What Discord lets most people upload; larger copies of a video of ours are nobody's. */
const mostBytes = 100 * 1024 * 1024;
const downloadTimeout = 60_000;
const readTimeout = 60_000;
/** Each keeps a processor busy for some seconds. */
const atOnce = 1;

/** Reads watermarks of files that people point at. */
export class Watermarks implements Origins {
  readonly #attachments: IntakeConfig['attachments'];
  readonly #marks: Pick<Marks, 'find'>;
  readonly #scratchRoot: string;
  readonly #limit = pLimit(atOnce);

  constructor(options: {
    config: Pick<IntakeConfig, 'attachments'>;
    marks: Pick<Marks, 'find'>;
    scratchRoot: string;
  }) {
    this.#attachments = options.config.attachments;
    this.#marks = options.marks;
    this.#scratchRoot = options.scratchRoot;
  }

  async find(file: { readonly url: string; readonly size: number }, signal: AbortSignal): Promise<Finding> {
    if (file.size > mostBytes) return { kind: 'unreadable' };
    return this.#limit(() => this.#look(file.url, signal));
  }

  async #look(url: string, signal: AbortSignal): Promise<Finding> {
    await using scratch = await openScratch(this.#scratchRoot, 'bot');
    const path = join(scratch.path, 'asked');
    const { hosts, certificateAuthority } = this.#attachments;
    try {
      await download(url, path, {
        allowedHosts: hosts,
        maximumBytes: mostBytes,
        timeoutMilliseconds: downloadTimeout,
        certificateAuthority,
        signal,
      });
      const frames = await readLuma(path, {
        scratch: scratch.path,
        timeoutMilliseconds: readTimeout,
        signal,
      });
      if (frames === null) return { kind: 'unreadable' };
      const found = await findMark(frames, 'quick', signal);
      if (found === null) return { kind: 'unmarked' };
      const { isOurs, generationId } = await this.#marks.find(found.payload);
      return isOurs ? { kind: 'ours', generationId } : { kind: 'elsewhere' };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Failure || error instanceof MediaProcessError) return { kind: 'unreadable' };
      throw error;
    }
  }
}
