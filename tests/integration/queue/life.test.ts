import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import type { Generation, GenerationEvent } from '../../../src/queue/contract.ts';
import { createGenerationQueue } from '../../../src/queue/generation-queue.ts';
import type { GenerationQueue, WorkQueue } from '../../../src/queue/queue.ts';
import { createWorkQueue } from '../../../src/queue/work-queue.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

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
  // 24 s for 4 steps of 3 passes
  expect(
    await queue.estimateSeconds({ ...draft.request, passes: 3, firstGuessSecondsPerPass: 9 }),
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
