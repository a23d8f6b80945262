import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { apiReply } from '../../../src/queue/contract/generation.ts';
import type { GenerationEvent } from '../../../src/queue/contract/generation.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { Ledger } from '../../../src/queue/redis/ledger.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import type { GenerationQueue, WorkQueue } from '../../../src/queue/interfaces.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { openDesk } from '../../support/desk.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

/** What came over the API has nobody to be delivered to: it is complete in the moment its result is stored. */

let redis: TestRedis;
let folder: string;
let queue: GenerationQueue;
let works: WorkQueue;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-queue-'));
  redis = await startRedis();
  queue = createGenerationQueue(testConfig(redis.url, folder), silent);
  works = createWorkQueue(testConfig(redis.url, folder), silent);
});
afterEach(async () => {
  await Promise.all([queue.close(), works.close()]);
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

const draftOf = (userId: string) => testDraft(userId, { guildId: null, reply: apiReply });

/** Resolves with every status that the generation had, once it has one of the last three. */
async function statusesOf(id: string): Promise<() => Promise<string[]>> {
  const seen: string[] = [];
  const ended = Promise.withResolvers<string[]>();
  await queue.watch((event: GenerationEvent) => {
    if (event.id !== id || event.kind !== 'status' || seen.at(-1) === event.status) return;
    seen.push(event.status);
    if (['delivered', 'failed', 'cancelled'].includes(event.status)) ended.resolve(seen);
  });
  return () => ended.promise;
}

/** ids of the deliveries that anybody would have to make */
async function waitingDeliveries(): Promise<string[]> {
  const connection = openConnection(redis, 'producer', silent);
  try {
    return await connection.keys('test:deliveries:d-*');
  } finally {
    connection.disconnect();
  }
}

test('a finished one is delivered without anybody, and no delivery is left lying', async () => {
  const draft = draftOf('1');
  const statuses = await statusesOf(draft.id);
  await queue.accept(draft);
  await works.consume({ models: ['17b'], workerId: 'w', work: async ({ id }) => testResult(id) });
  expect(await statuses()).toEqual(['queued', 'running', 'delivered']);
  const generation = await queue.get(draft.id);
  expect(generation?.result?.video).toBe(`videos/${draft.id}.mp4`);
  expect(generation?.deliveredAt).toBe(generation?.finishedAt);
  expect(await queue.countWaiting('1')).toBe(0);
  expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
  expect(await waitingDeliveries()).toEqual([]);
});

test('one that fails, and one that is cancelled while it waits or runs, end for good as well', async () => {
  const [waiting, running, failing] = [draftOf('1'), draftOf('1'), draftOf('1')];
  await queue.accept(waiting);
  expect(await queue.cancel(waiting.id, { code: 'cancelled', identifier: 'x', context: {} })).toBe(
    'cancelled',
  );
  expect((await queue.get(waiting.id))?.deliveredAt).not.toBeNull();

  const begun = Promise.withResolvers<void>();
  const ends = [await statusesOf(running.id), await statusesOf(failing.id)];
  await queue.accept(running);
  await works.consume({
    models: ['17b'],
    workerId: 'w',
    async work({ id }, { signal }) {
      if (id === failing.id) throw new Failure('out_of_memory', 'out_of_memory');
      begun.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
  });
  await begun.promise;
  expect(await queue.cancel(running.id, { code: 'cancelled', identifier: 'x', context: {} })).toBe(
    'signalled',
  );
  await queue.accept(failing);
  expect(await Promise.all(ends.map((end) => end()))).toEqual([
    ['queued', 'running', 'cancelled'],
    ['queued', 'running', 'failed'],
  ]);
  expect((await queue.get(failing.id))?.failure?.code).toBe('out_of_memory');
  expect(await waitingDeliveries()).toEqual([]);
});

test('a worker that dies between storing and tidying up leaves nothing to deliver, and nobody does it twice', async () => {
  const connection = openConnection(redis, 'worker', silent);
  const ledger = new Ledger(connection, createNames('test'));
  const draft = draftOf('1');
  await queue.accept(draft);
  await ledger.begin(draft.id, 'dead');
  await ledger.finish({ id: draft.id, workerId: 'dead', attempts: 1 }, { result: testResult(draft.id) });
  connection.disconnect();
  expect((await queue.get(draft.id))?.status).toBe('delivered');

  const worked: string[] = [];
  const desk = await openDesk(queue);
  const next = testDraft('1');
  // The dead worker's job lies before this one: both have gone through the worker when this one ends.
  await works.consume({
    models: ['17b'],
    workerId: 'w',
    work: async ({ id }) => {
      worked.push(id);
      return testResult(id);
    },
  });
  await queue.accept(next);
  await desk.ending(next.id);
  expect(worked).toEqual([next.id]);
  expect(desk.deliveries).toEqual([next.id]);
});
