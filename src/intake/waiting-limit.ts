import { LimitReached } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';

/**
 * Keeps one person from filling the queue. Requests whose files are still being read count, too: ten commands sent in the
 * same second see each other here, long before the queue knows of them. As in the queue, each server counts by itself.
 */
export class WaitingLimit {
  readonly #queue: Pick<GenerationQueue, 'countWaiting'>;
  readonly #entering = new Map<string, number>();

  constructor(queue: Pick<GenerationQueue, 'countWaiting'>) {
    this.#queue = queue;
  }

  /**
   * @param person `guildId`: where they ask; null outside of servers
   * @param allowed generations that this person may have waiting or running there; null is no limit
   * @returns call it once the request is accepted or refused
   * @throws LimitReached when the person has as many as one may have
   */
  async enter(
    { userId, guildId }: { readonly userId: string; readonly guildId: string | null },
    allowed: number | null,
  ): Promise<() => void> {
    const key = `${guildId ?? ''}:${userId}`;
    const entering = this.#entering.get(key) ?? 0;
    this.#entering.set(key, entering + 1);
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      const now = (this.#entering.get(key) ?? 1) - 1;
      if (now === 0) this.#entering.delete(key);
      else this.#entering.set(key, now);
    };
    try {
      if (allowed !== null) {
        const count = (await this.#queue.countWaiting(userId, { guildId })) + entering;
        if (count >= allowed) throw new LimitReached('waiting', allowed, null);
      }
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }
}
