import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import type { Generation, NewGeneration } from '../../../src/queue/contract/generation.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { Ledger } from '../../../src/queue/redis/ledger.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import type { Names } from '../../../src/queue/redis/names.ts';
import { machineOf, paceKey } from '../../../src/queue/order/pace.ts';
import type { GenerationQueue } from '../../../src/queue/interfaces.ts';
import { NotBefore } from '../../../src/queue/delivery/not-before.ts';
import { Tickets } from '../../../src/queue/order/tickets.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { openDesk } from '../../support/desk.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { patience } from '../../support/patience.ts';

// Processes start and end here; a busy machine takes its time.
let redis: TestRedis;
let folder: string;
const open: GenerationQueue[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-queue-'));
  redis = await startRedis({ appendOnly: true });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.close()));
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

function openQueue(): GenerationQueue {
  const queue = createGenerationQueue(testConfig(redis.url, folder), silent);
  open.push(queue);
  return queue;
}

/** The steps of a bot and a worker, one at a time, to stop between any two of them as a crash would. */
async function withSteps<T>(
  work: (steps: { ledger: Ledger; tickets: Tickets; names: Names; connection: Redis }) => Promise<T>,
): Promise<T> {
  const connection = openConnection(redis, 'worker', silent);
  const names = createNames('test');
  const tickets = new Tickets(connection, names, silent);
  try {
    return await work({ ledger: new Ledger(connection, names), tickets, names, connection });
  } finally {
    await tickets.close();
    connection.disconnect();
  }
}

/** A finished generation whose worker died before it could add the delivery. */
async function finishedWithoutDelivery(): Promise<string> {
  return withSteps(async ({ ledger }) => {
    const draft = testDraft('1');
    await ledger.accept(draft);
    await ledger.begin(draft.id, 'w');
    await ledger.finish({ id: draft.id, workerId: 'w', attempts: 1 }, { result: testResult(draft.id) });
    return draft.id;
  });
}

test('a record without a job gets one, a finished one without a delivery too, and only once', async () => {
  const queue = openQueue();
  const draft = testDraft('1');
  await withSteps(({ ledger }) => ledger.accept(draft));
  const finished = await finishedWithoutDelivery();
  expect(await queue.reconcile()).toEqual({ requeued: 1, redelivered: 1, failed: 0 });
  expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
  expect(await queue.position(draft.id)).toMatchObject({ position: 1, waiting: 1 });
  const desk = await openDesk(queue);
  expect(await desk.ending(finished)).toMatchObject({ status: 'delivered' });
  expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
  expect(desk.deliveries).toEqual([finished]);
});

test('running, and no job and no worker is left: it waits again, and the third worker only looks for what was stored', async () => {
  const queue = openQueue();
  const desk = await openDesk(queue);
  const begin = async (draft: NewGeneration) =>
    withSteps(async ({ ledger }) => {
      await ledger.accept(draft);
      await ledger.begin(draft.id, 'gone');
      expect(await queue.reconcile()).toMatchObject({ requeued: 1 });
      expect(await queue.get(draft.id)).toMatchObject({ status: 'queued', attempts: 1, workerId: null });
      expect(await queue.position(draft.id)).toMatchObject({ position: 1, waiting: 1 });
      expect(await ledger.begin(draft.id, 'also gone')).toEqual({ answer: 'begun', attempts: 2 });
      expect(await queue.reconcile()).toMatchObject({ requeued: 1 });
    });
  const [lost, stored] = [testDraft('1'), testDraft('2')];
  await begin(lost);
  const worked: string[] = [];
  const works = createWorkQueue(testConfig(redis.url, folder), silent);
  await works.consume({
    models: ['17b'],
    workerId: 'third',
    work: async ({ id }) => {
      worked.push(id);
      return testResult(id);
    },
    recall: async ({ id }) => (id === stored.id ? testResult(id) : null),
  });
  expect(await desk.ending(lost.id)).toMatchObject({
    status: 'failed',
    failure: { code: 'engine_crashed' },
    attempts: 2,
  });
  await works.close();
  await begin(stored);
  const next = createWorkQueue(testConfig(redis.url, folder), silent);
  await next.consume({
    models: ['17b'],
    workerId: 'fourth',
    work: async ({ id }) => testResult(id),
    recall: async ({ id }) => testResult(id),
  });
  expect(await desk.ending(stored.id)).toMatchObject({ status: 'delivered', attempts: 2 });
  await next.close();
  expect(worked).toEqual([]);
  expect(desk.deliveries).toEqual([lost.id, stored.id]);
});

test('the reports of a worker that no longer has the job change nothing', async () => {
  const draft = testDraft('1');
  await withSteps(async ({ ledger }) => {
    await ledger.accept(draft);
    await ledger.begin(draft.id, 'slow');
    await ledger.begin(draft.id, 'new');
    const slow = { id: draft.id, workerId: 'slow', attempts: 1 };
    await ledger.progress(slow, { stage: 'denoise', step: 1, steps: 2, etaSeconds: null, preview: null });
    expect(await ledger.finish(slow, { result: testResult(draft.id) })).toBe('running');
    expect(await ledger.giveBack(slow, false)).toBe('running');
    expect(await ledger.get(draft.id)).toMatchObject({ workerId: 'new', progress: null, result: null });
    const held = { id: draft.id, workerId: 'new', attempts: 2 };
    expect(await ledger.finish(held, { result: testResult(draft.id) })).toBe('delivering');
    expect(await ledger.finish(held, { result: testResult(draft.id) })).toBe('delivering');
  });
});

test('a cancel that was promised stands, even when the video is done first', async () => {
  const queue = openQueue();
  const draft = testDraft('1');
  const reason = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;
  await withSteps(async ({ ledger }) => {
    await ledger.accept(draft);
    await ledger.begin(draft.id, 'w');
    expect(await queue.cancel(draft.id, reason)).toBe('signalled');
    const held = { id: draft.id, workerId: 'w', attempts: 1 };
    expect(await ledger.finish(held, { result: testResult(draft.id) })).toBe('cancelled');
  });
  expect(await queue.get(draft.id)).toMatchObject({ status: 'cancelled', result: null, failure: reason });
});

test('the same delivery, run twice, posts once', async () => {
  const queue = openQueue();
  const id = await finishedWithoutDelivery();
  await queue.reconcile();
  const desk = await openDesk(queue);
  await desk.ending(id);
  await withSteps(async ({ tickets }) => {
    await tickets.addDelivery(id);
    await expect.poll(() => tickets.isDeliveryAlive(id)).toBe(false);
  });
  expect(desk.deliveries).toEqual([id]);
});

test('a delivery that fails is tried again; one that is hopeless is not', async () => {
  const queue = openQueue();
  const [stubborn, hopeless] = [await finishedWithoutDelivery(), await finishedWithoutDelivery()];
  const tries: string[] = [];
  await queue.consumeDeliveries(async ({ id }) => {
    tries.push(id);
    if (id === hopeless) throw new Failure('undeliverable', 'direct_messages_closed');
    if (tries.filter((other) => other === id).length < 2) throw new Error('Discord is away');
    return null;
  });
  await queue.reconcile();
  await expect.poll(async () => (await queue.get(stubborn))?.status, patience).toBe('delivered');
  await expect
    .poll(() => queue.get(hopeless))
    .toMatchObject({
      status: 'failed',
      deliveredAt: null,
      failure: { identifier: 'direct_messages_closed' },
    });
  expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
  expect(tries.toSorted()).toEqual([stubborn, stubborn, hopeless].toSorted());
});

test('a bot that goes while it sends: the next one sends', async () => {
  const id = await finishedWithoutDelivery();
  const first = openQueue();
  const sending = Promise.withResolvers<void>();
  await first.consumeDeliveries(() => {
    sending.resolve();
    return new Promise(() => undefined);
  });
  await first.reconcile();
  await sending.promise;
  const closing = first.close();
  const desk = await openDesk(openQueue());
  expect(await desk.ending(id)).toMatchObject({ status: 'delivered' });
  expect(desk.deliveries).toEqual([id]);
  await closing;
});

test('after an outage of Redis a watcher hears where everything stands', async () => {
  const queue = openQueue();
  const draft = testDraft('1');
  await queue.accept(draft);
  const heard: string[] = [];
  await queue.watch((event) => heard.push(event.kind === 'status' ? event.status : event.kind));
  expect(heard).toEqual(['queued']);
  await redis.kill();
  await redis.restart();
  await expect.poll(() => heard, patience).toEqual(['queued', 'queued']);
});

test('changes of the reply by two hands do not undo each other, and an expired record stays gone', async () => {
  const queue = openQueue();
  const draft = testDraft('1');
  await queue.accept(draft);
  await Promise.all([
    queue.updateReply(draft.id, { statusMessageId: '77' }),
    queue.updateReply(draft.id, { interactionToken: 'token', tokenExpiresAt: 5 }),
  ]);
  expect((await queue.get(draft.id))?.reply).toEqual({
    ...draft.reply,
    statusMessageId: '77',
    interactionToken: 'token',
    tokenExpiresAt: 5,
  });
  const other = testDraft('1').id;
  await queue.updateReply(other, { statusMessageId: '77' });
  expect(await queue.get(other)).toBeNull();
});

test('lists are newest first, by person, server and status, page by page', async () => {
  const queue = openQueue();
  const drafts = [
    testDraft('1', { guildId: '20' }),
    testDraft('1', { guildId: null }),
    testDraft('2', { guildId: '20' }),
    testDraft('1', { guildId: '20' }),
  ];
  for (const draft of drafts) await queue.accept(draft);
  await queue.cancel(drafts[3]?.id ?? '', { code: 'cancelled', identifier: 'cancelled', context: {} });
  const places = async (filter: Parameters<GenerationQueue['list']>[0]) =>
    (await queue.list(filter)).map(({ id }) => drafts.findIndex((draft) => draft.id === id));
  expect(await places({})).toEqual([3, 2, 1, 0]);
  expect(await places({ userId: '1' })).toEqual([3, 1, 0]);
  expect(await places({ userId: '1', guildId: '20' })).toEqual([3, 0]);
  expect(await places({ guildId: '20', statuses: ['queued'] })).toEqual([2, 0]);
  expect(await places({ limit: 2 })).toEqual([3, 2]);
  expect(await places({ limit: 2, before: drafts[2]?.id ?? '' })).toEqual([1, 0]);
  expect(await queue.countWaiting('1')).toBe(2);
});

test('without Redis every call fails, and works again when it is back', async () => {
  const queue = openQueue();
  await queue.health();
  await redis.kill();
  // What was on its way when Redis went may have been accepted.
  await expect(queue.accept(testDraft('1'))).rejects.toThrow(/not known|retries|closed|timed out/);
  await expect(queue.accept(testDraft('1'))).rejects.toThrow(/retries|closed|timed out/);
  await expect(queue.health()).rejects.toThrow(/retries|closed|timed out/);
  await redis.restart();
  await expect
    .poll(
      () =>
        queue.health().then(
          () => 'well',
          () => 'ill',
        ),
      patience,
    )
    .toBe('well');
  await queue.accept(testDraft('1'));
});

test('machines of several kinds have a pace each: the estimate is that of who would take the job', async () => {
  const queue = openQueue();
  const { request } = testDraft('1');
  const { model } = request;
  const work = { ...request, passes: 1, firstGuessSecondsPerPass: 2 };
  const seconds = (pace: number) => expect.closeTo(pace * request.steps, 3);
  await withSteps(async ({ ledger, names, connection }) => {
    const alive = async (id: string, machine: string) => {
      await connection.zadd(names.workers(model), Date.now() + 600_000, id);
      await connection.set(names.worker(id), JSON.stringify({ machine }));
    };
    const [one, two] = [machineOf({ device: 'A' }), machineOf({ device: 'A', gpus: 2 })];
    // Two that nothing is known of, which make a clip together: half of what one GPU is said to take.
    await alive('b', two);
    expect(await queue.estimate(work)).toEqual({ seconds: seconds(1), guess: true });
    const take = { shots: [97, 97], preRoll: 0, windows: 2, units: 3 };
    expect(await queue.estimate({ ...work, take, units: 3 })).toEqual({ seconds: seconds(3), guess: true });
    const windows = { ...take, windows: 3 }; // these the first GPU makes alone
    expect(await queue.estimate({ ...work, take: windows, units: 3 })).toEqual({
      seconds: seconds(6),
      guess: true,
    });
    await ledger.learn(paceKey(request), one, 12);
    // Of another machine: better than nothing, and a guess.
    expect(await queue.estimate(work)).toEqual({ seconds: seconds(12), guess: true });
    await ledger.learn(paceKey(request), two, 6);
    expect(await queue.estimate(work)).toEqual({ seconds: seconds(6), guess: false });
    // In a minute the one makes five passes and the other ten: four seconds a pass together, eight for each of the two.
    await alive('a', one);
    expect(await queue.estimate(work)).toEqual({ seconds: seconds(8), guess: false });
    // Nobody waits, and one is free: it is that one's.
    const id = (await queue.accept(testDraft('1'))).id;
    await ledger.begin(id, 'b');
    expect(await queue.estimate(work)).toEqual({ seconds: seconds(12), guess: false });
    await queue.accept(testDraft('2'));
    expect(await queue.estimate(work)).toEqual({ seconds: seconds(8), guess: false });
    expect((await queue.position(id)).measured).toBe(true);
  });
});

test('the estimate starts as a guess and then follows what was measured, a third at a time', async () => {
  const queue = openQueue();
  const { request } = testDraft('1');
  const work = { ...request, passes: 3, firstGuessSecondsPerPass: 2 };
  const passes = request.steps * 3;
  expect(await queue.estimateSeconds(work)).toBe(2 * passes);
  await withSteps(async ({ ledger }) => {
    await ledger.learn(paceKey(request), null, 10);
    expect(await queue.estimateSeconds(work)).toBeCloseTo(10 * passes);
    await ledger.learn(paceKey(request), null, 20);
    expect(await queue.estimateSeconds(work)).toBeCloseTo(13 * passes);
  });
  expect(await queue.estimateSeconds({ ...work, steps: 50 })).toBe(2 * 50 * 3);
});

test(
  'what waits a day for its next delivery and is abandoned goes out at once, as something that was stopped',
  async () => {
    const queue = openQueue();
    const id = await finishedWithoutDelivery();
    const [refused, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<Generation>()];
    await queue.consumeDeliveries(async (generation) => {
      if (generation.failure !== null) {
        stopped.resolve(generation);
        return { channelId: '1', messageId: '2' };
      }
      refused.resolve();
      throw new NotBefore(24 * 3600_000, {});
    });
    await queue.reconcile();
    await refused.promise;
    const failure = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;
    await queue.abandon(id, failure);
    expect(await stopped.promise).toMatchObject({
      status: 'cancelled',
      failure,
      deletedAt: expect.any(Number),
    });
    await vi.waitFor(async () => expect((await queue.get(id))?.deliveredAt).not.toBeNull(), patience);
    // There is nothing more to be abandoned.
    await queue.abandon(id, { ...failure, identifier: 'cancelled_by_moderator' });
    expect(await queue.get(id)).toMatchObject({ failure });
  },
  patience.timeout,
);
