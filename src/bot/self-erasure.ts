import type { Forgetting } from '../commands/support/services.ts';
import type { PersonErasure } from '../erasure/erase-person.ts';
import type { Logger } from '../log.ts';

/** What limits and cooldowns count on: whoever could erase it would have none. It lapses within a day. */
const kept = ['use'] as const;

/** Lets people erase what is stored of them. */
export class OwnForgetting implements Forgetting {
  readonly #erasure: PersonErasure;
  readonly #logger: Logger;

  constructor(erasure: PersonErasure, logger: Logger) {
    this.#erasure = erasure;
    this.#logger = logger;
  }

  find(userId: string) {
    return this.#erasure.find(userId, { copies: false });
  }

  async erase(userId: string) {
    const erased = await this.#erasure.erase(userId, { copies: false, kept });
    this.#logger.info({ ...erased }, 'a person erased what was stored of them');
    // Redis may take minutes to write its file anew; nobody waits for that.
    void this.#rewrite();
    return erased;
  }

  async #rewrite(): Promise<void> {
    const remains = await this.#erasure.forget();
    if (remains === null) return;
    this.#logger.warn(
      { remains },
      'Redis did not write its append-only file anew: what was erased is still in it',
    );
  }
}
