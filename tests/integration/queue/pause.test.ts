import { once } from 'node:events';
import { Queue, Worker } from 'bullmq';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { Ledger } from '../../../src/queue/redis/ledger.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import { pauseSchema } from '../../../src/queue/moderation/moderation.ts';
import { silent, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { openStand } from '../../support/queue-stand.ts';
import type { Stand } from '../../support/queue-stand.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { patience } from '../../support/patience.ts';

// The random sequences below are some hundred requests, one after the other: a busy machine takes minutes for them.
let redis: TestRedis;
let stand: Stand;
let number = 0;

beforeAll(async () => {
  redis = await startRedis({ appendOnly: true });
});
afterAll(async () => {
  await redis.stop();
});
beforeEach(async () => {
  stand = await openStand(redis, `pause-${(number += 1)}`);
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const [first, second] = ['2000', '2001'];
const byModerator = { by: '9', reason: 'quiet please', until: null };
const reason = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;

/** Ids in the order in which BullMQ would hand them out. */
async function order(of: Stand): Promise<string[]> {
  const connection = openConnection(redis, 'worker', silent);
  const bull = new Queue<{ id: string }>('generations.17b', { connection, prefix: of.prefix });
  try {
    return (await bull.getPrioritized()).map((job) => job.data.id);
  } finally {
    await bull.close();
    connection.disconnect();
  }
}

/** An hour of a guild's pause goes by: its time is over, and who was to end it at the very moment is not there. */
async function letPassTheTimeOf(guildId: string, of: Stand): Promise<void> {
  const connection = openConnection(redis, 'worker', silent);
  const { pauses } = createNames(of.prefix);
  const stored = pauseSchema.parse(JSON.parse((await connection.hget(pauses, guildId)) ?? ''));
  const until = Date.now() - 1;
  await connection.hset(pauses, guildId, JSON.stringify({ ...stored, until }));
  expect(await connection.zadd(`${of.prefix}:pause-ends`, 'XX', 'CH', until, guildId)).toBe(1);
  connection.disconnect();
}

/** What BullMQ gives a worker that asks now; not for a queue whose jobs have to go on. */
async function nextJob(of: Stand): Promise<string | null> {
  const connection = openConnection(redis, 'worker', silent);
  const options = { connection, prefix: of.prefix, autorun: false };
  const worker = new Worker<{ id: string }, void>('generations.17b', null, options);
  try {
    return (await worker.getNextJob('token', { block: false }))?.data.id ?? null;
  } finally {
    await worker.close(true);
    connection.disconnect();
  }
}

async function positions(
  ...ids: string[]
): Promise<[position: number, waiting: number, held: string | null][]> {
  const found = await Promise.all(ids.map((id) => stand.queue.position(id)));
  return found.map(({ position, waiting, held }) => [position, waiting, held]);
}

/** Work that lasts until the test, or an abort, ends it. */
function gatedWork() {
  const gate = Promise.withResolvers<void>();
  return {
    open: () => gate.resolve(),
    work: async ({ id }: { id: string }, { signal }: { signal: AbortSignal }) => {
      const aborted = once(signal, 'abort');
      await Promise.race([gate.promise, aborted]);
      if (signal.aborted) throw new Failure('internal', 'internal');
      return testResult(id);
    },
  };
}

describe('a guild’s pause', () => {
  test('holds what waits there, lets everybody else go on, and resuming brings it back', async () => {
    const held = [await stand.ask('1'), await stand.ask('2')];
    const other = [await stand.ask('3', { guildId: second }), await stand.ask('4', { guildId: null })];
    expect(await stand.moderation.pause(first, byModerator)).toBe(2);
    expect(await stand.moderation.pauseOf(first)).toEqual({ ...byModerator, since: expect.any(Number) });
    expect(await stand.moderation.pauseOf(second)).toBeNull();
    expect(
      (await stand.moderation.admission({ userId: '1', guildId: first, roleIds: [] })).pause,
    ).not.toBeNull();
    await stand.worker();
    await Promise.all(other.map((id) => stand.desk.ending(id)));
    // A job that comes last, and is done, shows that the held ones were passed over.
    await stand.desk.ending(await stand.ask('5', { guildId: second }));
    expect(stand.begun.filter((id) => held.includes(id))).toEqual([]);
    expect((await stand.queue.get(held[0] ?? ''))?.status).toBe('queued');
    expect(await stand.moderation.resume(second, '9')).toBeNull();
    expect(await stand.moderation.resume(first, '9')).toBe(2);
    expect(await stand.moderation.resume(first, '9')).toBeNull();
    await Promise.all(held.map((id) => stand.desk.ending(id)));
    expect(stand.begun.slice(-2)).toEqual(held);
    const log = await stand.moderation.audit({ guildId: first, limit: 10 });
    expect(log.map(({ action, details, reason: why }) => [action, details, why])).toEqual([
      ['resume', { waiting: 2 }, null],
      ['pause', { until: null, waiting: 2 }, 'quiet please'],
    ]);
    expect(await stand.moderation.audit({ guildId: second, limit: 10 })).toEqual([]);
  });

  test('takes new requests, and holds them too', async () => {
    await stand.moderation.pause(first, byModerator);
    const [early, late] = [await stand.ask('1'), await stand.ask('2')];
    const other = await stand.ask('3', { guildId: second });
    expect(await order(stand)).toEqual([other]);
    await stand.worker();
    await stand.desk.ending(other);
    expect(stand.begun).toEqual([other]);
    await stand.moderation.resume(first, '9');
    await Promise.all([early, late].map((id) => stand.desk.ending(id)));
    expect(stand.begun).toEqual([other, early, late]);
  });

  test('positions say that it is held; other guilds do not count what is held', async () => {
    const [a, b] = [await stand.ask('1', { costSeconds: 20 }), await stand.ask('2', { costSeconds: 20 })];
    const c = await stand.ask('3', { guildId: second, costSeconds: 20 });
    expect(await positions(a, b, c)).toEqual([
      [1, 3, null],
      [2, 3, null],
      [3, 3, null],
    ]);
    const until = Date.now() + 3600_000;
    await stand.moderation.pause(first, { ...byModerator, until });
    expect(await positions(a, b, c)).toEqual([
      [1, 3, 'guild'],
      [2, 3, 'guild'],
      [1, 1, null],
    ]);
    const held = await stand.queue.position(b);
    expect(held.heldUntil).toBe(until);
    expect(Math.abs(held.expectedStartAt - until - 20_000)).toBeLessThan(1000);
    const before = Date.now();
    const free = await stand.queue.position(c);
    expect(free.expectedStartAt).toBeGreaterThanOrEqual(before);
    expect(free.expectedStartAt).toBeLessThanOrEqual(Date.now());
    const forecast = (guildId: string | null) => stand.queue.forecast('4', '17b', 20, { guildId });
    expect(await forecast(first)).toMatchObject({ held: 'guild', heldUntil: until, position: 4 });
    expect(await forecast(second)).toMatchObject({ held: null, position: 2, waiting: 2 });
    expect(await forecast(null)).toMatchObject({ held: null, position: 2 });
    await stand.moderation.pause(first, byModerator);
    expect(await stand.queue.position(b)).toMatchObject({ held: 'guild', heldUntil: null, guess: true });
  });

  test('tells who watches, for each that is held and each that goes on', async () => {
    const id = await stand.ask('1');
    const other = stand.bot().queue;
    const heard: string[] = [];
    const watching = await other.watch((event) => {
      if (event.kind === 'status') heard.push(`${event.id} ${event.status}`);
    });
    const since = heard.length;
    await stand.moderation.pause(first, byModerator);
    await vi.waitFor(() => expect(heard.slice(since)).toEqual([`${id} queued`]), patience);
    await stand.moderation.resume(first, '9');
    await vi.waitFor(() => expect(heard.slice(since)).toEqual([`${id} queued`, `${id} queued`]), patience);
    await watching.close();
  });

  test('lets what runs go on', async () => {
    const { work, open } = gatedWork();
    await stand.worker(work);
    const id = await stand.ask('1');
    await stand.desk.status(id, 'running');
    expect(await stand.moderation.pause(first, byModerator)).toBe(0);
    open();
    expect((await stand.desk.ending(id)).status).toBe('delivered');
  });

  test('holds what a worker gives back when it stops', async () => {
    const { work } = gatedWork();
    const worker = await stand.worker(work);
    const id = await stand.ask('1');
    await stand.desk.status(id, 'running');
    await stand.moderation.pause(first, byModerator);
    await worker.close();
    expect(await stand.queue.position(id)).toMatchObject({ held: 'guild', position: 1 });
    expect(await order(stand)).toEqual([]);
    await stand.worker();
    const other = await stand.ask('3', { guildId: second });
    await stand.desk.ending(other);
    expect(stand.begun).toEqual([id, other]);
    await stand.moderation.resume(first, '9');
    expect(await stand.desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  });

  test('holds what crashed and has one more try', async () => {
    let tries = 0;
    const { work, open } = gatedWork();
    await stand.worker(async (generation, context) => {
      tries += 1;
      if (tries > 1) return testResult(generation.id);
      await work(generation, context);
      throw new Failure('engine_crashed', 'engine_crashed');
    });
    const id = await stand.ask('1');
    await stand.desk.status(id, 'running');
    await stand.moderation.pause(first, byModerator);
    open();
    await stand.desk.status(id, 'queued');
    await stand.desk.ending(await stand.ask('3', { guildId: second }));
    expect(stand.begun.filter((begun) => begun === id)).toHaveLength(1);
    await stand.moderation.resume(first, '9');
    expect(await stand.desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 2 });
  });

  test('holds what a worker left when it fell silent, as soon as another one finds it', async () => {
    const connection = openConnection(redis, 'worker', silent);
    const bull = new Queue('generations.17b', { connection, prefix: stand.prefix });
    const ledger = new Ledger(connection, createNames(stand.prefix));
    try {
      const id = await stand.ask('1');
      // A worker that has taken it, and is gone: the lock lapses, and BullMQ puts the job back.
      await connection.zrem(`${stand.prefix}:generations.17b:prioritized`, `g-${id}`);
      await connection.lpush(`${stand.prefix}:generations.17b:active`, `g-${id}`);
      expect((await ledger.begin(id, 'gone')).answer).toBe('begun');
      await stand.moderation.pause(first, byModerator);
      const worker = await stand.worker();
      const held = async () => connection.hexists(`${stand.prefix}:generation:${id}`, 'share.held');
      await expect.poll(held, patience).toBe(1);
      expect(stand.begun).toEqual([]);
      expect(await bull.getJobCounts('wait', 'active', 'prioritized')).toEqual({
        wait: 0,
        active: 0,
        prioritized: 0,
      });
      await stand.moderation.resume(first, '9');
      expect(await stand.desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 2 });
      await worker.close();
    } finally {
      await bull.close();
      connection.disconnect();
    }
  });

  test('what is held can be cancelled, and the person’s later ones move up', async () => {
    const ids = [await stand.ask('1'), await stand.ask('1'), await stand.ask('1')];
    const rival = await stand.ask('2');
    await stand.moderation.pause(first, byModerator);
    expect(await stand.queue.cancel(ids[0] ?? '', reason)).toBe('cancelled');
    expect((await stand.desk.ending(ids[0] ?? '')).status).toBe('cancelled');
    expect(await positions(ids[1] ?? '', rival, ids[2] ?? '')).toEqual([
      [1, 3, 'guild'],
      [2, 3, 'guild'],
      [3, 3, 'guild'],
    ]);
    await stand.moderation.resume(first, '9');
    expect(await order(stand)).toEqual([ids[1], rival, ids[2]]);
  });

  test('survives a crash of Redis, of the bot and of the workers', async () => {
    const ids = [await stand.ask('1'), await stand.ask('1'), await stand.ask('2')];
    const other = await stand.ask('3', { guildId: second });
    await stand.moderation.pause(first, byModerator);
    const late = await stand.ask('4');
    await redis.restart();
    const next = stand.bot();
    await vi.waitFor(async () => next.queue.health(), patience);
    expect(await next.moderation.pauseOf(first)).toMatchObject({ by: '9', reason: 'quiet please' });
    expect(await next.queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
    expect(await order(stand)).toEqual([other]);
    await stand.worker();
    await stand.desk.ending(other);
    expect(await next.moderation.resume(first, '9')).toBe(4);
    await Promise.all([...ids, late].map((id) => stand.desk.ending(id)));
    expect(stand.begun).toEqual([other, ids[0], ids[2], late, ids[1]]);
  });

  test('ends by itself at its time', async () => {
    const id = await stand.ask('1');
    const since = Date.now();
    await stand.moderation.pause(first, { ...byModerator, until: Date.now() + 300 });
    await stand.worker();
    const ending = await stand.desk.ending(id);
    expect(ending.startedAt).toBeGreaterThanOrEqual(since + 300);
    expect(await stand.moderation.pauseOf(first)).toBeNull();
  });

  test('ends by itself when no bot was there at its time: whoever looks next ends it', async () => {
    const bot = stand.bot();
    const id = await stand.ask('1');
    await bot.moderation.pause(first, { ...byModerator, until: Date.now() + 3600_000 });
    await bot.moderation.close();
    expect(await order(stand)).toEqual([]);
    await letPassTheTimeOf(first, stand);
    // Nobody has looked yet.
    expect(await order(stand)).toEqual([]);
    expect(await stand.queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
    expect(await order(stand)).toEqual([id]);
    expect(await stand.queue.position(id)).toMatchObject({ held: null, position: 1 });
  });

  test('ends by itself also when only a worker is there', async () => {
    const bot = stand.bot();
    await stand.worker();
    const id = await stand.ask('1', { from: bot.queue, guildId: '2002' }).then(async (warm) => {
      await stand.desk.ending(warm);
      await bot.moderation.pause(first, { ...byModerator, until: Date.now() + 500 });
      return stand.ask('1');
    });
    await bot.moderation.close();
    expect((await stand.desk.ending(id)).status).toBe('delivered');
  });

  test('what a crash kept from BullMQ while its guild was paused comes back, too', async () => {
    const connection = openConnection(redis, 'worker', silent);
    const ledger = new Ledger(connection, createNames(stand.prefix));
    await stand.moderation.pause(first, byModerator);
    const [noticed, unnoticed] = [testDraft('1'), testDraft('2')];
    // The bot dies between the record and the job.
    await ledger.accept(noticed);
    await stand.queue.reconcile();
    await ledger.accept(unnoticed);
    expect(await order(stand)).toEqual([]);
    await stand.moderation.resume(first, '9');
    expect(await order(stand)).toEqual([noticed.id]);
    expect(await stand.queue.reconcile()).toEqual({ requeued: 1, redelivered: 0, failed: 0 });
    expect(await order(stand)).toEqual([noticed.id, unnoticed.id]);
    connection.disconnect();
  });

  test('a fair share is kept: held work comes back before what came later, and counts once', async () => {
    const mine = [await stand.ask('1', { costSeconds: 30 }), await stand.ask('1', { costSeconds: 30 })];
    await stand.moderation.pause(first, byModerator);
    const theirs: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      theirs.push(await stand.ask('2', { guildId: second, costSeconds: 30 }));
    }
    const worker = await stand.worker();
    await Promise.all(theirs.slice(0, 4).map((id) => stand.desk.ending(id)));
    await worker.close();
    // The clock has gone on to the fourth of theirs; with nothing held it would have begun again.
    const later = await stand.ask('3', { guildId: second, costSeconds: 30 });
    await stand.moderation.resume(first, '9');
    expect(await order(stand)).toEqual([mine[0], mine[1], later]);
  });
});

describe('a pause of the whole deployment', () => {
  test('holds everything everywhere, takes new requests, and says so', async () => {
    const ids = [
      await stand.ask('1'),
      await stand.ask('2', { guildId: second }),
      await stand.ask('3', { guildId: null }),
    ];
    await stand.moderation.globalPause(byModerator);
    await stand.worker();
    const late = await stand.ask('4');
    expect(await positions(...ids, late)).toEqual([1, 2, 3, 4].map((place) => [place, 4, 'deployment']));
    const admission = await stand.moderation.admission({ userId: '1', guildId: null, roleIds: [] });
    expect(admission).toMatchObject({ globalPause: { reason: 'quiet please' }, pause: null });
    expect(await stand.moderation.pauseOf(first)).toBeNull();
    expect(await nextJob(stand)).toBeNull();
    expect(stand.begun).toEqual([]);
    expect(await stand.queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
    expect(await stand.moderation.globalResume('9')).toBe(true);
    expect(await stand.moderation.globalResume('9')).toBe(false);
    await Promise.all([...ids, late].map((id) => stand.desk.ending(id)));
    expect(stand.begun).toEqual([...ids, late]);
    const log = await stand.moderation.audit({ guildId: null, limit: 10 });
    expect(log.map(({ action }) => action)).toEqual(['global_resume', 'global_pause']);
  });

  test('lets what runs go on, and ends by itself', async () => {
    const { work, open } = gatedWork();
    await stand.worker(work);
    const running = await stand.ask('1');
    await stand.desk.status(running, 'running');
    const waiting = await stand.ask('2');
    const late = Date.now() + 3600_000;
    await stand.moderation.globalPause({ ...byModerator, until: late });
    expect(await stand.queue.position(waiting)).toMatchObject({ held: 'deployment', heldUntil: late });
    const until = Date.now() + 700;
    await stand.moderation.globalPause({ ...byModerator, until });
    open();
    await stand.desk.ending(running);
    expect((await stand.desk.ending(waiting)).startedAt).toBeGreaterThanOrEqual(until);
  });

  test('a guild that is paused, too, stays so', async () => {
    const [id, other] = [await stand.ask('1'), await stand.ask('2', { guildId: second })];
    await stand.moderation.pause(first, byModerator);
    await stand.moderation.globalPause(byModerator);
    expect(await positions(id, other)).toEqual([
      [1, 2, 'guild'],
      [1, 1, 'deployment'],
    ]);
    await stand.moderation.globalResume('9');
    await stand.worker();
    await stand.desk.ending(other);
    expect(stand.begun).toEqual([other]);
    await stand.moderation.globalPause(byModerator);
    await stand.moderation.resume(first, '9');
    expect(await positions(id)).toEqual([[1, 1, 'deployment']]);
    await stand.moderation.globalResume('9');
    await stand.desk.ending(id);
  });
});

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      user: fc.constantFrom('1', '2', '3'),
      guild: fc.constantFrom(first, second),
      cost: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('pause' as const, 'resume' as const),
      guild: fc.constantFrom(first, second),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat(50) }) },
);

test('whatever is asked, cancelled, paused and resumed: nothing is lost, and the order is as if nothing had been paused', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      run += 1;
      // The same requests in two deployments; only one of them knows pauses.
      await using paused = await openStand(redis, `property-${run}-paused`);
      await using plain = await openStand(redis, `property-${run}-plain`);
      const pairs: { paused: string; plain: string; guild: string }[] = [];
      const isPaused = new Set<string>();
      for (const action of steps) {
        if (action.kind === 'ask') {
          const change = { guildId: action.guild, costSeconds: action.cost };
          pairs.push({
            paused: await paused.ask(action.user, change),
            plain: await plain.ask(action.user, change),
            guild: action.guild,
          });
        } else if (action.kind === 'cancel') {
          const [pair] = pairs.splice(action.pick % Math.max(1, pairs.length), 1);
          if (pair === undefined) continue;
          await Promise.all([
            paused.queue.cancel(pair.paused, reason),
            plain.queue.cancel(pair.plain, reason),
          ]);
        } else if (action.kind === 'pause') {
          isPaused.add(action.guild);
          const count = await paused.moderation.pause(action.guild, byModerator);
          expect(count).toBe(pairs.filter(({ guild }) => guild === action.guild).length);
        } else {
          const count = await paused.moderation.resume(action.guild, '9');
          const expected = pairs.filter(({ guild }) => guild === action.guild).length;
          expect(count).toBe(isPaused.delete(action.guild) ? expected : null);
        }
        const expected = (await order(plain))
          .map((id) => pairs.find((pair) => pair.plain === id))
          .filter((pair) => pair !== undefined && !isPaused.has(pair.guild))
          .map((pair) => pair?.paused);
        expect(await order(paused)).toEqual(expected);
      }
      for (const guild of isPaused) await paused.moderation.resume(guild, '9');
      expect(await paused.queue.reconcile()).toMatchObject({ requeued: 0 });
      expect(await order(paused)).toHaveLength(pairs.length);
    }),
    { numRuns: 25 },
  );
});
