import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Generation, StoredFailure } from '../../../src/queue/contract/generation.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import type { GenerationQueue } from '../../../src/queue/interfaces.ts';
import { createFileStore } from '../../../src/storage/file-store.ts';
import { openDesk } from '../../support/desk.ts';
import type { Desk } from '../../support/desk.ts';
import { silent, testConfig, testDraft } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import type { EngineScript } from '../../support/scripted-engine.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';
import type { WorkerProcess, WorkerProcessOptions } from '../../support/worker-process.ts';
import { patience } from '../../support/patience.ts';

// Processes start and end here; a busy machine takes its time.
/** Everything here kills what it says: processes of their own, a real Redis, locks of one second. */
let redis: TestRedis;
let folder: string;
let queue: GenerationQueue;
let desk: Desk;
const started: WorkerProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-crash-'));
  await mkdir(join(folder, 'gates'));
  redis = await startRedis({ appendOnly: true });
  queue = createGenerationQueue(testConfig(redis.url, folder), silent);
  desk = await openDesk(queue);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((worker) => worker.end('SIGKILL')));
  await queue.close();
  await redis.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function startWorker(
  name: string,
  script: EngineScript = {},
  more: Pick<WorkerProcessOptions, 'stopAfterStoring' | 'failingEncodes' | 'failingStores'> = {},
) {
  const process = startWorkerProcess({
    redisUrl: redis.url,
    prefix: 'test',
    folder,
    name,
    script: { journal: join(folder, 'journal'), ...script },
    ...more,
  });
  started.push(process);
  await process.ready;
  return process;
}

async function accept(): Promise<string> {
  const draft = testDraft('1');
  await queue.accept(draft);
  return draft.id;
}

/** ids of the requests that engines have begun, in order */
async function journal(): Promise<string[]> {
  return (await readFile(join(folder, 'journal'), 'utf8')).trim().split('\n');
}

const gate = (mark = 'reached') => ({
  gate: { beforeStep: 3, file: join(folder, 'gates', 'open') },
  reached: join(folder, mark),
});
const reached = (mark = 'reached') => expect.poll(() => existsSync(join(folder, mark)), patience).toBe(true);
const openGate = () => writeFile(join(folder, 'gates', 'open'), '');

/** Waits for the final message of a generation and makes sure that there is one of it. @returns the record */
async function expectOneDelivery(id: string): Promise<Generation> {
  const generation = await desk.ending(id);
  // Whoever looks for lost work finds none, and no job is left over.
  expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
  expect(desk.deliveries).toEqual([id]);
  expect(await queue.countWaiting('1')).toBe(0);
  return generation;
}

/** Six shots of five frames. */
const sixShots = { frames: 30, take: { shots: [5, 5, 5, 5, 5, 5], preRoll: 4, windows: 6, units: 1 } };
const shotFiles = async (id: string) =>
  (await createFileStore(join(folder, 'artifacts')).list(`shots/${id}/`)).map(({ key }) => key.split('/')[2]);

test('worker killed at shot 5 of 6: another one goes on there, and nothing of the shots is left', async () => {
  const first = await startWorker('first', { ...gate(), only: '-5' });
  const { id } = await queue.accept(testDraft('1', { request: sixShots }));
  await reached();
  expect(new Set((await shotFiles(id)).filter((name) => name?.endsWith('.json')))).toEqual(
    new Set(['1', '2', '3', '4'].map((number) => `${number}.json`)),
  );
  await first.end('SIGKILL');
  // One of them was damaged meanwhile: it is made again.
  await writeFile(join(folder, 'artifacts', 'shots', id, '2.mkv'), 'half of it');
  await openGate();
  await startWorker('second');
  const made = await expectOneDelivery(id);
  expect(made).toMatchObject({ status: 'delivered', attempts: 2, workerId: 'second' });
  const shots = (numbers: number[]) => numbers.map((number) => `${id}-${number}`);
  expect(await journal()).toEqual(shots([1, 2, 3, 4, 5, 2, 5, 6]));
  expect(await shotFiles(id)).toEqual([]);
});

test('a take of several shots that is cancelled between them ends there', async () => {
  await startWorker('first', { ...gate(), only: '-3' });
  const { id } = await queue.accept(testDraft('1', { request: sixShots }));
  await reached();
  await queue.cancel(id, { code: 'cancelled', identifier: 'cancelled_by_user', context: {} });
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'cancelled' });
  expect(await journal()).toEqual([1, 2, 3].map((number) => `${id}-${number}`));
});

test('what ffmpeg fails at twice is the end; at once, it is encoded again from the same frames, and a store that is away then is asked again', async () => {
  const failingEncodes = { times: 3, words: 'Conversion failed!' };
  await startWorker('only', {}, { failingEncodes, failingStores: 2 });
  const twice = await accept();
  expect(await expectOneDelivery(twice)).toMatchObject({
    status: 'failed',
    attempts: 1,
    failure: { identifier: 'video_not_packed' },
  });
  const once = await accept();
  expect(await desk.ending(once)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(desk.deliveries).toEqual([twice, once]);
  // No GPU makes the same frames twice.
  expect(await journal()).toEqual([twice, once]);
});

test('a machine whose disk is full leaves the video to another one', async () => {
  const failingEncodes = { times: 100, words: 'No space left on device' };
  await startWorker('first', gate(), { failingEncodes });
  const id = await accept();
  await reached();
  await startWorker('second');
  await openGate();
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'delivered', workerId: 'second' });
});

test('a volume that is gone makes all wait for it, and none fail', async () => {
  const [there, away] = [join(folder, 'artifacts'), join(folder, 'artifacts-away')];
  const store = createFileStore(there);
  const image = 'inputs/01J00000000000000000000000/image-1.png';
  await store.put(image, Buffer.from('a picture'));
  const worker = await startWorker('first');
  await rename(there, away);
  const ids = [];
  for (const user of ['1', '2', '3']) {
    const draft = testDraft(user, { request: { images: [image] } });
    await queue.accept(draft);
    ids.push(draft.id);
  }
  const isUnable = () => worker.log.some(({ msg }) => String(msg).startsWith('this worker cannot work now'));
  await expect.poll(isUnable, patience).toBe(true);
  for (const id of ids) expect(await queue.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
  // Whoever looked has made an empty folder of the name, as a container does.
  await rm(there, { recursive: true, force: true });
  await rename(away, there);
  for (const id of ids) expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect((await journal()).toSorted()).toEqual(ids.toSorted());
});

test('worker killed between storing and completing: the stored video is delivered, no GPU is used again', async () => {
  const stored = join(folder, 'stored');
  const first = await startWorker('first', {}, { stopAfterStoring: stored });
  const id = await accept();
  await expect.poll(() => existsSync(stored), patience).toBe(true);
  await first.end('SIGKILL');
  await startWorker('second');
  expect(await expectOneDelivery(id)).toMatchObject({
    status: 'delivered',
    result: { video: `videos/${id}.mp4` },
  });
  expect(await journal()).toEqual([id]);
});

test('a worker that dies twice on the same request ends it, with a reason', async () => {
  const first = await startWorker('first', gate());
  const id = await accept();
  await reached();
  await first.end('SIGKILL');
  await rm(join(folder, 'reached'));
  const second = await startWorker('second', gate());
  await reached();
  await second.end('SIGKILL');
  await startWorker('third');
  expect(await expectOneDelivery(id)).toMatchObject({
    status: 'failed',
    attempts: 2,
    failure: { code: 'engine_crashed' },
  });
  expect(await journal()).toEqual([id, id]);
});

test('engine killed: one more try, on a new engine', async () => {
  await startWorker('only', { dieAtStep: 2, dieOnce: join(folder, 'died') });
  const id = await accept();
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'delivered', attempts: 2 });
  expect(await journal()).toEqual([id, id]);
});

test('Redis killed and restarted while a request waits: it is not lost', async () => {
  const id = await accept();
  await redis.kill();
  await expect(queue.get(id)).rejects.toThrow(/retries|closed/);
  await redis.restart();
  await startWorker('only');
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'delivered', attempts: 1 });
});

test('SIGTERM puts the job back at once, and the next worker does not wait for a lock', async () => {
  const first = await startWorker('first', gate());
  const id = await accept();
  await reached();
  first.child.kill('SIGTERM');
  expect(await desk.status(id, 'queued')).toMatchObject({ attempts: 0, workerId: null });
  // What takes longer than ten seconds ends with 1.
  expect(await first.ended).toBe(0);
  await openGate();
  await startWorker('second');
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'delivered', attempts: 1, workerId: 'second' });
});

test('cancel while it waits, and while it runs', async () => {
  const reason: StoredFailure = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} };
  const running = await accept();
  const waiting = await accept();
  expect(await queue.cancel(waiting, reason)).toBe('cancelled');
  expect(await queue.cancel(waiting, reason)).toBe('finished');
  await startWorker('only', gate());
  await reached();
  expect(await queue.cancel(running, reason)).toBe('signalled');
  for (const id of [waiting, running]) {
    expect(await desk.ending(id)).toMatchObject({ status: 'cancelled', failure: reason });
  }
  expect(desk.deliveries.toSorted()).toEqual([running, waiting].toSorted());
  expect(await journal()).toEqual([running]);
  // Nobody has any use for a picture of what never came to be.
  expect(await createFileStore(join(folder, 'artifacts')).list('previews/')).toEqual([]);
  expect(await queue.cancel('01ARZ3NDEKTSV4RRFFQ69G5FAV', reason)).toBe('unknown');
});

test('two workers, twenty jobs: each once, on both', async () => {
  await Promise.all([startWorker('left', gate('left')), startWorker('right', gate('right'))]);
  const ids = await Promise.all(Array.from({ length: 20 }, accept));
  // Neither goes on before the other has one: else the quicker one might make all.
  await Promise.all([reached('left'), reached('right')]);
  await openGate();
  const records = await Promise.all(ids.map((id) => desk.ending(id)));
  expect(new Set(records.map((record) => record.workerId))).toEqual(new Set(['left', 'right']));
  expect(records.every((record) => record.status === 'delivered' && record.attempts === 1)).toBe(true);
  expect((await journal()).toSorted()).toEqual(ids.toSorted());
  expect(desk.deliveries.toSorted()).toEqual(ids.toSorted());
});

test('Redis away for longer than a lock lives: nobody starts again, and the video is delivered', async () => {
  await startWorker('only', gate());
  const id = await accept();
  await reached();
  const connection = openConnection(redis, 'worker', silent);
  const lock = `test:generations.17b:g-${id}:lock`;
  const lapsesAt = Date.now() + (await connection.pttl(lock));
  await redis.kill();
  // Nothing but the passing of time lets a lock lapse.
  await delay(lapsesAt - Date.now() + 100);
  await redis.restart();
  await expect.poll(() => connection.exists(lock), patience).toBe(1);
  connection.disconnect();
  await openGate();
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(await journal()).toEqual([id]);
});

test('a machine that is lost while nobody else works: the request waits again, and says so', async () => {
  const first = await startWorker('first', gate());
  const id = await accept();
  await reached();
  await first.end('SIGKILL');
  await expect
    .poll(async () => {
      await queue.reconcile();
      return queue.get(id);
    }, patience)
    .toMatchObject({ status: 'queued', workerId: null, attempts: 1 });
  await startWorker('second');
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'delivered', attempts: 2 });
});

test('cancelled after its machine was lost, with nobody there to hear it: the person still gets the last word', async () => {
  const reason: StoredFailure = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} };
  const first = await startWorker('first', gate());
  const id = await accept();
  await reached();
  await first.end('SIGKILL');
  expect(await queue.cancel(id, reason)).toBe('signalled');
  await expect.poll(async () => (await queue.reconcile()).failed, patience).toBe(1);
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'cancelled', failure: reason });
  // A worker that comes back later finds nothing to do.
  await startWorker('second');
  const next = await accept();
  expect(await desk.ending(next)).toMatchObject({ status: 'delivered' });
  expect(await journal()).toEqual([id, next]);
});

test('SIGTERM while the store hangs: the job is back at once, and the worker is gone within ten seconds', async () => {
  const stored = join(folder, 'stored');
  const first = await startWorker('first', {}, { stopAfterStoring: stored });
  const id = await accept();
  await expect.poll(() => existsSync(stored), patience).toBe(true);
  await startWorker('second');
  first.child.kill('SIGTERM');
  expect(await expectOneDelivery(id)).toMatchObject({ status: 'delivered', workerId: 'second', attempts: 1 });
  // What takes longer than ten seconds ends with 1.
  expect(await first.ended).toBe(0);
  expect(await journal()).toEqual([id]);
});
