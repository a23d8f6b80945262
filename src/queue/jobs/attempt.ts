import { Failure } from '../../failure.ts';
import type { Holder } from '../redis/ledger.ts';

/** Why work is aborted. */
export type AbortCause = 'cancelled' | 'lock lost' | 'closing';

/** A worker's try at one generation, from the moment in which its job was taken. */
export class Attempt {
  readonly id: string;
  /** null until the record says that this worker has it */
  holder: Holder | null = null;
  /** the engine is done with it */
  isPacking = false;
  readonly #controller = new AbortController();
  #cause: AbortCause | null = null;
  #isOver = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Aborts when the work is to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** null while the work may go on */
  get cause(): AbortCause | null {
    return this.#cause;
  }

  /** Stops the work, unless it has ended. Only the first cause counts. */
  abort(cause: AbortCause): void {
    if (this.#cause !== null || this.#isOver) return;
    this.#cause = cause;
    this.#controller.abort(
      new Failure(cause === 'cancelled' ? 'cancelled' : 'internal', cause.replace(' ', '_')),
    );
  }

  /** The work has ended: what only its job has still to hear is no reason to stop it, such as a lock that goes when the job is done. */
  end(): void {
    this.#isOver = true;
  }

  /** Resolves when the work is stopped because the worker closes, and never otherwise. */
  closing(): Promise<'closing'> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#cause === 'closing') resolve('closing');
      };
      this.signal.addEventListener('abort', look);
      look();
    });
  }
}
