import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { apiReply } from '../../../src/queue/contract/generation.ts';
import type { Generation, GenerationEvent } from '../../../src/queue/contract/generation.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { Ledger } from '../../../src/queue/redis/ledger.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import type { GenerationQueue, WorkQueue } from '../../../src/queue/interfaces.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { patience } from '../../support/patience.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

// Processes start and end here; a busy machine takes its time.
let redis: TestRedis;
let number = 0;
let opened: GenerationQueue;
let workers: WorkQueue[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});
afterEach(async () => {
  await Promise.all([opened, ...workers].map((part) => part.close()));
  workers = [];
});

function open(): { queue: GenerationQueue; worker: () => WorkQueue } {
  const config = testConfig(redis.url, redis.folder, `life-${(number += 1)}`);
  const queue = createGenerationQueue(config, silent);
  opened = queue;
  return {
    queue,
    worker() {
      const worker = createWorkQueue(config, silent);
      workers.push(worker);
      return worker;
    },
  };
}

/** Collects deliveries, and resolves `next` when one is complete in the record too. */
async function collect(from: GenerationQueue) {
  const delivered: Generation[] = [];
  const waiting = new Map<string, (generation: Generation) => void>();
  const settle = async (id: string) => {
    const generation = await from.get(id);
    if (generation?.deliveredAt) waiting.get(id)?.(generation);
  };
  await from.watch((event) => {
    if (event.kind !== 'status' || !['delivered', 'failed', 'cancelled'].includes(event.status)) return;
    void settle(event.id);
  });
  await from.consumeDeliveries(async (generation) => {
    delivered.push(generation);
    return { channelId: '3000', messageId: String(9000 + delivered.length) };
  });
  return {
    delivered,
    ending: (id: string) => new Promise<Generation>((resolve) => waiting.set(id, resolve)),
  };
}

test('a request goes from accepted to delivered, once, and every status is heard', async () => {
  const { queue, worker } = open();
  const events: GenerationEvent[] = [];
  await queue.watch((event) => events.push(event));
  const { delivered, ending } = await collect(queue);
  const draft = testDraft('1');
  const end = ending(draft.id);
  await queue.accept(draft);
  expect(await queue.accept(draft)).toMatchObject({ status: 'queued' });
  expect(await queue.position(draft.id)).toMatchObject({ position: 1, waiting: 1, workers: 0 });
  expect(await queue.countWaiting('1')).toBe(1);
  await worker().consume({
    models: ['17b'],
    workerId: 'w1',
    async work(generation, { report }) {
      report({ stage: 'denoise', step: 1, steps: 4, etaSeconds: 3, preview: null });
      // What is not told when the work ends is of no use to anybody any more.
      await expect.poll(() => events.some(({ kind }) => kind === 'progress'), patience).toBe(true);
      expect(generation).toMatchObject({ status: 'running', workerId: 'w1', attempts: 1 });
      return testResult(generation.id, { engineSeconds: 24 });
    },
  });
  const generation = await end;
  expect(generation).toMatchObject({
    status: 'delivered',
    result: { bytes: 1000 },
    reply: { finalChannelId: '3000', finalMessageId: '9001' },
  });
  expect(delivered.map(({ id, status }) => [id, status])).toEqual([[draft.id, 'delivering']]);
  expect(events.filter((event) => event.kind === 'status').map((event) => event.status)).toEqual([
    'queued',
    'running',
    'delivering',
    'delivered',
  ]);
  expect(events.filter((event) => event.kind === 'progress')).toHaveLength(1);
  expect(await queue.countWaiting('1')).toBe(0);
  expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
  // 24 s for 4 steps of 2 passes, which is what this mode makes
  expect(
    await queue.estimateSeconds({ ...draft.request, passes: 2, firstGuessSecondsPerPass: 9 }),
  ).toBeCloseTo(24);
});

test('a deterministic failure is delivered after one attempt, a crash after two', async () => {
  const { queue, worker } = open();
  const { delivered, ending } = await collect(queue);
  const attempts: string[] = [];
  await worker().consume({
    models: ['17b', '1_7b'],
    workerId: 'w1',
    async work({ request }) {
      attempts.push(request.model);
      throw request.model === '17b'
        ? new Failure('out_of_memory', 'out_of_memory', { peakGiB: 80 })
        : new Failure('engine_crashed', 'engine_crashed');
    },
  });
  const [memory, crash] = [testDraft('1'), testDraft('1', { request: { model: '1_7b' } })];
  const ends = Promise.all([ending(memory.id), ending(crash.id)]);
  await queue.accept(memory);
  await queue.accept(crash);
  expect(await ends).toMatchObject([
    { status: 'failed', attempts: 1, failure: { code: 'out_of_memory', context: { peakGiB: 80 } } },
    { status: 'failed', attempts: 2, failure: { code: 'engine_crashed' } },
  ]);
  expect(attempts.sort()).toEqual(['17b', '1_7b', '1_7b']);
  expect(delivered).toHaveLength(2);
});

test('every ending is counted once, by outcome: also of a last try that died with its worker, and of the API’s', async () => {
  const { queue, worker } = open();
  const config = testConfig(redis.url, redis.folder, `life-${number}`);
  const connection = openConnection(config.redis, 'worker', silent);
  const ledger = new Ledger(connection, createNames(config.redis.prefix));
  expect((await queue.depth()).endings).toEqual({});
  const accepted = async (change: Parameters<typeof testDraft>[1] = {}) =>
    (await queue.accept(testDraft('1', change))).id;
  // Two workers took it and died: the comparison of records and jobs puts it back, and whoever takes it then ends it.
  const died = [await accepted(), await accepted({ guildId: null, reply: apiReply })];
  for (const id of died) {
    for (const workerId of ['first', 'second'])
      expect((await ledger.begin(id, workerId)).answer).toBe('begun');
  }
  expect(await queue.reconcile()).toMatchObject({ requeued: 2 });
  const cancelled = await accepted();
  await queue.cancel(cancelled, { code: 'cancelled', identifier: 'cancelled_by_user', context: {} });
  const { ending } = await collect(queue);
  const ends = [await accepted({ costSeconds: 1 }), await accepted({ costSeconds: 2 })].map(ending);
  await worker().consume({
    models: ['17b', '1_7b'],
    workerId: 'w1',
    async work({ id, costSeconds }) {
      if (costSeconds === 2) throw new Failure('out_of_memory', 'out_of_memory');
      return testResult(id);
    },
  });
  await Promise.all(ends);
  for (const id of died) {
    expect(await queue.get(id)).toMatchObject({
      status: 'failed',
      attempts: 2,
      failure: { code: 'engine_crashed' },
    });
  }
  const expected = { engine_crashed: 2, cancelled: 1, done: 1, out_of_memory: 1 };
  expect((await queue.depth()).endings).toEqual(expected);
  connection.disconnect();
});

test('two models on one worker take turns, one job at a time', async () => {
  const { queue, worker } = open();
  const { ending } = await collect(queue);
  const drafts = [
    ...Array.from({ length: 4 }, () => testDraft('1')),
    ...Array.from({ length: 2 }, () => testDraft('2', { request: { model: '1_7b' } })),
  ];
  const ends = Promise.all(drafts.map(({ id }) => ending(id)));
  for (const draft of drafts) await queue.accept(draft);
  const order: string[] = [];
  let atOnce = 0;
  let most = 0;
  await worker().consume({
    models: ['17b', '1_7b'],
    workerId: 'w1',
    async work({ id, request }) {
      order.push(request.model);
      most = Math.max(most, (atOnce += 1));
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return testResult(id);
    },
  });
  await ends;
  expect(most).toBe(1);
  expect(order).toEqual(['17b', '1_7b', '17b', '1_7b', '17b', '17b']);
});

test('a worker that cannot work takes nothing, and another one does', async () => {
  const { queue, worker } = open();
  const { ending } = await collect(queue);
  const draft = testDraft('1');
  const end = ending(draft.id);
  let tries = 0;
  await worker().consume({
    models: ['17b'],
    workerId: 'broken',
    prepare: async () => {
      tries += 1;
      throw new Failure('weights_missing', 'weights_missing');
    },
    work: async ({ id }) => testResult(id),
  });
  await expect.poll(() => tries).toBe(1);
  await queue.accept(draft);
  await worker().consume({ models: ['17b'], workerId: 'sound', work: async ({ id }) => testResult(id) });
  expect(await end).toMatchObject({ workerId: 'sound', attempts: 1 });
});

test('what is not a Failure is internal, tried once more, and its message reaches nobody', async () => {
  const { queue, worker } = open();
  const { ending } = await collect(queue);
  const draft = testDraft('1');
  const end = ending(draft.id);
  await queue.accept(draft);
  await worker().consume({
    models: ['17b'],
    workerId: 'w1',
    work: async () => {
      throw new Error('a secret path');
    },
  });
  const generation = await end;
  expect(generation).toMatchObject({ status: 'failed', attempts: 2, failure: { code: 'internal' } });
  expect(JSON.stringify(generation)).not.toContain('secret');
});

test('waiting times count the workers, what runs and what is ahead', async () => {
  const { queue, worker } = open();
  const started: (() => void)[] = [];
  const take = (workerId: string) =>
    worker().consume({
      models: ['17b'],
      workerId,
      work: async ({ id }, { signal }) => {
        started.push(() => undefined);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return testResult(id);
      },
    });
  const drafts = Array.from({ length: 4 }, () => testDraft('1', { costSeconds: 100 }));
  for (const draft of drafts) await queue.accept(draft);
  const before = Date.now();
  await take('left');
  await take('right');
  await expect.poll(() => started.length).toBe(2);
  const [first, , third, fourth] = await Promise.all(drafts.map(({ id }) => queue.position(id)));
  const after = Date.now();
  /** The seconds are counted from when work began and the question was asked, both of which lie in between. */
  const expectSeconds = (instant: number | undefined, seconds: number): void => {
    expect(instant).toBeGreaterThanOrEqual(before + seconds * 1000);
    expect(instant).toBeLessThanOrEqual(after + seconds * 1000);
  };
  expect(first).toMatchObject({ position: 0, waiting: 2, workers: 2 });
  expect(third).toMatchObject({ position: 1, waiting: 2, workers: 2 });
  expectSeconds(first?.expectedEndAt, 100);
  // 200 s of running work on two workers, and one more job of 100 s before the last.
  expectSeconds(third?.expectedStartAt, 100);
  expectSeconds(fourth?.expectedStartAt, 150);
  expectSeconds(fourth?.expectedEndAt, 250);
});

test('a cancel between the taking of a job and its start is heeded', async () => {
  const { queue, worker } = open();
  const { ending, delivered } = await collect(queue);
  const draft = testDraft('1');
  const end = ending(draft.id);
  await queue.accept(draft);
  // Cancelled, while its job stays where it is: as if a worker had just taken it.
  const config = testConfig(redis.url, redis.folder, `life-${number}`);
  const connection = openConnection(config.redis, 'worker', silent);
  const reason = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;
  await new Ledger(connection, createNames(config.redis.prefix)).cancel(draft.id, reason);
  connection.disconnect();
  let worked = false;
  await worker().consume({
    models: ['17b'],
    workerId: 'w1',
    async work({ id }) {
      worked = true;
      return testResult(id);
    },
  });
  expect(await end).toMatchObject({ status: 'cancelled', failure: reason });
  expect(worked).toBe(false);
  expect(delivered).toHaveLength(1);
});
