import { join } from 'node:path';
import type { Origins, PostedFile, Unseen } from '../commands/support/services.ts';
import type { IntakeConfig } from '../config/environment.ts';
import { Failure } from '../failure.ts';
import { isDiskFull } from '../full-disk.ts';
import { download } from '../media/download.ts';
import { MediaProcessError } from '../media/process.ts';
import { openScratch } from '../media/scratch.ts';
import { knowledgeOf, mostVerifiedBytes, Verifier } from '../provenance/verify-video.ts';
import type { Knowledge, Verdict } from '../provenance/verify-video.ts';

const downloadTimeout = 60_000;

/** Looks at files that people point at in Discord. */
export class PostedVideos implements Origins {
  readonly #attachments: IntakeConfig['attachments'];
  readonly #verifier: Verifier;
  readonly #scratchRoot: string;

  constructor(options: {
    config: Pick<IntakeConfig, 'attachments' | 'trustList'>;
    knowledge: Knowledge;
    scratchRoot: string;
  }) {
    this.#attachments = options.config.attachments;
    this.#scratchRoot = options.scratchRoot;
    this.#verifier = new Verifier({
      knowledge: knowledgeOf(options.knowledge),
      anchors: options.config.trustList ?? null,
    });
  }

  async find(file: PostedFile, signal: AbortSignal): Promise<Verdict | Unseen> {
    if (file.size !== null && file.size > mostVerifiedBytes) return 'too_large';
    await using scratch = await openScratch(this.#scratchRoot, 'bot');
    const path = join(scratch.path, 'asked');
    const { hosts, certificateAuthority } = this.#attachments;
    try {
      await download(file.url, path, {
        allowedHosts: hosts,
        maximumBytes: mostVerifiedBytes,
        timeoutMilliseconds: downloadTimeout,
        certificateAuthority,
        signal,
      });
      return await this.#verifier.verify(path, { scratch: scratch.path, signal });
    } catch (error) {
      signal.throwIfAborted();
      const isAboutTheQueue = error instanceof Failure && error.identifier === 'queue_unreachable';
      if (isDiskFull(error) || isAboutTheQueue) throw error;
      if (error instanceof Failure) return reasons[error.identifier] ?? 'unreadable';
      if (error instanceof MediaProcessError) return 'unreadable';
      throw error;
    }
  }
}

/** By what a download says. */
const reasons: Readonly<Record<string, Unseen>> = {
  file_too_large: 'too_large',
  download_refused: 'not_on_discord',
  download_failed: 'unavailable',
  download_slow: 'unavailable',
  file_gone: 'unavailable',
};
