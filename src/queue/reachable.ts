import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { DiskFull, isDiskFull } from '../full-disk.ts';
import { isRefusedForNow, isTurnedAway } from '../full-redis.ts';
import { Refusal } from '../refusal.ts';
import { LimitReached, NotAdmitted } from './moderation/moderation.ts';
import { isUnanswered } from './redis/connection.ts';
import { AcceptanceUnknown } from './redis/ledger.ts';

/** Identifier of the failure after which nobody knows whether the request was accepted. */
const uncertain = 'queue_uncertain';

/** Redis takes nothing that it cannot write down; which folder that is only it knows. */
const redisFolder = 'the folder of Redis (`CONFIG GET dir`)';

/** Says that the queue is the trouble, and not the person's files. */
export async function reachable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Failure || error instanceof Refusal) throw error;
    if (error instanceof LimitReached || error instanceof NotAdmitted) throw error;
    if (isDiskFull(error)) throw new DiskFull(redisFolder, error, 'move Redis to a larger disk');
    if (isRefusedForNow(error)) throw full(error);
    const identifier = error instanceof AcceptanceUnknown ? uncertain : 'queue_unreachable';
    throw new Failure('internal', identifier, {}, { cause: error });
  }
}

/**
 * As {@link reachable}, of what changes something: a command without an answer may have been carried out all the same, or may be when Redis
 * goes on. What Redis turned away was not.
 */
export async function changing<T>(answer: Promise<T>): Promise<T> {
  try {
    return await reachable(answer);
  } catch (error) {
    if (!(error instanceof Failure) || error.identifier !== 'queue_unreachable') throw error;
    if (isTurnedAway(error.cause)) throw error;
    throw new Failure('internal', 'change_uncertain', {}, { cause: error });
  }
}

/** Identifiers of what is tried again. */
const passing: ReadonlySet<string> = new Set(['change_uncertain', 'queue_unreachable']);

/** milliseconds between tries of what nobody waits for: some ten minutes in all */
const insistingPauses = [1, 2, 5, 10, 20, 30, 60, 60, 60, 60, 60, 60, 60, 60].map(
  (seconds) => seconds * 1000,
);

/**
 * Does what may be done twice, and must not be lost because Redis is silent just now.
 *
 * @param pauses between tries, in milliseconds
 * @throws as {@link changing} at last; the signal's reason
 */
export async function insisting<T>(
  step: () => Promise<T>,
  signal: AbortSignal,
  pauses: readonly number[] = insistingPauses,
): Promise<T> {
  let uncertainly: unknown;
  for (let tries = 0; ; tries += 1) {
    try {
      return await changing(step());
    } catch (error) {
      const pause = pauses[tries];
      if (!(error instanceof Failure)) throw error;
      if (error.identifier === 'change_uncertain') uncertainly = error;
      // That the last try was refused says nothing of one before it that had no answer.
      if (pause === undefined || !passing.has(error.identifier)) throw uncertainly ?? error;
      await delay(pause, undefined, { signal });
    }
  }
}

/**
 * What got no answer, or was refused by a full Redis, as {@link reachable} says it; anything else as it is.
 *
 * @param mayBeDone as {@link changing} says it
 */
export function asUnreachable(error: unknown, mayBeDone = false): unknown {
  if (isRefusedForNow(error)) return full(error);
  const identifier = mayBeDone ? 'change_uncertain' : 'queue_unreachable';
  return isUnanswered(error) ? new Failure('internal', identifier, {}, { cause: error }) : error;
}

function full(cause: Error): Failure {
  return new Failure('internal', 'queue_full', {}, { cause });
}

/** Whether it may have been accepted all the same. */
export function isUncertain(error: unknown): boolean {
  return error instanceof Failure && error.identifier === uncertain;
}
