import type { GenerationQueue } from '../queue/queue.ts';
import { Refusal } from '../refusal.ts';

/**
 * Keeps one person from filling the queue. Requests whose files are still being read count, too: ten commands sent in the
 * same second see each other here, long before the queue knows of them.
 */
export class PersonLimit {
  readonly #queue: Pick<GenerationQueue, 'countWaiting'>;
  readonly #maximum: number;
  readonly #entering = new Map<string, number>();

  constructor(queue: Pick<GenerationQueue, 'countWaiting'>, maximum: number) {
    this.#queue = queue;
    this.#maximum = maximum;
  }

  /**
   * @param allowed generations that this person may have waiting, where that is more than usual; null is no limit
   * @returns call it once the request is accepted or refused
   * @throws Refusal when the person has as many as one may have
   */
  async enter(userId: string, allowed: number | null = this.#maximum): Promise<() => void> {
    const maximum = allowed === null ? Infinity : Math.max(allowed, this.#maximum);
    const entering = this.#entering.get(userId) ?? 0;
    this.#entering.set(userId, entering + 1);
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      const now = (this.#entering.get(userId) ?? 1) - 1;
      if (now === 0) this.#entering.delete(userId);
      else this.#entering.set(userId, now);
    };
    try {
      const count = (await this.#queue.countWaiting(userId)) + entering;
      if (count >= maximum) throw new Refusal('refused.too_many_waiting', { count: maximum });
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }
}
