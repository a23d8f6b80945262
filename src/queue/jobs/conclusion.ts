import { Failure, isRetryable } from '../../failure.ts';
import type { GenerationResult } from '../contract/generation.ts';
import { maximumAttempts } from '../constants.ts';
import type { AbortCause } from './attempt.ts';
import { WorkerUnable } from './worker-unable.ts';

/** What work ends with; it never rejects. */
export type WorkOutcome = GenerationResult | Failure | WorkerUnable;

/** A request for which a worker is unable so often, though nothing is wrong with it otherwise, counts a try. */
const mostUnable = 3;

/** What becomes of a job whose work has ended. */
export type Conclusion =
  /** nothing: it is another worker's by now */
  | { readonly kind: 'leave' }
  /** it waits, with all its tries, until this machine or another one is able to work on it */
  | { readonly kind: 'wait'; readonly reason: WorkerUnable }
  /** it failed in a way that another try may mend, and has one left */
  | { readonly kind: 'retry'; readonly failure: Failure }
  /** it ends with this */
  | { readonly kind: 'finish'; readonly outcome: GenerationResult | Failure };

/** Decides what follows from how the work on a job ended. */
export function conclude(ended: {
  readonly outcome: WorkOutcome;
  /** why the work was aborted, if it was */
  readonly cause: AbortCause | null;
  /** the number of this try, from 1 */
  readonly attempts: number;
  /** how often in a row, this time included, the worker was unable to work on this request */
  readonly timesUnable: number;
}): Conclusion {
  const { cause, attempts, timesUnable } = ended;
  if (cause === 'lock lost') return { kind: 'leave' };
  let { outcome } = ended;
  if (outcome instanceof WorkerUnable) {
    if (cause === null && timesUnable < mostUnable) return { kind: 'wait', reason: outcome };
    outcome = new Failure('internal', 'internal', {}, { cause: outcome });
  }
  if (outcome instanceof Failure && cause === null && isRetryable(outcome) && attempts < maximumAttempts)
    return { kind: 'retry', failure: outcome };
  return { kind: 'finish', outcome };
}
