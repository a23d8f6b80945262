/** People, arrivals and workers in fast motion, on the real queue. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ulid } from 'ulid';
import { z } from 'zod';
import { parseRedisUrl } from '../../src/config/redis-url.ts';
import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import { silent, testConfig, testDraft } from '../../tests/support/queue-fixtures.ts';
import { numbers } from '../random.ts';
import { startRedis } from '../../tests/support/redis.ts';

/** Light: one request. Medium: a few over the hour. Heavy: many at once, in bursts. */
export type Kind = 'light' | 'medium' | 'heavy';
export const kinds: readonly Kind[] = ['light', 'medium', 'heavy'];

export interface Arrival {
  readonly user: string;
  readonly kind: Kind;
  /** seconds from the beginning, simulated */
  readonly at: number;
  /** GPU seconds of the clip: what a card takes, engine/BENCHMARKS.md */
  readonly cost: number;
}

export interface Scale {
  readonly workers: number;
  readonly users: number;
  /** simulated */
  readonly seconds: number;
  /** simulated seconds in a real one */
  readonly factor: number;
  /** of the capacity that the arrivals ask for */
  readonly load: number;
  readonly processes: number;
  readonly seed: number;
}

/** seconds of one clip on an H200: 20 steps of four passes of the 1.7B, 50 steps of three passes of the 17B */
const draftSeconds = 54;
const standardSeconds = 585;

/**
 * Nine in ten people ask once, at any time; one in twelve a few times; one in fifty fills the queue with a burst. How many ask for the
 * large model follows from the load that is wanted.
 */
export function arrivalsOf({ workers, users, seconds, load, seed }: Scale): Arrival[] {
  const next = numbers(seed);
  const heavy = Math.max(1, Math.round(users * 0.02));
  const medium = Math.round(users * 0.08);
  const places: Omit<Arrival, 'cost'>[] = [];
  for (let user = 0; user < users; user += 1) {
    const kind: Kind = user < heavy ? 'heavy' : user < heavy + medium ? 'medium' : 'light';
    const name = String(1000 + user);
    if (kind === 'heavy') {
      const burst = next() * seconds * 0.6;
      for (let job = 0; job < 12; job += 1) places.push({ user: name, kind, at: burst + job * 5 });
    } else {
      const jobs = kind === 'medium' ? 3 : 1;
      for (let job = 0; job < jobs; job += 1) places.push({ user: name, kind, at: next() * seconds });
    }
  }
  const mean = (workers * seconds * load) / places.length;
  const large = Math.min(1, Math.max(0, (mean - draftSeconds) / (standardSeconds - draftSeconds)));
  return places
    .map((place) => ({ ...place, cost: next() < large ? standardSeconds : draftSeconds }))
    .sort((left, right) => left.at - right.at);
}

export interface Waits {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export interface Outcome {
  readonly jobs: number;
  readonly lost: number;
  readonly twice: number;
  /** simulated seconds from acceptance to start, of each kind of person */
  readonly waits: Readonly<Record<Kind, Waits>>;
  /** Jain's index over what share of the time that a person's requests took was work and not waiting: 1 is the same for all */
  readonly fairness: number;
  /** of the workers' time */
  readonly busy: number;
  /** real milliseconds by which an arrival came late at most: far below a second, or the simulation did not keep up */
  readonly late: number;
  readonly redis: {
    readonly peakMebibytes: number;
    readonly commandsPerJob: number;
    readonly cpuSeconds: number;
    readonly connections: number;
    readonly bytesPerRecord: number;
  };
  readonly realSeconds: number;
}

/**
 * Plays the arrivals on a private Redis, with worker processes, until all of them are delivered.
 *
 * @param order `fair` is the product; `first-come` gives everything to one person's account, whose requests keep their order
 */
export async function simulate(
  scale: Scale,
  arrivals: readonly Arrival[],
  order: 'fair' | 'first-come',
): Promise<Outcome> {
  await using redis = await startRedis({ appendOnly: true });
  const queue = createGenerationQueue(testConfig(redis.url, redis.folder), silent);
  const watcher = new Redis(parseRedisUrl(redis.url));
  const begun = new Map<string, number>();
  const children = Array.from({ length: scale.processes }, (_, index) => {
    const count = Math.ceil((scale.workers - index) / scale.processes);
    const options = {
      redisUrl: redis.url,
      folder: redis.folder,
      first: index * 1000,
      count,
      factor: scale.factor,
    };
    return fork(join(import.meta.dirname, 'workers.ts'), [JSON.stringify(options)], { stdio: 'inherit' });
  });
  try {
    await Promise.all(
      children.map(
        (child) =>
          new Promise<void>((resolve, reject) => {
            child.once('exit', (code) => reject(new Error(`workers ended with ${String(code)}`)));
            child.on('message', (said) => {
              const { ready, begun: id } = messageSchema.parse(said);
              if (ready === true) resolve();
              if (id !== undefined) begun.set(id, (begun.get(id) ?? 0) + 1);
            });
          }),
      ),
    );
    const before = await counters(watcher);
    const start = performance.now();
    let delivered = 0;
    const done = Promise.withResolvers<void>();
    await queue.consumeDeliveries(
      async () => {
        delivered += 1;
        if (delivered === arrivals.length) done.resolve();
        return { channelId: '3000', messageId: String(delivered) };
      },
      { concurrency: 16 },
    );
    const accepted: { id: string; arrival: Arrival }[] = [];
    const under: Promise<void>[] = [];
    let late = 0;
    for (const arrival of arrivals) {
      const due = (arrival.at * 1000) / scale.factor - (performance.now() - start);
      if (due > 0) await pause(due);
      const id = ulid();
      accepted.push({ id, arrival });
      const asked = performance.now();
      const draft = testDraft(order === 'fair' ? arrival.user : '1', {
        id,
        costSeconds: arrival.cost,
        request: { model: arrival.cost === draftSeconds ? '1_7b' : '17b' },
      });
      under.push(
        (async () => {
          await queue.accept(draft);
          late = Math.max(late, performance.now() - asked + Math.max(0, -due));
        })(),
      );
    }
    await Promise.all(under);
    const limit = pause(((4 * scale.seconds) / scale.factor) * 1000 + 60_000, undefined, { ref: false });
    await Promise.race([done.promise, limit]);
    const realSeconds = (performance.now() - start) / 1000;
    const after = await counters(watcher);
    const records = await Promise.all(
      accepted.map(async ({ id, arrival }) => ({ arrival, record: await queue.get(id) })),
    );
    const waits = records.flatMap(({ arrival, record }) =>
      record === null || record.startedAt === null || record.deliveredAt === null
        ? []
        : [{ ...arrival, wait: ((record.startedAt - record.createdAt) / 1000) * scale.factor }],
    );
    const work = arrivals.reduce((sum, { cost }) => sum + cost, 0);
    return {
      jobs: arrivals.length,
      lost: arrivals.length - waits.length,
      twice: [...begun.values()].filter((times) => times > 1).length,
      waits: {
        light: summary(waits, 'light'),
        medium: summary(waits, 'medium'),
        heavy: summary(waits, 'heavy'),
      },
      fairness: jain(waits),
      busy: round(work / scale.factor / scale.workers / realSeconds),
      late: Math.round(late),
      redis: {
        peakMebibytes: round(after.peak / 2 ** 20),
        commandsPerJob: Math.round((after.commands - before.commands) / arrivals.length),
        cpuSeconds: round(after.cpu - before.cpu),
        connections: after.clients,
        bytesPerRecord: await bytesOf(watcher, accepted[0]?.id ?? ''),
      },
      realSeconds: Math.round(realSeconds),
    };
  } finally {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null) return;
        child.removeAllListeners('exit');
        child.send('end');
        await once(child, 'exit');
      }),
    );
    watcher.disconnect();
    await queue.close();
  }
}

const messageSchema = z.object({ ready: z.boolean().optional(), begun: z.string().optional() });

async function counters(redis: Redis) {
  const info = await redis.info();
  const value = (name: string) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    peak: value('used_memory_peak'),
    commands: value('total_commands_processed'),
    cpu: value('used_cpu_user') + value('used_cpu_sys'),
    clients: value('connected_clients'),
  };
}

async function bytesOf(redis: Redis, id: string): Promise<number> {
  return Number((await redis.call('MEMORY', 'USAGE', `test:generation:${id}`, 'SAMPLES', '0')) ?? 0);
}

interface Waited extends Arrival {
  readonly wait: number;
}

function summary(waits: readonly Waited[], kind: Kind): Waits {
  const sorted = waits
    .filter((one) => one.kind === kind)
    .map(({ wait }) => wait)
    .sort((left, right) => left - right);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}

/** https://arxiv.org/abs/cs/9809099 */
function jain(waits: readonly Waited[]): number {
  const people = new Map<string, { cost: number; wait: number }>();
  for (const { user, cost, wait } of waits) {
    const before = people.get(user) ?? { cost: 0, wait: 0 };
    people.set(user, { cost: before.cost + cost, wait: before.wait + wait });
  }
  const shares = [...people.values()].map(({ cost, wait }) => cost / (cost + wait));
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return round((sum * sum) / (shares.length * squares));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
