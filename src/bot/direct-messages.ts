import { message } from '../commands/render/message.ts';
import type { DirectMessages } from '../commands/support/services.ts';
import { isClosedChannel, isClosedDirectMessages } from './discord-errors.ts';
import type { Messages } from './messages.ts';

/** People whose direct messages proved open are remembered up to this number, the latest ones. */
const remembered = 10_000;

/** For so long: a person may close them again, and nobody wants the same notice every hour. */
const proofLasts = 24 * 60 * 60_000;

/** Finds out whether people can be written to. */
export class ProvenDirectMessages implements DirectMessages {
  readonly #messages: Pick<Messages, 'openDirect' | 'post'>;
  readonly #now: () => number;
  /** when each person was last written to, oldest first */
  readonly #provenAt = new Map<string, number>();

  constructor(messages: Pick<Messages, 'openDirect' | 'post'>, now: () => number) {
    this.#messages = messages;
    this.#now = now;
  }

  async ensureOpen(userId: string, notice: string): Promise<boolean> {
    const provenAt = this.#provenAt.get(userId);
    if (provenAt !== undefined && this.#now() - provenAt < proofLasts) return true;
    try {
      const channelId = await this.#messages.openDirect(userId);
      await this.#messages.post(channelId, message([notice]));
    } catch (error) {
      if (isClosedDirectMessages(error) || isClosedChannel(error)) return false;
      throw error;
    }
    this.#provenAt.delete(userId);
    this.#provenAt.set(userId, this.#now());
    for (const oldest of this.#provenAt.keys()) {
      if (this.#provenAt.size <= remembered) break;
      this.#provenAt.delete(oldest);
    }
    return true;
  }
}
