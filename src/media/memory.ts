import { totalmem } from 'node:os';
import { Semaphore } from 'async-mutex';

const mebibyte = 1024 * 1024;

/**
 * What media work of this process may take together: a third of the memory that it may use, which is the container's where there is one.
 * At least one piece of any size can always be done.
 */
export const mediaMemoryBytes = Math.max(Math.floor(availableBytes() / 3), 768 * mebibyte);

/** The semaphore's work grows with its value, so it does not count in bytes. */
const unit = 16 * mebibyte;
const units = Math.floor(mediaMemoryBytes / unit);
const memory = new Semaphore(units);

/**
 * Does a piece of media work when there is memory for it; who came first is first. Pieces must not be nested: the inner one would wait
 * for the outer one.
 *
 * @param bytes what it may take; more than there is at all waits for all
 * @throws the signal's reason when aborted before its turn
 */
export async function withMediaMemory<T>(
  bytes: number,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  return memory.runExclusive(
    async () => {
      signal?.throwIfAborted();
      return work();
    },
    Math.min(Math.ceil(bytes / unit), units),
  );
}

/** The container's limit, or the machine's memory: Node gives 0 or a number beyond any machine where there is no limit. */
function availableBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
