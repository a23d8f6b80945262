import { totalmem } from 'node:os';
import { Semaphore } from 'async-mutex';
import { mebibyte } from '../units.ts';

/**
 * What media work of this process may take together: a third of the memory that it may use, which is the container's where there is one.
 * At least one piece of any size can always be done.
 */
export const mediaMemoryBytes = Math.max(Math.floor(availableBytes() / 3), 768 * mebibyte);

/** The semaphore's work grows with its value, so it does not count in bytes. */
const unit = 16 * mebibyte;

/** Memory that pieces of work share. At least one piece of any size can always be done. */
export class MemoryBudget {
  readonly #units: number;
  readonly #free: Semaphore;

  constructor(bytes: number) {
    this.#units = Math.max(1, Math.floor(bytes / unit));
    this.#free = new Semaphore(this.#units);
  }

  /**
   * Does a piece of work when there is memory for it; who came first is first. Pieces must not be nested: the inner one would wait for the
   * outer one.
   *
   * @param bytes what it may take; more than there is at all waits for all
   * @throws the signal's reason when aborted before its turn
   */
  async with<T>(bytes: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    return this.#free.runExclusive(
      async () => {
        signal?.throwIfAborted();
        return work();
      },
      Math.min(Math.max(1, Math.ceil(bytes / unit)), this.#units),
    );
  }
}

const memory = new MemoryBudget(mediaMemoryBytes);

/** As {@link MemoryBudget.with}, of the memory for media work. */
export function withMediaMemory<T>(bytes: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return memory.with(bytes, work, signal);
}

/** The container's limit, or the machine's memory: Node gives 0 or a number beyond any machine where there is no limit. */
function availableBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
