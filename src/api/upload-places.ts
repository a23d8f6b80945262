import { Problem } from './problem.ts';

/** For whoever is told to come again: seconds. */
const pause = { 'retry-after': '5' };

/**
 * Places for uploads, which bound the space that they take on disk. Nobody gets more than half of what is left: however many one token,
 * or two, want at once, there is a place for the next one. (Dynamic thresholds, Choudhury and Hahne 1998, with α = 1.)
 */
export class UploadPlaces {
  readonly #size: number;
  readonly #taken = new Map<string, number>();
  #left: number;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** Takes a place while `work` is under way. @throws as {@link take} */
  async during<T>(name: string, work: () => Promise<T>): Promise<T> {
    const place = this.take(name);
    try {
      return await work();
    } finally {
      place[Symbol.dispose]();
    }
  }

  /**
   * @param name of the token
   * @throws Problem `busy` when there is none left, `too_many_uploads` when there is none left for this token
   */
  take(name: string): Disposable {
    const own = this.#taken.get(name) ?? 0;
    if (this.#left === 0) throw new Problem(503, 'busy', { headers: pause });
    if (own >= this.#left) throw new Problem(429, 'too_many_uploads', { headers: pause });
    this.#taken.set(name, own + 1);
    this.#left -= 1;
    return {
      [Symbol.dispose]: () => {
        this.#left = Math.min(this.#size, this.#left + 1);
        const still = (this.#taken.get(name) ?? 1) - 1;
        if (still === 0) this.#taken.delete(name);
        else this.#taken.set(name, still);
      },
    };
  }
}
