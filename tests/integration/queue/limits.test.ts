import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { Ledger } from '../../../src/queue/redis/ledger.ts';
import { LimitReached, NotAdmitted } from '../../../src/queue/moderation/moderation.ts';
import type { Limits } from '../../../src/queue/moderation/limits-schema.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import { silent, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { openStand } from '../../support/queue-stand.ts';
import type { Stand } from '../../support/queue-stand.ts';
import { startRedis } from '../../support/redis.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';
import type { WorkerProcess } from '../../support/worker-process.ts';
import type { TestRedis } from '../../support/redis.ts';
import { patience } from '../../support/patience.ts';

let redis: TestRedis;
let stand: Stand;
let number = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});
beforeEach(async () => {
  stand = await openStand(redis, `limits-${(number += 1)}`);
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const free: Limits = { waiting: null, gpuSecondsPerDay: null, cooldownSeconds: null, weight: 1 };
const admit = (limits: Partial<Limits>, queueLength: number | null = null) => ({
  admission: { limits: { ...free, ...limits }, queueLength },
});
const byUser = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;

/** Why it is refused. */
async function refusal(asking: Promise<string>): Promise<LimitReached> {
  try {
    await asking;
  } catch (error) {
    if (error instanceof LimitReached) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** How many of the attempts pass; the rest has to be refused for this limit. */
async function passing(attempts: readonly Promise<string>[], limit: LimitReached['limit']): Promise<number> {
  const settled = await Promise.allSettled(attempts);
  for (const outcome of settled) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'LimitReached', limit });
  }
  return settled.filter(({ status }) => status === 'fulfilled').length;
}

describe('many at once, from two bots: exactly as many pass as may', () => {
  const race = (change: ReturnType<typeof admit> & { costSeconds?: number }, count = 20) => {
    const other = stand.bot().queue;
    return Array.from({ length: count }, (_, index) =>
      stand.ask('1', { ...change, ...(index % 2 ? { from: other } : {}) }),
    );
  };

  test('waiting', async () => {
    expect(await passing(race(admit({ waiting: 3 })), 'waiting')).toBe(3);
    expect(await stand.queue.countWaiting('1')).toBe(3);
    expect(await stand.queue.list({ userId: '1' })).toHaveLength(3);
  });

  test('GPU seconds', async () => {
    const change = { ...admit({ gpuSecondsPerDay: 100 }), costSeconds: 30 };
    expect(await passing(race(change), 'gpu_seconds')).toBe(3);
  });

  test('cooldown', async () => {
    expect(await passing(race(admit({ cooldownSeconds: 60 })), 'cooldown')).toBe(1);
  });

  test('the length of the queue, of different people', async () => {
    const change = admit({}, 5);
    const attempts = Array.from({ length: 20 }, (_, index) => stand.ask(String(index + 1), change));
    expect(await passing(attempts, 'queue_length')).toBe(5);
  });

  test('the same request twice counts once', async () => {
    const draft = testDraft('1');
    const { admission } = admit({ waiting: 1, cooldownSeconds: 60 });
    const other = stand.bot().queue;
    const answers = await Promise.all([
      stand.queue.accept(draft, admission),
      other.accept(draft, admission),
      stand.queue.accept(draft, admission),
    ]);
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([draft.id]));
    expect(await stand.queue.countWaiting('1')).toBe(1);
  });
});

describe('a refusal says which limit, and when it clears', () => {
  test('waiting: with the next one done', async () => {
    const change = admit({ waiting: 2 });
    await stand.ask('1', change);
    const second = await stand.ask('1', change);
    expect(await refusal(stand.ask('1', change))).toMatchObject({
      limit: 'waiting',
      value: 2,
      clearsAt: null,
    });
    await stand.queue.cancel(second, byUser);
    await stand.ask('1', change);
  });

  test('cooldown: so long after the request before', async () => {
    const before = Date.now();
    await stand.ask('1', admit({ cooldownSeconds: 90 }));
    const after = Date.now();
    const met = await refusal(stand.ask('1', admit({ cooldownSeconds: 90 })));
    expect(met).toMatchObject({ limit: 'cooldown', value: 90 });
    expect(met.clearsAt).toBeGreaterThanOrEqual(before + 90_000);
    expect(met.clearsAt).toBeLessThanOrEqual(after + 90_000);
  });

  test('GPU seconds: when enough of them are a day old; never, when one request is more than a day’s', async () => {
    const connection = openConnection(redis, 'worker', silent);
    let now = 1_800_000_000_000;
    const start = now;
    const ledger = new Ledger(connection, createNames('limits-clock'), () => now);
    const ask = (costSeconds: number) =>
      ledger.accept(testDraft('1', { costSeconds }), admit({ gpuSecondsPerDay: 100 }).admission);
    const met = async (costSeconds: number) =>
      ask(costSeconds).then(
        () => null,
        (error: unknown) => error,
      );
    const [hour, day] = [3600_000, 24 * 3600_000];
    try {
      await ask(40);
      now += hour;
      await ask(50);
      now += hour;
      expect(await met(20)).toMatchObject({
        ...{ limit: 'gpu_seconds', value: 100, clearsAt: start + day, gpuSeconds: { used: 90, needed: 20 } },
      });
      expect(await met(60)).toMatchObject({ clearsAt: start + hour + day });
      expect(await met(101)).toMatchObject({ clearsAt: null, gpuSeconds: { used: 90, needed: 101 } });
      expect(await met(10)).toBeNull();
      now = start + day - 1;
      expect(await met(20)).toMatchObject({ clearsAt: start + day });
      now = start + day;
      expect(await met(20)).toBeNull();
    } finally {
      connection.disconnect();
    }
  });
});

describe('what it costs in the end', () => {
  const change = { ...admit({ waiting: 1, gpuSecondsPerDay: 100, cooldownSeconds: 3600 }), costSeconds: 60 };
  /** Whether the person may ask as if nothing had been. */
  const isFree = async () => stand.ask('1', change);

  test('done: what was measured, instead of the estimate', async () => {
    const half = { ...admit({ gpuSecondsPerDay: 100 }), costSeconds: 50 };
    await stand.worker(async ({ id }) => testResult(id, { engineSeconds: 80 }));
    await stand.desk.ending(await stand.ask('1', half));
    expect(await refusal(stand.ask('1', half))).toMatchObject({ gpuSeconds: { used: 80, needed: 50 } });
    await stand.desk.ending(await stand.ask('1', { ...half, costSeconds: 20 }));
    // The cooldown stays.
    expect(await refusal(stand.ask('1', admit({ cooldownSeconds: 60 })))).toMatchObject({
      limit: 'cooldown',
    });
  });

  test('cancelled while waiting: nothing', async () => {
    const id = await stand.ask('1', change);
    expect(await refusal(stand.ask('1', change))).toMatchObject({ limit: 'waiting' });
    expect(await stand.queue.cancel(id, byUser)).toBe('cancelled');
    await isFree();
  });

  test('failed: nothing', async () => {
    await stand.worker(async () => {
      throw new Failure('out_of_memory', 'out_of_memory');
    });
    expect((await stand.desk.ending(await stand.ask('1', change))).status).toBe('failed');
    await isFree();
  });

  test('cancelled while running: nothing', async () => {
    await stand.worker(async (_generation, { signal }) => {
      await once(signal, 'abort');
      throw new Failure('cancelled', 'cancelled');
    });
    const id = await stand.ask('1', change);
    await stand.desk.status(id, 'running');
    expect(await refusal(stand.ask('1', change))).toMatchObject({ limit: 'waiting' });
    expect(await stand.queue.cancel(id, byUser)).toBe('signalled');
    expect((await stand.desk.ending(id)).status).toBe('cancelled');
    await isFree();
  });

  test('cancelled while running, and done before the worker heard of it: nothing, because there is no video', async () => {
    await stand.worker(async (generation) => {
      expect(await stand.queue.cancel(generation.id, byUser)).toBe('signalled');
      return testResult(generation.id, { engineSeconds: 55 });
    });
    const id = await stand.ask('1', change);
    expect(await stand.desk.ending(id)).toMatchObject({ status: 'cancelled', result: null });
    await isFree();
  });

  test('a crash on each try: nothing', async () => {
    await stand.worker(async () => {
      throw new Failure('engine_crashed', 'engine_crashed');
    });
    const ending = await stand.desk.ending(await stand.ask('1', change));
    expect(ending).toMatchObject({ status: 'failed', attempts: 2 });
    await isFree();
  });

  test('a result that cannot be delivered: nothing', async () => {
    const connection = openConnection(redis, 'worker', silent);
    const ledger = new Ledger(connection, createNames(stand.prefix));
    const draft = testDraft('1', { costSeconds: 60 });
    await ledger.accept(draft, change.admission);
    const { attempts } = await ledger.begin(draft.id, 'w');
    await ledger.finish({ id: draft.id, workerId: 'w', attempts }, { result: testResult(draft.id) });
    await ledger.undeliverable(draft.id, { code: 'undeliverable', identifier: 'undeliverable', context: {} });
    connection.disconnect();
    expect(await stand.queue.countWaiting('1')).toBe(0);
    await isFree();
  });

  test('given back by a worker that stops: still reserved, once', async () => {
    const worker = await stand.worker(async (_generation, { signal }) => {
      await once(signal, 'abort');
      throw new Failure('internal', 'internal');
    });
    const id = await stand.ask('1', { ...admit({ gpuSecondsPerDay: 100 }), costSeconds: 60 });
    await stand.desk.status(id, 'running');
    await worker.close();
    expect((await stand.queue.get(id))?.status).toBe('queued');
    const met = await refusal(stand.ask('1', { ...admit({ gpuSecondsPerDay: 100 }), costSeconds: 60 }));
    expect(met.gpuSeconds).toEqual({ used: 60, needed: 60 });
  });
});

describe('each guild counts for itself', () => {
  const change = { ...admit({ waiting: 1, gpuSecondsPerDay: 60, cooldownSeconds: 60 }, 1), costSeconds: 60 };

  test.each([
    ['another guild', '2000', '2001'],
    ['direct messages', '2000', null],
    ['a guild, after direct messages', null, '2000'],
  ])('%s is not affected', async (_name, first, second) => {
    await stand.ask('1', { ...change, guildId: first });
    await stand.ask('1', { ...change, guildId: second });
    for (const guildId of [first, second]) {
      expect(await refusal(stand.ask('1', { ...change, guildId }))).toMatchObject({
        limit: 'waiting',
        value: 1,
      });
    }
  });

  test('another person is not affected by waiting, seconds and cooldown', async () => {
    const own = { ...admit({ waiting: 1, gpuSecondsPerDay: 60, cooldownSeconds: 60 }), costSeconds: 60 };
    await stand.ask('1', own);
    const other = await stand.ask('2', own);
    expect((await stand.queue.get(other))?.status).toBe('queued');
  });
});

describe('what came between the look and the acceptance', () => {
  test('a ban', async () => {
    await stand.moderation.ban('2000', { userId: '1', by: '9', reason: 'spam', until: null });
    const refused = stand.ask('1', admit({}));
    await expect(refused).rejects.toBeInstanceOf(NotAdmitted);
    await expect(refused).rejects.toMatchObject({ ban: { userId: '1', reason: 'spam' }, draining: null });
    await stand.ask('1', { ...admit({}), guildId: '2001' });
    await stand.ask('1', { ...admit({}), guildId: null });
    await stand.moderation.unban('2000', '1', '9');
    await stand.ask('1', admit({}));
  });

  test('a ban cancels nothing', async () => {
    const id = await stand.ask('1');
    await stand.moderation.ban('2000', { userId: '1', by: '9', reason: null, until: null });
    await stand.worker();
    expect((await stand.desk.ending(id)).status).toBe('delivered');
  });

  test('draining: what waits goes on', async () => {
    const id = await stand.ask('1');
    await stand.moderation.drain('9', 'soon');
    for (const guildId of ['2000', null]) {
      await expect(stand.ask('2', { guildId })).rejects.toMatchObject({
        ...{ name: 'NotAdmitted', ban: null, draining: { message: 'soon' } },
      });
    }
    await stand.worker();
    expect((await stand.desk.ending(id)).status).toBe('delivered');
    await stand.moderation.endDrain('9');
    expect((await stand.desk.ending(await stand.ask('2'))).status).toBe('delivered');
  });
});

test('a weight of 3 gets three times the GPU seconds of a weight of 1, and waiting times stay real', async () => {
  const [heavy, light] = [admit({ weight: 3 }), admit({ weight: 1 })];
  const owner = new Map<string, string>();
  for (let index = 0; index < 24; index += 1) {
    owner.set(await stand.ask('1', { ...heavy, costSeconds: 30 }), 'heavy');
    owner.set(await stand.ask('2', { ...light, costSeconds: 30 }), 'light');
  }
  // Positions say the order before anything runs; the time ahead is the real work of those ahead.
  const before = Date.now();
  const positions = await Promise.all([...owner.keys()].map((id) => stand.queue.position(id)));
  const after = Date.now();
  for (const { position, expectedStartAt } of positions) {
    const ahead = (position - 1) * 30_000;
    expect(expectedStartAt).toBeGreaterThanOrEqual(before + ahead);
    expect(expectedStartAt).toBeLessThanOrEqual(after + ahead);
  }
  const worker = await stand.worker();
  await Promise.all([...owner.keys()].map((id) => stand.desk.ending(id)));
  await worker.close();
  // While both have work: of 24 in a row, 18 to 6.
  const share = stand.begun.slice(0, 24).filter((id) => owner.get(id) === 'heavy').length;
  expect(share).toBeGreaterThanOrEqual(17);
  expect(share).toBeLessThanOrEqual(19);
});

test('a cancelled job gives its weighted share back, no more', async () => {
  const heavy = { ...admit({ weight: 2 }), costSeconds: 40 };
  const ids = [await stand.ask('1', heavy), await stand.ask('1', heavy), await stand.ask('1', heavy)];
  const other = await stand.ask('2', { ...admit({ weight: 1 }), costSeconds: 30 });
  const second = await stand.ask('2', { ...admit({ weight: 1 }), costSeconds: 30 });
  // Starts: 0, 20, 40 of the one; 0, 30 of the other.
  expect((await stand.queue.position(ids[2] ?? '')).position).toBe(5);
  await stand.queue.cancel(ids[0] ?? '', byUser);
  const order = await Promise.all(
    [ids[1], other, ids[2], second].map(async (id) => (await stand.queue.position(id ?? '')).position),
  );
  expect(order).toEqual([1, 2, 3, 4]);
});

test('an estimate says whether it is a guess', async () => {
  const size = { width: 64, height: 32, frames: 5, steps: 4 };
  const work = { model: '17b' as const, ...size, passes: 2, firstGuessSecondsPerPass: 2 };
  expect(await stand.queue.estimate(work)).toEqual({ seconds: 16, guess: true });
  await stand.worker(async ({ id }) => testResult(id, { engineSeconds: 6 }));
  const first = await stand.ask('1');
  await stand.desk.ending(first);
  expect(await stand.queue.estimate(work)).toEqual({ seconds: expect.closeTo(6, 5), guess: false });
  expect(await stand.queue.estimate({ ...work, steps: 5 })).toMatchObject({ guess: true });
  expect(await stand.queue.forecast('1', '17b', 6)).toMatchObject({ guess: false });
  expect(await stand.queue.forecast('1', '17b', 6, { guess: true })).toMatchObject({ guess: true });
});

test('a worker that is killed twice over the same request: it costs the person nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-limits-'));
  const change = { ...admit({ waiting: 1, gpuSecondsPerDay: 60, cooldownSeconds: 3600 }), costSeconds: 60 };
  const processes: WorkerProcess[] = [];
  const start = async (name: string) => {
    const reached = join(folder, `reached-${name}`);
    const process = startWorkerProcess({
      ...{ redisUrl: redis.url, prefix: stand.prefix, folder, name },
      script: { gate: { beforeStep: 1, file: join(folder, 'never') }, reached },
    });
    processes.push(process);
    await process.ready;
    return {
      process,
      reached: async () => expect.poll(() => existsSync(reached), patience).toBe(true),
    };
  };
  try {
    const id = await stand.ask('1', change);
    for (const name of ['first', 'second']) {
      const { process, reached } = await start(name);
      await reached();
      expect(await refusal(stand.ask('1', change))).toMatchObject({ limit: 'waiting' });
      await process.end('SIGKILL');
    }
    await start('third');
    const ending = await stand.desk.ending(id);
    expect(ending).toMatchObject({ status: 'failed', failure: { code: 'engine_crashed' }, attempts: 2 });
    await stand.ask('1', change);
  } finally {
    await Promise.all(processes.map(async (process) => process.end('SIGKILL')));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
