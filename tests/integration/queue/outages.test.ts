import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { producerTimeout } from '../../../src/queue/constants.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { AcceptanceUnknown, Ledger } from '../../../src/queue/redis/ledger.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import type { GenerationQueue, WorkQueue } from '../../../src/queue/interfaces.ts';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { WorkerUnable } from '../../../src/queue/jobs/worker-unable.ts';
import { reachable } from '../../../src/queue/reachable.ts';
import { openDesk } from '../../support/desk.ts';
import { portOf } from '../../support/failover.ts';
import { openLine as openLineTo } from '../../support/line.ts';
import type { Desk } from '../../support/desk.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { patience } from '../../support/patience.ts';

/** What a Redis that stands still, or a line that is cut, does to requests. Locks live a second. */
let redis: TestRedis;
let folder: string;
let queue: GenerationQueue;
let desk: Desk;
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-outage-'));
  redis = await startRedis({ tcp: true });
  queue = createGenerationQueue(testConfig(redis.url, folder), silent);
  desk = await openDesk(queue);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await queue.close();
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Redis keeps its connections and answers nothing, as on a machine that is moved or whose disk hangs. */
async function standStill(milliseconds: number): Promise<void> {
  const connection = openConnection(redis, 'producer', silent);
  const pid = Number(/process_id:(\d+)/.exec(await connection.info('server'))?.[1]);
  connection.disconnect();
  process.kill(pid, 'SIGSTOP');
  await delay(milliseconds);
  process.kill(pid, 'SIGCONT');
}

/** A line to Redis that can be cut, for one process alone. */
async function openLine() {
  const line = await openLineTo(portOf(redis));
  opened.push({ close: async () => line[Symbol.asyncDispose]() });
  return line;
}

/** A worker whose work lasts until it is told to end; counts how often it began and was aborted. */
async function startWork(url = redis.url) {
  const finish = Promise.withResolvers<void>();
  const counts = { begun: 0, aborted: 0 };
  const works = createWorkQueue(testConfig(url, folder), silent);
  opened.push(works);
  await works.consume({
    models: ['17b'],
    workerId: 'w',
    work: async ({ id }, { signal }) => {
      counts.begun += 1;
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          counts.aborted += 1;
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        });
      });
      await Promise.race([finish.promise, aborted]);
      return testResult(id);
    },
  });
  return { counts, finish: () => finish.resolve() };
}

async function ask(): Promise<string> {
  const draft = testDraft('1');
  await queue.accept(draft);
  return draft.id;
}

test('a process that was kept from reading takes no answer for silence', async () => {
  const connection = openConnection(redis, 'producer', silent);
  opened.push({ close: () => Promise.resolve(connection.disconnect()) });
  await connection.set('kept', 'here');
  const answers = [connection.get('kept'), connection.multi().get('kept').get('kept').exec()];
  // Longer than a producer has patience: as loading modules does on a busy machine, or a container that is paused.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1.2 * producerTimeout);
  const found = [null, 'here'];
  expect(await Promise.all(answers)).toEqual(['here', [found, found]]);
});

test('Redis stands still for longer than the lock lives, twice: the work goes on, and is done once', async () => {
  const { counts, finish } = await startWork();
  const id = await ask();
  await desk.status(id, 'running');
  for (let times = 0; times < 2; times += 1) {
    await standStill(1_500);
    // Several renewals long: what piled up has been answered.
    await delay(1_500);
  }
  finish();
  expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(counts).toEqual({ begun: 1, aborted: 0 });
});

test('Redis is full when the work is done, for longer than the lock lives: it is done once, and whoever asks meanwhile is told why not', async () => {
  const { counts, finish } = await startWork();
  const id = await ask();
  await desk.status(id, 'running');
  const owner = openConnection(redis, 'worker', silent);
  opened.push({ close: async () => owner.disconnect() });
  await owner.config('SET', 'maxmemory', '1mb');
  finish();
  await expect(reachable(queue.accept(testDraft('2')))).rejects.toMatchObject({ identifier: 'queue_full' });
  await delay(2_000);
  expect(await queue.get(id)).toMatchObject({ status: 'running', attempts: 1 });
  await owner.config('SET', 'maxmemory', '0');
  expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(counts).toEqual({ begun: 1, aborted: 0 });
});

test('a script keeps Redis busy when the work is done, for longer than the lock lives: it is done once', async () => {
  const { counts, finish } = await startWork();
  const id = await ask();
  await desk.status(id, 'running');
  const owner = openConnection(redis, 'worker', silent);
  opened.push({ close: async () => owner.disconnect() });
  await owner.config('SET', 'busy-reply-threshold', '50');
  // Somebody else's, which ends by itself.
  const busy = owner.eval(
    "local start = redis.call('TIME')[1] while redis.call('TIME')[1] - start < 4 do end",
    0,
  );
  const seen = openConnection(redis, 'worker', silent);
  opened.push({ close: async () => seen.disconnect() });
  await vi.waitUntil(
    async () =>
      await seen.ping().then(
        () => false,
        (error: unknown) => String(error).includes('BUSY'),
      ),
    {
      timeout: 600_000,
    },
  );
  finish();
  await busy;
  await owner.config('SET', 'busy-reply-threshold', '5000');
  expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(counts).toEqual({ begun: 1, aborted: 0 });
});

test.each([
  ['to publish', ['resetchannels'], ['&test:*']],
  ['to log in again, its connections cut', ['resetpass'], ['>secret']],
])(
  'the right %s is taken away when the work is done, for longer than the lock lives: it is done once',
  async (_, taken, given) => {
    const owner = openConnection(redis, 'worker', silent);
    opened.push({ close: async () => owner.disconnect() });
    const change = async (...rights: string[]) => owner.call('ACL', 'SETUSER', 'worker', ...rights);
    // The least that the documents name.
    await change('on', '>secret', '~test:*', '&test:*', '+@all', '-@dangerous', '+info');
    const { counts, finish } = await startWork(redis.url.replace('//', '//worker:secret@'));
    const id = await ask();
    await desk.status(id, 'running');
    await change(...taken);
    if (taken.includes('resetpass')) await owner.client('KILL', 'USER', 'worker');
    finish();
    await delay(1_500);
    expect(await queue.get(id)).toMatchObject({ status: 'running', attempts: 1, result: null });
    await change(...given);
    expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(counts).toEqual({ begun: 1, aborted: 0 });
  },
);

test('a worker that is cut off for longer than its lock lives keeps its job, whoever looks meanwhile', async () => {
  const line = await openLine();
  const { counts, finish } = await startWork(line.url);
  const id = await ask();
  await desk.status(id, 'running');
  for (let times = 0; times < 2; times += 1) {
    line.cut();
    await delay(2_000);
    expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
    line.mend();
    await delay(2_000);
  }
  finish();
  expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(counts).toEqual({ begun: 1, aborted: 0 });
});

test('an answer to begin that is lost counts one try, and a job that went to somebody else counts none', async () => {
  const connection = openConnection(redis, 'worker', silent);
  opened.push({ close: async () => connection.disconnect() });
  const ledger = new Ledger(connection, createNames('test'));
  const draft = testDraft('1');
  await queue.accept(draft);
  const lock = `test:generations.17b:g-${draft.id}:lock`;
  expect(await ledger.begin(draft.id, 'w', 'mine')).toMatchObject({ answer: 'lost' });
  await connection.set(lock, 'mine', 'PX', 60_000);
  expect(await ledger.begin(draft.id, 'w', 'mine')).toEqual({ answer: 'begun', attempts: 1 });
  expect(await ledger.begin(draft.id, 'w', 'mine')).toEqual({ answer: 'begun', attempts: 1 });
  await connection.set(lock, 'theirs', 'PX', 60_000);
  expect(await ledger.begin(draft.id, 'v', 'mine too')).toMatchObject({ answer: 'lost' });
  expect(await queue.get(draft.id)).toMatchObject({ status: 'running', workerId: 'w', attempts: 1 });
});

test('Redis stands still while somebody asks: whoever is refused has not been queued', async () => {
  await ask();
  const draft = testDraft('2');
  const [accepted] = await Promise.all([queue.accept(draft), delay(50).then(() => standStill(7_000))]);
  expect(accepted).toMatchObject({ id: draft.id, status: 'queued' });
  expect(await queue.position(draft.id)).toMatchObject({ position: 2, waiting: 2 });
});

test('Redis stands still while somebody reports: whoever hides the result hears that it is to be hidden', async () => {
  const moderation = createModeration(testConfig(redis.url, folder), silent);
  opened.push(moderation);
  const id = await ask();
  const report = { guildId: '2000', generationId: id, targetUserId: '1', by: '7', details: {} };
  expect(await moderation.reports('2000')).toEqual([]);
  const [outcome] = await Promise.all([delay(500).then(() => moderation.report(report)), standStill(4_000)]);
  expect(outcome).toBe('hidden');
  expect((await queue.get(id))?.hiddenAt).not.toBeNull();
  // Nobody else's, and no second one, is taken for it.
  expect(await moderation.report(report)).toBe('repeated');
});

test('no answer for long: it is said that nobody knows, and only when the question was sent', async () => {
  const line = await openLine();
  const far = createGenerationQueue(testConfig(line.url, folder), silent);
  opened.push(far);
  expect(await far.list({})).toEqual([]);
  line.cut();
  const never = async () => far.accept(testDraft('3'));
  // Until the cut is noticed, a question may still be on its way.
  await expect(never()).rejects.toBeInstanceOf(Error);
  await expect(never()).rejects.not.toThrow(AcceptanceUnknown);
  expect(await queue.list({})).toEqual([]);
});

/** The user `bot` of Redis, whom a right is taken away from. */
async function openUser() {
  const owner = openConnection(redis, 'worker', silent);
  opened.push({ close: async () => owner.disconnect() });
  const change = async (...rights: string[]) => owner.call('ACL', 'SETUSER', 'bot', ...rights);
  await change('on', '>secret', '~test:*', '&test:*', '+@all');
  return {
    change,
    at: (url: string) => url.replace('//', '//bot:secret@'),
    isQueued: async (id: string) => (await owner.exists(`test:generation:${id}`)) === 1,
    isRefused: async () => (await owner.info('errorstats')).includes('errorstat_NOPERM:'),
  };
}

test('the answer is lost, and the second try is turned away: nobody is told that nothing was queued', async () => {
  const user = await openUser();
  const line = await openLine();
  const far = createGenerationQueue(testConfig(user.at(line.url), folder), silent);
  opened.push(far);
  // Redis knows the script then: it is not asked for a second time.
  await ask();
  expect(await far.list({})).toHaveLength(1);
  line.loseAnswers();
  const draft = testDraft('2');
  const accepted = reachable(far.accept(draft));
  await vi.waitUntil(() => user.isQueued(draft.id), patience);
  await user.change('-evalsha');
  // What had no answer is sent again when there is a connection, by ioredis itself or by us.
  line.cut();
  line.mend();
  await vi.waitUntil(() => user.isRefused(), patience);
  await user.change('+evalsha');
  expect(await accepted).toMatchObject({ id: draft.id, status: 'queued' });
  expect(await queue.list({})).toHaveLength(2);
});

test('Redis takes the record, and not the message that leads to it: whoever asked has been queued', async () => {
  const user = await openUser();
  await user.change('-set');
  const bot = openConnection({ url: user.at(redis.url) }, 'producer', silent);
  opened.push({ close: async () => bot.disconnect() });
  const ledger = new Ledger(bot, createNames('test'));
  const draft = testDraft('1');
  const accepted = ledger.accept({ ...draft, reply: { ...draft.reply, statusMessageId: '7' } });
  await vi.waitUntil(() => user.isQueued(draft.id), patience);
  await vi.waitUntil(() => user.isRefused(), patience);
  await user.change('+set');
  expect(await accepted).toMatchObject({ created: false, generation: { id: draft.id } });
  expect(await ledger.byMessage('7')).toMatchObject({ id: draft.id });
});

test('a worker whose clock is ten minutes slow is counted, and one whose clock is fast has nobody else forgotten', async () => {
  const moderation = createModeration(testConfig(redis.url, folder), silent);
  opened.push(moderation);
  const real = Date.now.bind(Date);
  const start = async (workerId: string, isAhead: number) => {
    const now = vi.spyOn(Date, 'now').mockImplementation(() => real() + isAhead * 600_000);
    const works = createWorkQueue(testConfig(redis.url, folder), silent);
    opened.push(works);
    await works.consume({ models: ['17b'], workerId, work: async ({ id }) => testResult(id) });
    const beats = () => moderation.workers();
    await vi.waitFor(async () => expect((await beats()).map(({ id }) => id)).toContain(workerId), patience);
    now.mockRestore();
  };
  await start('slow', -1);
  await start('fast', 1);
  const [admission, depth] = await Promise.all([
    moderation.admission({ userId: '1', guildId: null, roleIds: [] }),
    queue.depth(),
  ]);
  expect(admission.modelsAtWork).toEqual(['17b']);
  expect(depth.models.find(({ model }) => model === '17b')?.workers).toBe(2);
  const { request } = testDraft('1');
  expect(await queue.forecast('1', request.model, 60)).toMatchObject({ workers: 2 });
});

test('a job that BullMQ left in no list, refused half-way, is put back', async () => {
  const connection = openConnection(redis, 'worker', silent);
  opened.push({ close: async () => connection.disconnect() });
  const id = await ask();
  expect(await connection.zrem('test:generations.17b:prioritized', `g-${id}`)).toBe(1);
  expect(await queue.reconcile()).toMatchObject({ requeued: 1 });
  expect(await connection.zscore('test:generations.17b:prioritized', `g-${id}`)).not.toBeNull();
});

type Work = Parameters<WorkQueue['consume']>[0]['work'];

/** A worker in trouble: `trouble` is what its work and its look at the machine throw, for as long as there is some. */
async function startTroubled(work: Work, isSound: () => boolean) {
  const works = createWorkQueue(testConfig(redis.url, folder), silent);
  opened.push(works);
  await works.consume({
    models: ['17b'],
    workerId: 'w',
    prepare: async () => {
      if (!isSound()) throw new Error('the store is away');
    },
    work,
  });
}

test('a machine in trouble uses up nobody’s tries: the whole queue waits for its end', async () => {
  let isSound = true;
  let isMended = false;
  const ids = await Promise.all([ask(), ask(), ask()]);
  const trouble = Promise.withResolvers<void>();
  await startTroubled(
    async ({ id }) => {
      if (!isMended) {
        isSound = false;
        trouble.resolve();
        throw new WorkerUnable('the store is away');
      }
      return testResult(id);
    },
    () => isSound,
  );
  await trouble.promise;
  await vi.waitFor(async () => expect((await queue.get(ids[0] ?? ''))?.status).toBe('queued'), patience);
  for (const id of ids) expect(await queue.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
  isMended = true;
  isSound = true;
  for (const id of ids) expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
});
test('a record of a newer program is left to it, with all its tries, and others go on', async () => {
  const newer = testDraft('1');
  await queue.accept(newer);
  const connection = openConnection(redis, 'worker', silent);
  opened.push({ close: async () => connection.disconnect() });
  await connection.hset(`test:generation:${newer.id}`, 'version', '2');
  const worked: string[] = [];
  await startTroubled(
    async ({ id }) => {
      worked.push(id);
      return testResult(id);
    },
    () => true,
  );
  const mine = await ask();
  expect(await desk.ending(mine)).toMatchObject({ status: 'delivered' });
  expect(worked).toEqual([mine]);
  const { status, attempts } = await connection.hgetall(`test:generation:${newer.id}`);
  expect({ status, attempts }).toEqual({ status: 'queued', attempts: '0' });
});

test('a worker that is told to end while it packs a video finishes it first', async () => {
  const works = createWorkQueue(testConfig(redis.url, folder), silent);
  const packing = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  await works.consume({
    models: ['17b'],
    workerId: 'w',
    work: async ({ id }, { signal, report }) => {
      report({ stage: 'compress', step: 0, steps: 1, etaSeconds: null, preview: null });
      packing.resolve();
      await finish.promise;
      signal.throwIfAborted();
      return testResult(id);
    },
  });
  const id = await ask();
  await packing.promise;
  const closed = works.close();
  finish.resolve();
  await closed;
  expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
});
