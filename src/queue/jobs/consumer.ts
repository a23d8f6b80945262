import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { UnrecoverableError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ModelId } from '../../config/model-id.ts';
import type { RedisServer } from '../../config/redis-url.ts';
import { errorFields } from '../../error-fields.ts';
import { Failure, isRetryable } from '../../failure.ts';
import type { Logger } from '../../log.ts';
import { closeConnection, isOutage, openConnection } from '../redis/connection.ts';
import type {
  Generation,
  GenerationProgress,
  GenerationRequest,
  GenerationResult,
} from '../contract/generation.ts';
import { storedFailure } from '../contract/stored-failure.ts';
import { countOtherWorkers, startHeartbeat } from './heartbeat.ts';
import { exhausted, Ledger } from '../redis/ledger.ts';
import type { Holder } from '../redis/ledger.ts';
import { generationOfJob } from '../redis/names.ts';
import type { Names } from '../redis/names.ts';
import { paceKey } from '../order/pace.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { UnreadableRecord } from '../contract/record.ts';
import type { Closable, WorkQueue } from '../queue.ts';
import { maximumAttempts } from '../redis/durations.ts';
import { Signal } from './signal.ts';
import { Tickets } from '../order/tickets.ts';
import type { Ticket } from '../order/tickets.ts';
import { WorkerUnable } from './worker-unable.ts';

/** Idle workers hear of new work at once; this is for a message that was lost with a connection. */
const idleLook = 2_000;
/** How long the worker on which a job crashed leaves it to others. */
const afterCrashPause = 3_000;
/** Between tries to make a worker able to work that was found unable. */
const unablePause = 10_000;
/** A worker ends within ten seconds: this much for Redis and for what the work still has to put away. */
const closeTimeout = 7_000;
/** Of that, what a clip whose frames are done gets to be packed and stored, so that no GPU makes them again. */
const packingTimeout = 5_000;
/** A request for which this worker is unable so often, though nothing is wrong with it otherwise, counts a try. */
const mostUnable = 3;
/** A job that only a newer program understands is left to it for this long. */
const notUnderstoodPause = 60_000;
/** BullMQ priority of a job that was given back: before all others. */
const frontLevel = 1;

/** Why work is aborted. */
type AbortCause = 'cancelled' | 'lock lost' | 'closing';

interface Options {
  readonly server: RedisServer;
  readonly names: Names;
  readonly lockDuration: number;
  readonly passesOf: (request: GenerationRequest) => number;
  readonly log: Logger;
  readonly models: readonly ModelId[];
  readonly workerId: string;
  readonly work: Parameters<WorkQueue['consume']>[0]['work'];
  readonly prepare: () => Promise<void>;
  readonly recall: (generation: Generation) => Promise<GenerationResult | null>;
  readonly describe: () => Readonly<Record<string, string | number | null>>;
}

interface Current {
  readonly id: string;
  readonly controller: AbortController;
  /** null until the record says that this worker has it */
  holder: Holder | null;
  cause: AbortCause | null;
  /** the engine is done with it */
  isPacking: boolean;
}

/**
 * Takes jobs of several queues, one at a time, because one engine has one GPU. BullMQ's own loop would take one per queue, so
 * this fetches by hand: https://docs.bullmq.io/patterns/manually-fetching-jobs. With that come lock renewal and checks for
 * stalled jobs, which stand below.
 */
export class Consumer implements Closable {
  readonly #options: Options;
  readonly #connection: Redis;
  readonly #subscriber: Redis;
  readonly #ledger: Ledger;
  readonly #tickets: Tickets;
  readonly #workers: ReadonlyMap<ModelId, Worker<Ticket, void>>;
  readonly #wake = new Signal();
  readonly #stopping = new AbortController();
  #heartbeat: { stop(): Promise<void> } | undefined;
  #loop: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #current: Current | null = null;
  #able = true;
  /** the request that this worker was unable to work on last, and how often in a row */
  #unable = { id: '', times: 0 };

  private constructor(options: Options) {
    this.#options = options;
    const { server, names, log } = options;
    this.#connection = openConnection(server, 'worker', log);
    this.#subscriber = openConnection(server, 'subscriber', log);
    this.#ledger = new Ledger(this.#connection, names);
    this.#tickets = new Tickets(this.#connection, names, log);
    this.#workers = new Map(options.models.map((model) => [model, this.#openWorker(model)]));
  }

  static async start(options: Options): Promise<Consumer> {
    const consumer = new Consumer(options);
    await consumer.#start();
    return consumer;
  }

  async #start(): Promise<void> {
    const { names, models, workerId, lockDuration, log } = this.#options;
    this.#subscriber.on('message', (channel, message) => {
      if (channel === names.wake) this.#wake.raise();
      else if (message === this.#current?.id) this.#abort(this.#current, 'cancelled');
    });
    await this.#subscriber.subscribe(names.wake, names.cancel);
    this.#heartbeat = startHeartbeat({
      connection: this.#connection,
      names,
      models,
      workerId,
      log,
      // A dead worker's machine is missed before its job's lock lapses.
      lifetime: lockDuration / 2,
      isAble: () => this.#able,
      describe: () => ({ ...this.#options.describe(), generation: this.#current?.id ?? null }),
    });
    for (const worker of this.#workers.values()) await worker.startStalledCheckTimer();
    this.#loop = this.#run();
  }

  /** Stops taking jobs, puts the running one back at once, and ends; waits for Redis and the work no longer than some seconds. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    this.#wake.raise();
    const end = performance.now() + closeTimeout;
    if (this.#current?.isPacking === true) await within(packingTimeout, this.#ended());
    if (this.#current !== null) this.#abort(this.#current, 'closing');
    await within(end - performance.now(), Promise.all([this.#ended(), this.#heartbeat?.stop()]));
    await within(
      1000,
      Promise.all([
        ...[...this.#workers.values()].map((worker) => worker.close(true)),
        this.#tickets.close(),
      ]),
    );
    closeConnection(this.#subscriber);
    closeConnection(this.#connection);
  }

  async #ended(): Promise<void> {
    await this.#loop;
  }

  #openWorker(model: ModelId): Worker<Ticket, void> {
    const { names, lockDuration, workerId, log } = this.#options;
    const worker = new Worker<Ticket, void>(names.generations(model), null, {
      connection: this.#connection,
      prefix: names.prefix,
      autorun: false,
      name: workerId,
      lockDuration,
      stalledInterval: lockDuration / 2,
      // The record counts the attempts: it also knows of those that ended without a stalled lock.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    worker.on('error', (error) =>
      log[isOutage(error) ? 'debug' : 'warn']({ error: error.message, model }, 'queue connection'),
    );
    worker.on('stalled', (jobId) => {
      log.warn(
        { generationId: generationOfJob(jobId), model },
        'the worker of this job fell silent; it goes back to the queue',
      );
      void this.#connection.publish(names.wake, model).catch(() => undefined);
    });
    return worker;
  }

  async #run(): Promise<void> {
    const { models, log } = this.#options;
    let turn = 0;
    while (!this.#stopping.signal.aborted) {
      if (!(await this.#isAble())) continue;
      try {
        let taken = false;
        // Each model's queue gets its turn, so that a long one does not keep the others waiting for ever.
        for (let offset = 0; offset < models.length && !taken; offset += 1) {
          const model = models[(turn + offset) % models.length];
          if (model !== undefined) taken = await this.#takeOne(model);
          if (taken) turn = (turn + offset + 1) % models.length;
        }
        if (!taken) {
          await this.#wake.wait(idleLook);
          // With time on its hands: a pause ends when its time is over, whether or not a bot is there.
          await this.#ledger.endPauses();
        }
      } catch (error) {
        log.error({ error: String(error) }, 'taking a job failed');
        await this.#wake.wait(idleLook);
      }
    }
  }

  /** False after a pause: a worker that cannot work must not take job after job only to fail it. */
  async #isAble(): Promise<boolean> {
    try {
      await this.#options.prepare();
      this.#able = true;
      return !this.#stopping.signal.aborted;
    } catch (error) {
      if (this.#stopping.signal.aborted) return false;
      this.#able = false;
      this.#options.log.error({ error: String(error) }, 'this worker cannot work now; it takes no jobs');
      await delay(unablePause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      return false;
    }
  }

  async #takeOne(model: ModelId): Promise<boolean> {
    const worker = this.#workers.get(model);
    const token = randomUUID();
    const job = await worker?.getNextJob(token, { block: false });
    if (job === undefined) return false;
    await this.#process(job, token, model);
    return true;
  }

  async #process(job: Job<Ticket, void>, token: string, model: ModelId): Promise<void> {
    const { workerId, log } = this.#options;
    const { id } = job.data;
    const current: Current = {
      id,
      controller: new AbortController(),
      holder: null,
      cause: null,
      isPacking: false,
    };
    // Set before the record says "running": from then on a cancel is a message to this worker.
    this.#current = current;
    const stopRenewal = this.#renewLock(job, token, current);
    try {
      if (!(await this.#understands(job, token, model))) return;
      const { answer, attempts } = await this.#ledger.begin(id, workerId, token);
      if (answer === 'held') {
        log.info({ generationId: id }, 'its guild is paused; it waits for the end of that');
        return;
      }
      if (answer === 'lost') {
        log.warn({ generationId: id }, 'the job went to somebody else before it began');
        return;
      }
      if (answer !== 'begun' && answer !== 'spent') {
        await this.#end(job, token, answer);
        return;
      }
      const holder: Holder = { id, workerId, attempts };
      log.info({ generationId: id, model, workerId, attempts }, 'took the job');
      current.holder = holder;
      const generation = await this.#ledger.get(id);
      if (generation === null) throw new Error(`the record of generation ${id} vanished`);
      // A worker told to stop while it took the job gives it back without starting.
      if (this.#stopping.signal.aborted) this.#abort(current, 'closing');
      const work = () =>
        answer === 'spent' ? this.#recall(generation) : this.#work(generation, holder, current);
      await this.#conclude(job, token, holder, generation, current, work);
    } catch (error) {
      log.error({ generationId: id, model, error: String(error) }, 'the job is left to its lock');
    } finally {
      stopRenewal();
      this.#current = null;
    }
  }

  async #conclude(
    job: Job<Ticket, void>,
    token: string,
    holder: Holder,
    generation: Generation,
    current: Current,
    work: () => Promise<GenerationResult | Failure | WorkerUnable>,
  ): Promise<void> {
    const { log, names, workerId } = this.#options;
    const { id } = holder;
    const working = work();
    const closed = new Promise<'closing'>((resolve) => {
      const look = () => {
        if (current.cause === 'closing') resolve('closing');
      };
      current.controller.signal.addEventListener('abort', look);
      look();
    });
    const first = await Promise.race([working, closed]);
    if (first === 'closing') {
      // The job goes back before the engine has even noticed: nobody waits for a lock to lapse.
      const status = await this.#ledger.giveBack(holder, false);
      await this.#putBack(job, generation.request.model, token, status);
      log.info({ generationId: id, status }, 'gave the job back');
      await working;
      return;
    }
    if (current.cause === 'lock lost') {
      log.warn({ generationId: id }, 'lost the lock; another worker goes on');
      return;
    }
    const isUnable = first instanceof WorkerUnable;
    if (isUnable && current.cause === null && this.#countUnable(id) < mostUnable) {
      this.#able = false;
      const status = await this.#ledger.giveBack(holder, false);
      await this.#putBack(job, generation.request.model, token, status);
      log.error({ generationId: id, error: first.message }, 'this worker cannot work now; the job waits');
      await delay(unablePause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      return;
    }
    const outcome = isUnable ? new Failure('internal', 'internal', {}, { cause: first }) : first;
    this.#unable = { id: '', times: 0 };
    if (
      outcome instanceof Failure &&
      current.cause === null &&
      isRetryable(outcome) &&
      holder.attempts < maximumAttempts
    ) {
      const status = await this.#ledger.giveBack(holder, true);
      await this.#putBack(job, generation.request.model, token, status);
      log.warn({ generationId: id, code: outcome.code, attempts: holder.attempts }, 'failed; one more try');
      const { model } = generation.request;
      if ((await countOtherWorkers(this.#connection, names, model, workerId)) > 0) {
        await delay(afterCrashPause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
      return;
    }
    const status = await this.#ledger.finish(
      holder,
      outcome instanceof Failure ? { failure: storedFailure(outcome) } : { result: outcome },
    );
    if (!(outcome instanceof Failure)) await this.#learn(generation, outcome);
    await this.#end(job, token, status);
  }

  /** How often in a row this worker has been unable to work on this request, this time included. */
  #countUnable(id: string): number {
    this.#unable = { id, times: this.#unable.id === id ? this.#unable.times + 1 : 1 };
    return this.#unable.times;
  }

  /** Reads the record before it is begun: what this program does not understand is left to one that does, with all its tries. */
  async #understands(job: Job<Ticket, void>, token: string, model: ModelId): Promise<boolean> {
    const { id } = job.data;
    try {
      await this.#ledger.get(id);
      return true;
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      this.#options.log.error(
        { generationId: id, model, error: error.message },
        'not understood; left to others',
      );
      await job.moveToDelayed(Date.now() + notUnderstoodPause, token);
      return false;
    }
  }

  /** Never rejects. The tries are used up: what the last one stored before it died, or the end. */
  async #recall(generation: Generation): Promise<GenerationResult | Failure | WorkerUnable> {
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
  async #work(
    generation: Generation,
    holder: Holder,
    current: Current,
  ): Promise<GenerationResult | Failure | WorkerUnable> {
    const { log } = this.#options;
    const reporter = createProgressReporter((progress: GenerationProgress) =>
      this.#ledger.progress(holder, progress),
    );
    try {
      return await this.#options.work(generation, {
        signal: current.controller.signal,
        report: (progress) => {
          current.isPacking = progress.stage === 'compress';
          reporter.report(progress);
        },
      });
    } catch (error) {
      if (error instanceof Failure || error instanceof WorkerUnable) return error;
      if (current.cause === null)
        log.error({ generationId: holder.id, error: errorFields(error) }, 'unexpected error');
      return new Failure('internal', 'internal', {}, { cause: error });
    } finally {
      reporter.close();
    }
  }

  /** The delivery is added before the job is completed: a crash between the two repeats a step, and drops none. */
  async #end(job: Job<Ticket, void>, token: string, status: Generation['status'] | 'gone'): Promise<void> {
    const { id } = job.data;
    switch (status) {
      case 'delivering':
      case 'cancelled':
      case 'failed':
        if (await this.#ledger.awaitsDelivery(id)) await this.#tickets.addDelivery(id);
        break;
      case 'delivered':
      case 'gone':
        break;
      case 'queued':
      case 'running':
        this.#options.log.warn({ generationId: id, status }, 'another worker has taken the job');
        return;
    }
    // The full reason is in the record; BullMQ's list of failed jobs only gets a hint.
    if (status === 'failed') await job.moveToFailed(new UnrecoverableError('see the record'), token, false);
    else await job.moveToCompleted(undefined, token, false);
    this.#options.log.info({ generationId: id, status }, 'job ended');
  }

  async #putBack(
    job: Job<Ticket, void>,
    model: ModelId,
    token: string,
    status: Generation['status'] | 'gone' | 'held',
  ): Promise<void> {
    // Taken from BullMQ in the same step that held it.
    if (status === 'held') return;
    if (status !== 'queued') {
      await this.#end(job, token, status);
      return;
    }
    await job.moveToWait(token);
    await job.changePriority({ priority: frontLevel });
    await this.#ledger.settle(job.data.id, model);
  }

  async #learn(generation: Generation, result: GenerationResult): Promise<void> {
    const { request } = generation;
    const { steps, take } = request;
    const passes = steps * this.#options.passesOf(request) * (take === null ? 1 : take.units);
    if (result.engineSeconds > 0) await this.#ledger.learn(paceKey(request), result.engineSeconds / passes);
  }

  /** Renews the job's lock, and looks whether a cancel was missed. Returns how to stop. */
  #renewLock(job: Job<Ticket, void>, token: string, current: Current): () => void {
    const { lockDuration, names, log } = this.#options;
    const renew = async () => {
      const [held, cancelled] = await Promise.all([
        job.extendLock(token, lockDuration),
        this.#connection.hexists(names.record(current.id), 'cancel'),
      ]);
      if (cancelled === 1) this.#abort(current, 'cancelled');
      if (held === 1) return;
      const { holder } = current;
      // What has not begun needs no rescue: `begin` looks at the lock itself.
      if (holder === null) return;
      if (!(await this.#ledger.relock(holder, token, lockDuration))) this.#abort(current, 'lock lost');
    };
    let isRenewing = false;
    const attempt = () => {
      // One at a time: what piles up while Redis stands still would all be answered at once.
      if (isRenewing || this.#connection.status !== 'ready') return;
      isRenewing = true;
      renew()
        .catch((error: unknown) =>
          log.warn({ generationId: current.id, error: String(error) }, 'lock renewal'),
        )
        .finally(() => {
          isRenewing = false;
        });
    };
    const timer = setInterval(attempt, lockDuration / 3);
    // After an outage each moment counts: a check for stalled jobs may come first.
    this.#connection.on('ready', attempt);
    return () => {
      clearInterval(timer);
      this.#connection.off('ready', attempt);
    };
  }

  #abort(current: Current, cause: AbortCause): void {
    if (current.cause !== null) return;
    current.cause = cause;
    current.controller.abort(
      new Failure(cause === 'cancelled' ? 'cancelled' : 'internal', cause.replace(' ', '_')),
    );
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
