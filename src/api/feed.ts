import { EventEmitter } from 'node:events';
import type { GenerationEvent } from '../queue/contract/generation.ts';
import type { Closable, GenerationQueue } from '../queue/interfaces.ts';

/** One subscription to the queue for all who watch. */
export class Feed {
  readonly #events = new EventEmitter<{ [id: string]: [GenerationEvent] }>().setMaxListeners(0);
  #watching: Closable | null = null;

  /** @param onStatus hears of every generation whose status changes */
  async start(queue: Pick<GenerationQueue, 'watch'>, onStatus: (id: string) => void): Promise<void> {
    this.#watching = await queue.watch((event) => {
      this.#events.emit(event.id, event);
      if (event.kind === 'status') onStatus(event.id);
    });
  }

  /** Resolves when something happens to this generation, after the time at the latest, and at once when `signal` aborts. */
  async change(id: string, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#events.off(id, done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#events.on(id, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  async close(): Promise<void> {
    await this.#watching?.close();
  }
}
