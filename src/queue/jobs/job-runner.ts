import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { errorFields } from '../../error-fields.ts';
import { Failure } from '../../failure.ts';
import type { Logger } from '../../log.ts';
import type { Generation, GenerationRequest, GenerationResult } from '../contract/generation.ts';
import { UnreadableRecord } from '../contract/record.ts';
import { storedFailure } from '../contract/stored-failure.ts';
import { paceKey } from '../order/pace.ts';
import type { WorkQueue } from '../interfaces.ts';
import { isRefusedForNow, isTurnedAway } from '../../full-redis.ts';
import { exhausted } from '../redis/ledger.ts';
import type { Holder, Ledger } from '../redis/ledger.ts';
import type { Names } from '../redis/names.ts';
import { Attempt } from './attempt.ts';
import { conclude } from './conclusion.ts';
import type { WorkOutcome } from './conclusion.ts';
import { heedCancel, renewLock } from './lock-renewal.ts';
import { createProgressReporter } from './progress-reporter.ts';
import type { TakenJob } from './taken-job.ts';
import { WorkerUnable } from './worker-unable.ts';

/** Before what a full Redis refused is handed in again: much sooner than others look for jobs that nobody holds. */
const refusedPause = 250;

/** How a job left this worker: `unable` and `crashed` are reasons to leave the next one to others for a while. */
export type Leaving = 'done' | 'unable' | 'crashed';

export interface RunnerOptions {
  readonly connection: Redis;
  readonly ledger: Ledger;
  readonly names: Names;
  readonly lockDuration: number;
  readonly workerId: string;
  readonly work: Parameters<WorkQueue['consume']>[0]['work'];
  readonly recall: (generation: Generation) => Promise<GenerationResult | null>;
  readonly passesOf: (request: GenerationRequest) => number;
  /** what kind of machine this is; null: not known */
  readonly machine: () => string | null;
  /** aborts when no more jobs are to be begun */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** One job at a time, from taken to ended. */
export class JobRunner {
  readonly #options: RunnerOptions;
  #current: Attempt | null = null;
  /** the request that this worker was unable to work on last, and how often in a row */
  #unable = { id: '', times: 0 };

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** What is worked on; null between jobs. */
  get current(): Attempt | null {
    return this.#current;
  }

  /** Looks whether what is worked on was cancelled, and nobody said so. */
  async heedCancel(): Promise<void> {
    if (this.#current !== null) await heedCancel(this.#current, this.#options);
  }

  /** Works on a job until it has ended, or is another worker's. Never rejects: what nobody foresaw leaves the job to its lock. */
  async run(job: TakenJob): Promise<Leaving> {
    const { ledger, workerId, stopping, log } = this.#options;
    const { id, model } = job;
    const attempt = new Attempt(id);
    // Set before the record says "running": from then on a cancel is a message to this worker.
    this.#current = attempt;
    const stopRenewal = renewLock(job, attempt, this.#options);
    try {
      if (!(await this.#understands(job))) return 'done';
      const { answer, attempts } = await ledger.begin(id, workerId, job.token);
      if (answer === 'held') {
        log.info({ generationId: id }, 'its guild is paused; it waits for the end of that');
        return 'done';
      }
      if (answer === 'lost') {
        log.warn({ generationId: id }, 'the job went to somebody else before it began');
        return 'done';
      }
      if (answer !== 'begun' && answer !== 'spent') {
        await job.end(answer);
        return 'done';
      }
      const holder: Holder = { id, workerId, attempts };
      log.info({ generationId: id, model, workerId, attempts }, 'took the job');
      attempt.holder = holder;
      const generation = await this.#handIn(id, () => ledger.get(id));
      if (generation === null) throw new Error(`the record of generation ${id} vanished`);
      // A worker told to stop while it took the job gives it back without starting.
      if (stopping.aborted) attempt.abort('closing');
      const working = answer === 'spent' ? this.#recall(generation) : this.#work(generation, holder, attempt);
      return await this.#conclude(job, holder, generation, attempt, working);
    } catch (error) {
      log.error({ generationId: id, model, error: String(error) }, 'the job is left to its lock');
      return 'done';
    } finally {
      stopRenewal();
      this.#current = null;
    }
  }

  async #conclude(
    job: TakenJob,
    holder: Holder,
    generation: Generation,
    attempt: Attempt,
    working: Promise<WorkOutcome>,
  ): Promise<Leaving> {
    const { ledger, log } = this.#options;
    const { id, attempts } = holder;
    const outcome = await Promise.race([working, attempt.closing()]);
    if (outcome === 'closing') {
      // The job goes back before the engine has even noticed: nobody waits for a lock to lapse.
      const status = await ledger.giveBack(holder, false);
      await job.putBack(status);
      log.info({ generationId: id, status }, 'gave the job back');
      await working;
      return 'done';
    }
    attempt.end();
    const { cause } = attempt;
    const timesUnable = outcome instanceof WorkerUnable && cause === null ? this.#countUnable(id) : 0;
    const conclusion = conclude({ outcome, cause, attempts, timesUnable });
    if (conclusion.kind === 'leave') {
      log.warn({ generationId: id }, 'lost the lock; another worker goes on');
      return 'done';
    }
    if (conclusion.kind === 'wait') {
      await this.#handIn(id, async () => job.putBack(await ledger.giveBack(holder, false)));
      const error = conclusion.reason.message;
      log.error({ generationId: id, error }, 'this worker cannot work now; the job waits');
      return 'unable';
    }
    this.#unable = { id: '', times: 0 };
    if (conclusion.kind === 'retry') {
      await this.#handIn(id, async () => job.putBack(await ledger.giveBack(holder, true)));
      log.warn({ generationId: id, code: conclusion.failure.code, attempts }, 'failed; one more try');
      return 'crashed';
    }
    const end = conclusion.outcome;
    const status = await this.#handIn(id, () =>
      ledger.finish(holder, end instanceof Failure ? { failure: storedFailure(end) } : { result: end }),
    );
    if (!(end instanceof Failure)) await this.#handIn(id, () => this.#learn(generation, end));
    await this.#handIn(id, () => job.end(status));
    return 'done';
  }

  /**
   * Does what begins or ends an attempt, again and again while Redis takes nothing: minutes of a GPU are worth the wait. It ends with the connection, or when
   * somebody else has the job.
   */
  async #handIn<T>(generationId: string, step: () => Promise<T>): Promise<T> {
    for (let refusals = 0; ; refusals += 1) {
      try {
        return await step();
      } catch (error) {
        if (!isRefusedForNow(error) && !isTurnedAway(error)) throw error;
        if (refusals === 0) {
          const { message } = error;
          this.#options.log.error({ generationId, error: message }, 'Redis turns this job away; waiting');
        }
        await delay(refusedPause);
      }
    }
  }

  /** How often in a row this worker has been unable to work on this request, this time included. */
  #countUnable(id: string): number {
    this.#unable = { id, times: this.#unable.id === id ? this.#unable.times + 1 : 1 };
    return this.#unable.times;
  }

  /** Reads the record before it is begun: what this program does not understand is left to one that does, with all its tries. */
  async #understands(job: TakenJob): Promise<boolean> {
    const { ledger, log } = this.#options;
    const { id, model } = job;
    try {
      await ledger.get(id);
      return true;
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      log.error({ generationId: id, model, error: error.message }, 'not understood; left to others');
      await job.leaveToNewer();
      return false;
    }
  }

  /** Never rejects. The tries are used up: what the last one stored before it died, or the end. */
  async #recall(generation: Generation): Promise<WorkOutcome> {
    try {
      const { code, identifier, context } = exhausted;
      return (
        (await this.#options.recall(generation)) ?? new Failure(code, identifier, context, { isFinal: true })
      );
    } catch (error) {
      return new WorkerUnable('what an earlier try has stored cannot be looked for', { cause: error });
    }
  }

  /** Never rejects: what is no `Failure` becomes one, with the cause in the log. */
  async #work(generation: Generation, holder: Holder, attempt: Attempt): Promise<WorkOutcome> {
    const { ledger, work, log } = this.#options;
    const reporter = createProgressReporter((progress) => ledger.progress(holder, progress));
    try {
      return await work(generation, {
        signal: attempt.signal,
        report: (progress) => {
          attempt.isPacking = progress.stage === 'compress';
          reporter.report(progress);
        },
      });
    } catch (error) {
      if (error instanceof Failure || error instanceof WorkerUnable) return error;
      if (attempt.cause === null)
        log.error({ generationId: holder.id, error: errorFields(error) }, 'unexpected error');
      return new Failure('internal', 'internal', {}, { cause: error });
    } finally {
      reporter.close();
    }
  }

  /** Remembers how long a pass took, for the waiting times of what comes. */
  async #learn(generation: Generation, result: GenerationResult): Promise<void> {
    const { ledger, passesOf, machine } = this.#options;
    const { request } = generation;
    const { steps, take } = request;
    const passes = steps * passesOf(request) * (take === null ? 1 : take.units);
    if (result.engineSeconds > 0)
      await ledger.learn(paceKey(request), machine(), result.engineSeconds / passes);
  }
}
