import { message } from '../commands/render/message.ts';
import { auditLine } from '../commands/render/audit.ts';
import type { Channels, Speaker } from '../commands/support/services.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { AuditEntry, Moderation } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { textsFor } from '../text/texts.ts';

/** Several bots hear the same entry within moments of each other. */
const claimedFor = 10 * 60_000;

/** Discord takes at most 25 characters; the first one of a ULID stays the same for centuries. */
const nonceCharacters = 25;

export interface AuditPosterOptions {
  readonly moderation: Pick<Moderation, 'guild' | 'watchAudit'>;
  readonly queue: Pick<GenerationQueue, 'claim'>;
  readonly speaker: Pick<Speaker, 'post'>;
  readonly channels: Pick<Channels, 'place'>;
  readonly logger: Logger;
}

/**
 * Posts what is done on a server in the channel that the server has chosen for it, one after the other. What cannot be posted
 * stays in the log, which is asked for with `/queue audit`.
 */
export class AuditPoster {
  readonly #options: AuditPosterOptions;
  #watching: { close(): Promise<void> } | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(options: AuditPosterOptions) {
    this.#options = options;
  }

  /** Posts what happens from now on. */
  async start(): Promise<void> {
    this.#watching = await this.#options.moderation.watchAudit((entry) => {
      this.#last = this.#last.then(() => this.#post(entry));
    });
  }

  /** Ends when what was heard is posted. */
  async close(): Promise<void> {
    await this.#watching?.close();
    await this.#last;
  }

  async #post(entry: AuditEntry): Promise<void> {
    const { moderation, queue, speaker, channels, logger } = this.#options;
    const { id, guildId } = entry;
    if (guildId === null) return;
    try {
      const { logChannelId } = await moderation.guild(guildId);
      if (logChannelId === null || !(await queue.claim(`audit:${id}`, claimedFor))) return;
      const place = await channels.place(logChannelId);
      const line = auditLine(entry, textsFor(place?.locale ?? 'en-US'));
      await speaker.post(logChannelId, message([line]), { nonce: id.slice(-nonceCharacters) });
    } catch (error) {
      logger.warn({ guildId, entryId: id, error: errorFields(error) }, 'an entry of the log was not posted');
    }
  }
}
