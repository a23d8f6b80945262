import type { Redis } from 'ioredis';
import type { Logger } from '../../log.ts';
import { errorTeller } from '../redis/connection.ts';
import type { Ledger } from '../redis/ledger.ts';
import type { Names } from '../redis/names.ts';
import type { Attempt } from './attempt.ts';
import type { TakenJob } from './taken-job.ts';

/** Before a lock that could not be renewed is tried again: milliseconds. */
const refusedPause = 250;

/** Stops the work where somebody has cancelled it: the message that says so may have been lost. */
export async function heedCancel(
  attempt: Attempt,
  { connection, names }: { readonly connection: Redis; readonly names: Names },
): Promise<void> {
  if ((await connection.hexists(names.record(attempt.id), 'cancel')) === 1) attempt.abort('cancelled');
}

/** Renews a job's lock, and looks whether a cancel was missed. @returns how to stop */
export function renewLock(
  job: TakenJob,
  attempt: Attempt,
  parts: {
    readonly connection: Redis;
    readonly ledger: Ledger;
    readonly names: Names;
    /** milliseconds that a lock holds */
    readonly lockDuration: number;
    readonly log: Logger;
  },
): () => void {
  const { connection, ledger, lockDuration, log } = parts;
  const renew = async () => {
    const [isHeld] = await Promise.all([job.extendLock(lockDuration), heedCancel(attempt, parts)]);
    if (isHeld) return;
    const { holder } = attempt;
    // What has not begun needs no rescue: `begin` looks at the lock itself.
    if (holder === null) return;
    if (!(await ledger.relock(holder, job.token, lockDuration))) attempt.abort('lock lost');
  };
  let isRenewing = false;
  let isOver = false;
  const tell = errorTeller(log, 'lock renewal', { generationId: attempt.id });
  let again: NodeJS.Timeout | undefined;
  const tryToRenew = () => {
    // One at a time: what piles up while Redis stands still would all be answered at once.
    if (isRenewing || connection.status !== 'ready') return;
    isRenewing = true;
    renew()
      .catch((error: unknown) => {
        // When Redis takes it again, whoever looks for stalled jobs may come first.
        clearTimeout(again);
        if (!isOver) again = setTimeout(tryToRenew, refusedPause);
        tell(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        isRenewing = false;
      });
  };
  const timer = setInterval(tryToRenew, lockDuration / 3);
  // After an outage each moment counts: a check for stalled jobs may come first.
  connection.on('ready', tryToRenew);
  return () => {
    isOver = true;
    clearInterval(timer);
    clearTimeout(again);
    connection.off('ready', tryToRenew);
  };
}
