import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { Failure } from '../../failure.ts';
import type { Logger } from '../../log.ts';
import { isMeasured } from '../../finite-number.ts';
import { day } from '../../units.ts';
import { errorTeller } from '../redis/connection.ts';
import { storedFailure } from '../contract/stored-failure.ts';
import type { Generation, StoredFailure } from '../contract/generation.ts';
import type { Ledger } from '../redis/ledger.ts';
import type { Names } from '../redis/names.ts';
import type { Closable } from '../interfaces.ts';
import { NotBefore } from './not-before.ts';
import { deliveryAttempts, deliveryCloseTimeout, longestDeliveryPause } from '../constants.ts';
import type { Ticket } from '../order/tickets.ts';

/**
 * Hands a generation over. `isLast`: there is no further try; `isAgain`: there was one before. {@link NotBefore}, thrown, says when the next one may be.
 *
 * @returns where its final message stands; with `failure`, that message says why there is a video and the person does not get it
 */
export type Deliver = (
  generation: Generation,
  signal: AbortSignal,
  isLast: boolean,
  isAgain: boolean,
) => Promise<{ channelId: string; messageId: string; failure?: StoredFailure | null } | null>;

/** Hands each finished generation to `deliver` until it succeeds or is hopeless. */
export function consumeDeliveries(parts: {
  readonly connection: Redis;
  readonly names: Names;
  readonly ledger: Ledger;
  readonly deliver: Deliver;
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly log: Logger;
}): Closable {
  const { ledger, log } = parts;
  const stopping = new AbortController();

  // Three declared parameters: BullMQ counts them, and passes the signal of a lost lock only then.
  const worker = new Worker<Ticket, void>(
    parts.names.deliveries,
    async (job, _token, lockSignal) => {
      const { id } = job.data;
      const generation = await ledger.get(id);
      if (generation === null || generation.deliveredAt !== null) return;
      const signal =
        lockSignal === undefined ? stopping.signal : AbortSignal.any([stopping.signal, lockSignal]);
      const last = job.attemptsMade + 1 >= deliveryAttempts;
      try {
        const place = await parts.deliver(generation, signal, last, job.attemptsMade > 0);
        const failure = place?.failure ?? null;
        if (failure === null) await ledger.delivered(id, place);
        else await ledger.undeliverable(id, failure, place);
        log.info({ generationId: id, status: generation.status, refused: failure?.identifier }, 'delivered');
      } catch (error) {
        const hopeless = error instanceof Failure && error.code === 'undeliverable';
        if (!hopeless && !last) {
          log.warn(
            { generationId: id, attempt: job.attemptsMade + 1, error: describe(error) },
            'delivery failed; will try again',
          );
          throw error;
        }
        await ledger.undeliverable(id, hopeless ? storedFailure(error) : undeliverable);
        log.error(
          { generationId: id, attempt: job.attemptsMade + 1, error: describe(error) },
          'undeliverable',
        );
      }
    },
    {
      connection: parts.connection,
      prefix: parts.names.prefix,
      concurrency: parts.concurrency,
      lockDuration: parts.lockDuration,
      stalledInterval: parts.lockDuration / 2,
      // A bot that dies while it sends is no fault of the message.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 1000,
      settings: {
        backoffStrategy: (attempts, _type, error) => deliveryPause(attempts, error),
      },
    },
  );
  worker.on('error', errorTeller(log, 'deliveries'));
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'lock lost');
  });

  let closing: Promise<void> | undefined;
  return {
    close() {
      closing ??= closeWithin(worker, stopping);
      return closing;
    },
  };
}

/**
 * Each try may send the video again: the first follows soon, and then Discord gets time; as much of it as it asks for, up to a day.
 *
 * @param error with which the last try ended
 * @returns milliseconds
 */
export function deliveryPause(attempts: number, error?: Error): number {
  const asked = error instanceof NotBefore && isMeasured(error.milliseconds) ? error.milliseconds : 0;
  const usual = Math.min(1000 * 4 ** Math.min(attempts - 1, 10), longestDeliveryPause);
  return Math.max(usual, Math.min(asked, day));
}

const undeliverable = { code: 'undeliverable', identifier: 'undeliverable', context: {} } as const;

async function closeWithin(worker: Worker, stopping: AbortController): Promise<void> {
  const timer = setTimeout(() => stopping.abort(new Error('the bot is stopping')), deliveryCloseTimeout);
  const late = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  await Promise.race([worker.close(), late]);
  clearTimeout(timer);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
