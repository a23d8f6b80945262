import { Queue, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { Ledger } from '../../../src/queue/redis/ledger.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import { Tickets } from '../../../src/queue/order/tickets.ts';
import type { Ticket } from '../../../src/queue/order/tickets.ts';
import { silent, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

// Processes start and end here; a busy machine takes its time.
let redis: TestRedis;
let connection: Redis;
let number = 0;

beforeAll(async () => {
  redis = await startRedis();
  connection = openConnection(redis, 'worker', silent);
});
afterAll(async () => {
  connection.disconnect();
  await redis.stop();
});

/** One queue of its own, and everything that happens to a job between `accept` and its end. */
function openQueue() {
  const names = createNames(`share-${(number += 1)}`);
  const ledger = new Ledger(connection, names);
  const tickets = new Tickets(connection, names, silent);
  const options = { connection, prefix: names.prefix };
  const bull = new Queue<Ticket>(names.generations('17b'), options);
  const worker = new Worker<Ticket, void>(names.generations('17b'), null, { ...options, autorun: false });
  const held = new Map<string, Job<Ticket, void>>();
  return {
    names,
    ledger,
    async accept(userId: string, costSeconds: number, weight = 1): Promise<string> {
      const draft = testDraft(userId, { costSeconds });
      const limits = { waiting: null, gpuSecondsPerDay: null, cooldownSeconds: null, weight };
      const { level } = await ledger.accept(draft, { limits, queueLength: null });
      await tickets.addGeneration(draft.id, '17b', level);
      await ledger.settle(draft.id, '17b');
      return draft.id;
    },
    async cancel(id: string): Promise<void> {
      await ledger.cancel(id, { code: 'cancelled', identifier: 'cancelled', context: {} });
      await tickets.removeGeneration(id, '17b');
    },
    async take(): Promise<string | null> {
      const job = await worker.getNextJob('token', { block: false });
      if (job === undefined) return null;
      await ledger.begin(job.data.id, 'w');
      held.set(job.data.id, job);
      return job.data.id;
    },
    async finish(id: string): Promise<void> {
      await ledger.finish({ id, workerId: 'w', attempts: 1 }, { result: testResult(id) });
      await held.get(id)?.moveToCompleted(undefined, 'token', false);
    },
    async giveBack(id: string): Promise<void> {
      await ledger.giveBack({ id, workerId: 'w', attempts: 1 }, false);
      await held.get(id)?.moveToWait('token');
      await held.get(id)?.changePriority({ priority: 1 });
      await ledger.settle(id, '17b');
    },
    async order(): Promise<string[]> {
      return (await bull.getPrioritized()).map((job) => job.data.id);
    },
    async close(): Promise<void> {
      await Promise.all([bull.close(), worker.close(true), tickets.close()]);
    },
  };
}

interface ModelJob {
  readonly id: string;
  readonly user: string;
  /** what it counts for: the cost by the person's weight */
  readonly cost: number;
  readonly arrival: number;
  start: number;
  state: 'waiting' | 'running' | 'done' | 'cancelled';
  /** set when a worker gave it back: in that order, before all others */
  returned: number | null;
}

/** Start-time fair queueing in the plainest form, with every job of a busy period kept in a list. */
class Model {
  jobs: ModelJob[] = [];
  #virtual = 0;
  #returns = 0;

  accept(id: string, user: string, cost: number): void {
    const before = this.jobs.filter((job) => job.user === user && job.state !== 'cancelled').at(-1);
    const start = Math.max(this.#virtual, before === undefined ? 0 : before.start + before.cost);
    this.jobs.push({ id, user, cost, arrival: this.#virtual, start, state: 'waiting', returned: null });
  }

  waiting(): ModelJob[] {
    const level = (job: ModelJob) => (job.returned === null ? 2 + Math.floor(job.start) : 1);
    return this.jobs
      .filter((job) => job.state === 'waiting')
      .map((job, index) => ({ job, index }))
      .sort(
        (left, right) =>
          level(left.job) - level(right.job) ||
          (left.job.returned ?? left.index) - (right.job.returned ?? right.index),
      )
      .map(({ job }) => job);
  }

  running(): ModelJob[] {
    return this.jobs.filter((job) => job.state === 'running');
  }

  take(): ModelJob | undefined {
    const next = this.waiting()[0];
    if (next === undefined) return undefined;
    next.state = 'running';
    this.#virtual = Math.max(this.#virtual, next.start);
    return next;
  }

  cancel(cancelled: ModelJob): void {
    cancelled.state = 'cancelled';
    let finish = 0;
    for (const job of this.jobs) {
      if (job.user !== cancelled.user || job.state === 'cancelled') continue;
      if (job.state === 'waiting') job.start = Math.max(job.arrival, finish);
      finish = job.start + job.cost;
    }
    this.#forgetWhenEmpty();
  }

  finish(job: ModelJob): void {
    job.state = 'done';
    this.#forgetWhenEmpty();
  }

  giveBack(job: ModelJob): void {
    job.state = 'waiting';
    job.returned = this.#returns += 1;
  }

  #forgetWhenEmpty(): void {
    if (this.jobs.some((job) => job.state === 'waiting' || job.state === 'running')) return;
    this.jobs = [];
    this.#virtual = 0;
  }
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('accept' as const),
      user: fc.constantFrom('1', '2', '3', '4'),
      cost: fc.integer({ min: 1, max: 40 }),
      // Powers of two, so that the plain model's fractions are exact.
      weight: fc.constantFrom(1, 1, 2, 4, 0.5),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('take' as const, 'cancel' as const, 'finish' as const, 'giveBack' as const),
      pick: fc.nat(100),
    }),
  },
);

test('whatever happens, the order is that of start-time fair queueing, and positions tell it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const queue = openQueue();
      const model = new Model();
      try {
        for (const action of steps) {
          if (action.kind === 'accept') {
            const { user, cost, weight } = action;
            model.accept(await queue.accept(user, cost, weight), user, cost / weight);
          } else if (action.kind === 'take') {
            const [taken, next] = [await queue.take(), model.take()?.id ?? null];
            if (taken !== next) throw new Error(`took ${taken} instead of ${next}`);
          } else {
            const from = action.kind === 'cancel' ? model.waiting() : model.running();
            const chosen = from[action.pick % Math.max(1, from.length)];
            if (chosen === undefined) continue;
            await queue[action.kind](chosen.id);
            model[action.kind](chosen);
          }
          const expected = model.waiting().map((job) => job.id);
          expect(await queue.order()).toEqual(expected);
          for (const [index, id] of expected.entries()) {
            expect(await queue.ledger.position(id)).toMatchObject({
              position: index + 1,
              waiting: expected.length,
            });
          }
        }
      } finally {
        await queue.close();
      }
    }),
    { numRuns: 60 },
  );
});

test("nobody's next job runs before somebody's earlier one, however the requests arrive", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('1', '2', '3'), { minLength: 1, maxLength: 30 }),
      async (users) => {
        const queue = openQueue();
        try {
          const turnOf = new Map<string, number>();
          const count: Record<string, number> = {};
          for (const user of users) {
            count[user] = (count[user] ?? 0) + 1;
            turnOf.set(await queue.accept(user, 10), count[user]);
          }
          const turns = (await queue.order()).map((id) => turnOf.get(id) ?? 0);
          expect(turns).toEqual(turns.toSorted((left, right) => left - right));
        } finally {
          await queue.close();
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('a forecast is what the job then gets', async () => {
  const queue = openQueue();
  for (const user of ['1', '1', '1', '2', '3']) await queue.accept(user, 30);
  const before = Date.now();
  const forecast = await queue.ledger.forecast('2', '17b', 30);
  const position = await queue.ledger.position(await queue.accept('2', 30));
  const after = Date.now();
  expect(forecast).toMatchObject({ position: position.position, waiting: position.waiting });
  // The first jobs of three people and the second of the first are before it.
  expect(forecast.position).toBe(5);
  for (const { expectedStartAt } of [forecast, position]) {
    expect(expectedStartAt).toBeGreaterThanOrEqual(before + 120_000);
    expect(expectedStartAt).toBeLessThanOrEqual(after + 120_000);
  }
  await queue.close();
});

test('when levels run out, the base moves up and the order stays', async () => {
  const queue = openQueue();
  const day = 24 * 3600;
  // A busy queue whose virtual time has come to 20 days, of the 24 that fit.
  await queue.accept('0', 20 * day);
  await queue.take();
  const early = await queue.accept('0', 60);
  await queue.take();
  const ids = [early];
  for (const [user, cost] of [
    ['1', 5 * day],
    ['2', 60],
    ['1', 60],
    ['2', 60],
  ] as const) {
    ids.push(await queue.accept(user, cost));
  }
  const before = (await queue.order()).filter((id) => id !== early);
  const level = async (id: string) => Number(await connection.hget(queue.names.record(id), 'share.level'));
  const highest = Math.max(...(await Promise.all(before.map(level))));
  expect(highest).toBeLessThanOrEqual(2_097_151);
  expect(highest).toBe(2 + 5 * day);
  expect(before).toEqual([ids[1], ids[2], ids[4], ids[3]]);
  await queue.close();
});
