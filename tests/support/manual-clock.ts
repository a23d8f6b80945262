import type { Clock } from '../../src/bot/clock.ts';

/** A clock that a test moves. */
export class ManualClock implements Clock {
  #now: number;
  readonly #repeating = new Set<{ every: number; next: number; callback: () => void }>();
  readonly #waiting = new Set<{ until: number; done: () => void }>();

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  every(milliseconds: number, callback: () => void): () => void {
    const entry = { every: milliseconds, next: this.#now + milliseconds, callback };
    this.#repeating.add(entry);
    return () => this.#repeating.delete(entry);
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (milliseconds <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const entry = { until: this.#now + milliseconds, done: resolve };
      this.#waiting.add(entry);
      signal.addEventListener('abort', () => {
        this.#waiting.delete(entry);
        resolve();
      });
    });
  }

  /** Moves on step by step, and lets everything that follows from a step happen before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + 100);
      for (const entry of this.#repeating) {
        if (entry.next > this.#now) continue;
        entry.next += entry.every;
        entry.callback();
      }
      for (const entry of this.#waiting) {
        if (entry.until > this.#now) continue;
        this.#waiting.delete(entry);
        entry.done();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
