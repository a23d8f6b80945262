import { Queue } from 'bullmq';
import type { JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ModelId } from '../../config/model-id.ts';
import type { Logger } from '../../log.ts';
import { errorTeller } from '../redis/connection.ts';
import { deliveryJobId, generationJobId } from '../redis/names.ts';
import type { Names } from '../redis/names.ts';
import { deliveryAttempts } from '../constants.ts';
import { modelIdSchema } from '../../config/model-id.ts';

/** All that a job carries. The record is the truth; a ticket only says that somebody has to look at it. */
export interface Ticket {
  readonly id: string;
}

/** A done ticket says nothing that the record does not; failed ones stay a week for whoever looks at the queue. */
const housekeeping: JobsOptions = {
  removeOnComplete: true,
  removeOnFail: { age: 7 * 24 * 3600, count: 1000 },
};

export const allModels: readonly ModelId[] = modelIdSchema.options;

/** The BullMQ queues, as their producers see them. */
export class Tickets {
  readonly #generations: ReadonlyMap<ModelId, Queue<Ticket>>;
  readonly #deliveries: Queue<Ticket>;

  constructor(connection: Redis, names: Names, log: Logger) {
    const open = (name: string) => {
      const queue = new Queue<Ticket>(name, { connection, prefix: names.prefix });
      queue.on('error', errorTeller(log, 'queue connection', { queue: name }));
      return queue;
    };
    this.#generations = new Map(allModels.map((model) => [model, open(names.generations(model))]));
    this.#deliveries = open(names.deliveries);
  }

  /** Resolves when BullMQ has looked at the server, which it does once: a queue whose look failed stays unusable. */
  async ready(): Promise<void> {
    await Promise.all(
      [...this.#generations.values(), this.#deliveries].map((queue) => queue.waitUntilReady()),
    );
  }

  #queueOf(model: ModelId): Queue<Ticket> {
    const queue = this.#generations.get(model);
    if (queue === undefined) throw new RangeError(`no queue for model ${model}`);
    return queue;
  }

  /** Adding an id that is already there changes nothing. */
  async addGeneration(id: string, model: ModelId, level: number): Promise<void> {
    await this.#queueOf(model).add(
      'generate',
      { id },
      { ...housekeeping, jobId: generationJobId(id), priority: level },
    );
  }

  /** Takes a waiting job out. Leaves one that a worker holds: the worker finds the record cancelled. */
  async removeGeneration(id: string, model: ModelId): Promise<void> {
    await this.#queueOf(model).remove(generationJobId(id));
  }

  async isGenerationAlive(id: string, model: ModelId): Promise<boolean> {
    return isAlive(this.#queueOf(model), generationJobId(id));
  }

  async addDelivery(id: string): Promise<void> {
    await this.#deliveries.add(
      'deliver',
      { id },
      {
        ...housekeeping,
        jobId: deliveryJobId(id),
        attempts: deliveryAttempts,
        backoff: { type: 'custom' },
      },
    );
  }

  /** Adds it, or has one that waits for its next try go now. */
  async hurryDelivery(id: string): Promise<void> {
    const job = await this.#deliveries.getJob(deliveryJobId(id));
    if (job === undefined || !(await this.isDeliveryAlive(id))) return this.addDelivery(id);
    // It may have begun a moment ago.
    if (await job.isDelayed()) await job.promote().catch(() => undefined);
  }

  async isDeliveryAlive(id: string): Promise<boolean> {
    return isAlive(this.#deliveries, deliveryJobId(id));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#generations.values(), this.#deliveries].map((queue) => queue.close()));
  }
}

/**
 * Waiting, delayed or active. One that failed or completed will not run again, and one that stands in no list was left so by a step of BullMQ's
 * that Redis refused half-way, for want of a right: each is cleared away for its successor, whose id it has.
 */
async function isAlive(queue: Queue<Ticket>, jobId: string): Promise<boolean> {
  const state = await queue.getJobState(jobId);
  if (state !== 'unknown' && state !== 'failed' && state !== 'completed') return true;
  await queue.remove(jobId);
  return false;
}
