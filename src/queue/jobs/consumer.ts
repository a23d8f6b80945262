import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ModelId } from '../../config/model-id.ts';
import type { RedisServer } from '../../config/redis-url.ts';
import type { Logger } from '../../log.ts';
import { Tickets } from '../order/tickets.ts';
import type { Ticket } from '../order/tickets.ts';
import type { Closable } from '../interfaces.ts';
import { closeConnection, errorTeller, openConnection } from '../redis/connection.ts';
import { Ledger } from '../redis/ledger.ts';
import { generationOfJob } from '../redis/names.ts';
import type { Names } from '../redis/names.ts';
import { countOtherWorkers, startHeartbeat } from './heartbeat.ts';
import { JobRunner } from './job-runner.ts';
import type { RunnerOptions } from './job-runner.ts';
import { TakenJob } from './taken-job.ts';
import { subscribe } from '../redis/subscription.ts';
import { WakeSignal } from './wake-signal.ts';

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

type Options = Omit<RunnerOptions, 'connection' | 'ledger' | 'stopping'> & {
  readonly server: RedisServer;
  readonly names: Names;
  readonly log: Logger;
  readonly models: readonly ModelId[];
  readonly prepare: () => Promise<void>;
  readonly describe: () => Readonly<Record<string, string | number | null>>;
};

/**
 * Takes jobs of several queues, one at a time, because one engine has one GPU. BullMQ's own loop would take one per queue, so
 * this fetches by hand: https://docs.bullmq.io/patterns/manually-fetching-jobs. With that come checks for stalled jobs, which stand
 * below, and lock renewal (`lock-renewal.ts`). What happens to a job is the runner's.
 */
export class Consumer implements Closable {
  readonly #options: Options;
  readonly #connection: Redis;
  #subscription: Closable | undefined;
  readonly #ledger: Ledger;
  readonly #tickets: Tickets;
  readonly #workers: ReadonlyMap<ModelId, Worker<Ticket, void>>;
  readonly #runner: JobRunner;
  readonly #wake = new WakeSignal();
  readonly #stopping = new AbortController();
  #heartbeat: { stop(): Promise<void> } | undefined;
  #loop: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #isAble = true;

  private constructor(options: Options) {
    this.#options = options;
    const { server, names, log } = options;
    this.#connection = openConnection(server, 'worker', log);
    this.#ledger = new Ledger(this.#connection, names);
    this.#tickets = new Tickets(this.#connection, names, log);
    this.#runner = new JobRunner({
      ...options,
      connection: this.#connection,
      ledger: this.#ledger,
      stopping: this.#stopping.signal,
    });
    this.#workers = new Map(options.models.map((model) => [model, this.#openWorker(model)]));
  }

  static async start(options: Options): Promise<Consumer> {
    const consumer = new Consumer(options);
    await consumer.#start();
    return consumer;
  }

  async #start(): Promise<void> {
    const { names, models, workerId, lockDuration, log } = this.#options;
    this.#subscription = await subscribe(this.#options.server, {
      channels: [names.wake, names.cancel],
      hear: (channel, message) => {
        if (channel === names.wake) this.#wake.raise();
        else if (message === this.#runner.current?.id) this.#runner.current.abort('cancelled');
      },
      catchUp: async () => {
        this.#wake.raise();
        await this.#runner.heedCancel();
      },
      log,
    });
    this.#heartbeat = startHeartbeat({
      connection: this.#connection,
      names,
      models,
      workerId,
      log,
      // A dead worker's machine is missed before its job's lock lapses.
      lifetime: lockDuration / 2,
      isAble: () => this.#isAble,
      describe: () => ({
        ...this.#options.describe(),
        machine: this.#options.machine(),
        generation: this.#runner.current?.id ?? null,
      }),
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
    if (this.#runner.current?.isPacking === true) await within(packingTimeout, this.#ended());
    this.#runner.current?.abort('closing');
    await within(end - performance.now(), Promise.all([this.#ended(), this.#heartbeat?.stop()]));
    await within(
      1000,
      Promise.all([
        ...[...this.#workers.values()].map((worker) => worker.close(true)),
        this.#tickets.close(),
      ]),
    );
    await this.#subscription?.close();
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
    worker.on('error', errorTeller(log, 'queue connection', { model }));
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
    const tell = errorTeller(log, 'taking a job failed');
    let turn = 0;
    while (!this.#stopping.signal.aborted) {
      if (!(await this.#prepared())) continue;
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
        tell(error instanceof Error ? error : new Error(String(error)));
        await this.#wake.wait(idleLook);
      }
    }
  }

  /** False after a pause: a worker that cannot work must not take job after job only to fail it. */
  async #prepared(): Promise<boolean> {
    try {
      await this.#options.prepare();
      this.#isAble = true;
      return !this.#stopping.signal.aborted;
    } catch (error) {
      if (this.#stopping.signal.aborted) return false;
      this.#isAble = false;
      this.#options.log.error({ error: String(error) }, 'this worker cannot work now; it takes no jobs');
      await this.#pause(unablePause);
      return false;
    }
  }

  async #takeOne(model: ModelId): Promise<boolean> {
    const worker = this.#workers.get(model);
    const token = randomUUID();
    const job = await worker?.getNextJob(token, { block: false });
    if (job === undefined) return false;
    const parts = { ledger: this.#ledger, tickets: this.#tickets, log: this.#options.log };
    const leaving = await this.#runner.run(new TakenJob(job, token, model, parts));
    if (leaving === 'unable') {
      this.#isAble = false;
      await this.#pause(unablePause);
    }
    if (leaving === 'crashed' && (await this.#hasOthers(model))) await this.#pause(afterCrashPause);
    return true;
  }

  async #hasOthers(model: ModelId): Promise<boolean> {
    const { names, workerId } = this.#options;
    return (await countOtherWorkers(this.#connection, names, model, workerId)) > 0;
  }

  /** Waits, unless the worker stops. */
  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
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
