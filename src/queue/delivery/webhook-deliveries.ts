import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, Queue, Worker } from 'bullmq';
import { z } from 'zod';
import type { CommonConfig } from '../../config/environment.ts';
import type { Logger } from '../../log.ts';
import { closeConnection, errorTeller, openConnection } from '../redis/connection.ts';
import { hasEnded } from '../contract/generation.ts';
import type { Generation } from '../contract/generation.ts';
import { Ledger } from '../redis/ledger.ts';
import { createNames, webhookJobId } from '../redis/names.ts';
import { readableRecord } from '../contract/readable.ts';
import type { Ticket } from '../order/tickets.ts';

/**
 * Pauses before each try, as Standard Webhooks recommends (https://www.standardwebhooks.com, Deliverability and reliability): three days in
 * all. Milliseconds.
 */
const pauses = [0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600].map(
  (seconds) => seconds * 1000,
);

/** Who waits for an order that was never accepted waits no longer than this. Milliseconds. */
const orderPatience = 60 * 60_000;

/** How often it is looked for ends that no event told of. Milliseconds. */
const lookInterval = 60_000;

/** For messages that are on their way when the process stops: milliseconds. */
const closeTimeout = 3_000;

const atOnce = 8;

/** A host that did not answer is left alone for so long, but for one try at a time: milliseconds. */
const silentFor = 60_000;
const lockDuration = 30_000;

const subscriptionSchema = z.strictObject({
  version: z.literal(1),
  url: z.string(),
  /** name of the token that it was asked for with: its secret signs */
  token: z.string(),
  /** milliseconds since 1970 */
  since: z.number().int().nonnegative(),
});
/** Whoever wants to hear of the end of one generation. */
export type Subscription = Pick<z.infer<typeof subscriptionSchema>, 'url' | 'token'>;

/** What became of a try. `gone`: whoever wanted to hear of it does not any more. */
export type WebhookOutcome = 'received' | 'gone';

/** Whoever was to hear of it took the connection and did not answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Hosts that did not answer lately: each try at one of them takes its whole time, and a hundred ends that are to be told there would hold
 * all places for many minutes, while others wait.
 */
class SilentHosts {
  readonly #until = new Map<string, number>();

  /** @returns when to ask again; null: now, and whoever asks next waits for what comes of it */
  pauseOf(host: string): number | null {
    const now = Date.now();
    const until = this.#until.get(host);
    if (until === undefined) return null;
    if (until > now) return until;
    this.#until.set(host, now + silentFor);
    return null;
  }

  /** What came of a try. */
  note(host: string, isSilent: boolean): void {
    if (isSilent) this.#until.set(host, Date.now() + silentFor);
    else this.#until.delete(host);
  }
}

/** Tells programs that a generation has ended: once at least, across restarts, until they say that they have heard it. */
export interface Webhooks {
  /** Before the generation is accepted: it may end at once. */
  subscribe(id: string, subscription: Subscription): Promise<void>;
  unsubscribe(id: string): Promise<void>;
  /** Something happened to this generation: looks whether it has ended. */
  notice(id: string): Promise<void>;
  /** @param send rejects where it is to be tried again */
  start(send: (generation: Generation, subscription: Subscription) => Promise<WebhookOutcome>): Promise<void>;
  close(): Promise<void>;
}

export function createWebhooks(config: Pick<CommonConfig, 'redis'>, log: Logger): Webhooks {
  const names = createNames(config.redis.prefix);
  const connection = openConnection(config.redis, 'producer', log);
  const ledger = new Ledger(connection, names);
  const tell = errorTeller(log, 'webhooks');
  const queue = new Queue<Ticket>(names.webhookJobs, { connection, prefix: names.prefix }).on('error', tell);
  const closing: (() => Promise<void>)[] = [];

  const subscriptionOf = async (id: string) => {
    const text = await connection.hget(names.webhooks, id);
    return text === null ? null : subscriptionSchema.parse(JSON.parse(text));
  };
  const unsubscribe = async (id: string): Promise<void> => {
    await connection.hdel(names.webhooks, id);
  };
  const notice = async (id: string): Promise<void> => {
    const subscription = await subscriptionOf(id);
    if (subscription === null) return;
    const generation = await readableRecord({ connection, ledger, log }, id);
    if (generation === null) {
      // Its files may still be on their way.
      if (Date.now() - subscription.since > orderPatience) await unsubscribe(id);
    } else if (hasEnded(generation)) {
      await queue.add(
        'tell',
        { id },
        {
          jobId: webhookJobId(id),
          attempts: pauses.length,
          backoff: { type: 'custom' },
          removeOnComplete: true,
          removeOnFail: true,
        },
      );
    }
  };
  const lookForAll = async (): Promise<void> => {
    try {
      for (const id of await connection.hkeys(names.webhooks)) await notice(id);
    } catch (error) {
      tell(error instanceof Error ? error : new Error(String(error)));
    }
  };

  return {
    async subscribe(id, subscription) {
      const stored = subscriptionSchema.parse({ version: 1, ...subscription, since: Date.now() });
      await connection.hset(names.webhooks, id, JSON.stringify(stored));
    },
    unsubscribe,
    notice,
    async start(send) {
      const silent = new SilentHosts();
      const own = openConnection(config.redis, 'worker', log);
      const worker = new Worker<Ticket, void>(
        names.webhookJobs,
        async (job, lock) => {
          const { id } = job.data;
          const [subscription, generation] = await Promise.all([
            subscriptionOf(id),
            readableRecord({ connection, ledger, log }, id),
          ]);
          if (subscription === null) return;
          const { host } = new URL(subscription.url);
          const later = silent.pauseOf(host);
          if (later !== null) {
            // It counts as no try.
            await job.moveToDelayed(later, lock);
            throw new DelayedError();
          }
          const attempt = job.attemptsMade + 1;
          try {
            const outcome = generation === null ? 'gone' : await send(generation, subscription);
            silent.note(host, false);
            log.info({ generationId: id, attempt, outcome }, 'webhook');
          } catch (error) {
            silent.note(host, error instanceof NoAnswer);
            log.warn({ generationId: id, attempt, error: String(error) }, 'a webhook was not received');
            if (attempt < pauses.length) throw error;
          }
          await unsubscribe(id);
        },
        {
          connection: own,
          prefix: names.prefix,
          concurrency: atOnce,
          lockDuration,
          maxStalledCount: Number.MAX_SAFE_INTEGER,
          settings: { backoffStrategy: (attempts) => pauses[attempts] ?? 0 },
        },
      ).on('error', tell);
      const looking = setInterval(() => void lookForAll(), lookInterval);
      closing.push(async () => {
        clearInterval(looking);
        await worker.close();
        closeConnection(own);
      });
      await lookForAll();
    },
    async close() {
      const closed = Promise.all([...closing.map((close) => close()), queue.close()]).catch(() => undefined);
      // They wait for Redis to come back before they end. What was on its way is told again by whoever comes next.
      await Promise.race([closed, delay(closeTimeout, undefined, { ref: false })]);
      closeConnection(connection);
    },
  };
}
