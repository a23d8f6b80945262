import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import type { AuditEntry, NewAuditEntry } from '../../../src/queue/moderation/moderation.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import { silent, testConfig, testResult } from '../../support/queue-fixtures.ts';
import { openStand } from '../../support/queue-stand.ts';
import type { Stand } from '../../support/queue-stand.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';
import { patience } from '../../support/patience.ts';

let redis: TestRedis;
let number = 0;
let prefix: string;
let moderation: ReturnType<typeof createModeration>;
let other: ReturnType<typeof createModeration>;

beforeAll(async () => {
  redis = await startRedis({ appendOnly: true });
});
afterAll(async () => {
  await redis.stop();
});
beforeEach(() => {
  prefix = `moderation-${(number += 1)}`;
  const config = { ...testConfig(redis.url, redis.folder, prefix), maximumWaitingPerUser: 4 };
  moderation = createModeration(config, silent);
  other = createModeration(config, silent);
  return async () => {
    await Promise.all([moderation.close(), other.close()]);
  };
});

const entryOf = (guildId: string | null, action: NewAuditEntry['action'] = 'limits'): NewAuditEntry => ({
  guildId,
  actorId: '9',
  action,
  targetUserId: null,
  generationId: null,
  reason: null,
  details: { value: 3 },
});
const person = (userId: string, guildId: string | null, roleIds: string[] = []) => ({
  userId,
  guildId,
  roleIds,
});
const later = () => Date.now() + 3600_000;

test('without settings everyone has the deployment’s defaults', async () => {
  const defaults = {
    ...{ ban: null, pause: null, globalPause: null, draining: null, maintenance: null, queueLength: null },
    wakingUntil: null,
    modelsAtWork: [],
    unlisted: null,
    askEachTime: false,
    label: { words: 'made_with_ai', size: 'medium', corner: 'bottom_right' },
    limits: { waiting: 4, gpuSecondsPerDay: null, cooldownSeconds: null, weight: 1 },
  };
  expect(await moderation.admission(person('1', '10'))).toEqual(defaults);
  expect(await moderation.admission(person('1', null))).toEqual(defaults);
});

test('roles say more than everyone, each limit by itself, and the most generous of several counts', async () => {
  await moderation.changeGuild(
    '10',
    (settings) => ({
      ...settings,
      queueLength: 50,
      limits: {
        everyone: { waiting: 2, gpuSecondsPerDay: 600, cooldownSeconds: 60, weight: 0.5 },
        roles: {
          '100': { waiting: 1, cooldownSeconds: 30, weight: 2 },
          '101': { waiting: 8, cooldownSeconds: 300 },
          '102': { gpuSecondsPerDay: null },
        },
      },
    }),
    entryOf('10'),
  );
  const limits = async (guildId: string | null, ...roleIds: string[]) =>
    (await other.admission(person('1', guildId, roleIds))).limits;
  const everyone = { waiting: 2, gpuSecondsPerDay: 600, cooldownSeconds: 60, weight: 0.5 };
  expect(await limits('10')).toEqual(everyone);
  expect(await limits('10', '555')).toEqual(everyone);
  expect(await limits('10', '100')).toEqual({ ...everyone, waiting: 1, cooldownSeconds: 30, weight: 2 });
  expect(await limits('10', '100', '101')).toEqual({
    ...everyone,
    waiting: 8,
    cooldownSeconds: 30,
    weight: 2,
  });
  expect(await limits('10', '101', '102')).toEqual({
    ...everyone,
    ...{ waiting: 8, cooldownSeconds: 300, gpuSecondsPerDay: null },
  });
  expect((await other.admission(person('1', '10'))).queueLength).toBe(50);
  const defaults = { waiting: 4, gpuSecondsPerDay: null, cooldownSeconds: null, weight: 1 };
  expect(await limits('11', '100')).toEqual(defaults);
  expect(await limits(null, '100')).toEqual(defaults);
});

test('of many changes at once none is lost, and each is in the log', async () => {
  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      (index % 2 ? moderation : other).changeGuild(
        '10',
        (settings) => ({
          ...settings,
          limits: {
            ...settings.limits,
            roles: { ...settings.limits.roles, [String(100 + index)]: { waiting: index + 1 } },
          },
        }),
        entryOf('10'),
      ),
    ),
  );
  expect(Object.keys((await moderation.guild('10')).limits.roles)).toHaveLength(10);
  expect(await moderation.audit({ guildId: '10', limit: 50 })).toHaveLength(10);
});

test('a change that is not valid, or is logged elsewhere, changes nothing', async () => {
  await expect(
    moderation.changeGuild('10', (settings) => ({ ...settings, queueLength: 0 }), entryOf('10')),
  ).rejects.toThrow(/queueLength/);
  await expect(
    moderation.changeGuild('10', (settings) => ({ ...settings, queueLength: 1 }), entryOf('11')),
  ).rejects.toThrow(/entry/);
  expect((await moderation.guild('10')).queueLength).toBeNull();
  expect(await moderation.audit({ guildId: '10', limit: 50 })).toEqual([]);
  expect(await moderation.audit({ guildId: '11', limit: 50 })).toEqual([]);
});

test('a ban holds in its guild, until its end, and tells who and why', async () => {
  const until = later();
  await moderation.ban('10', { userId: '1', by: '9', reason: 'spam', until });
  const ban = { userId: '1', by: '9', reason: 'spam', until, since: expect.any(Number) };
  expect((await other.admission(person('1', '10'))).ban).toEqual({ ...ban, isEverywhere: false });
  expect((await other.admission(person('1', '11'))).ban).toBeNull();
  expect((await other.admission(person('1', null))).ban).toBeNull();
  expect((await other.admission(person('2', '10'))).ban).toBeNull();
  expect(await other.bans('10')).toEqual([ban]);
  expect(await other.bans('11')).toEqual([]);
  expect(await other.unban('11', '1', '9')).toBe(false);
  expect(await other.unban('10', '1', '9')).toBe(true);
  expect(await other.unban('10', '1', '9')).toBe(false);
  expect((await moderation.admission(person('1', '10'))).ban).toBeNull();
  // Only what changed something is in the log.
  expect((await moderation.audit({ guildId: '10', limit: 10 })).map(({ action }) => action)).toEqual([
    'unban',
    'ban',
  ]);
  expect(await moderation.audit({ guildId: '11', limit: 10 })).toEqual([]);
});

test('a ban that is over is none', async () => {
  await moderation.ban('10', { userId: '1', by: '9', reason: null, until: Date.now() - 1 });
  expect((await moderation.admission(person('1', '10'))).ban).toBeNull();
  expect(await moderation.bans('10')).toEqual([]);
  expect(await moderation.unban('10', '1', '9')).toBe(false);
});

test('draining and maintenance stand for everybody, and survive a crash of Redis', async () => {
  await moderation.drain('9', 'back at noon');
  await moderation.maintenance('9', 'new models tonight');
  await redis.restart();
  await vi.waitUntil(
    () =>
      other.globalPauseOf().then(
        () => true,
        () => false,
      ),
    patience,
  );
  for (const guildId of ['10', '11', null]) {
    expect(await other.admission(person('1', guildId))).toMatchObject({
      draining: { message: 'back at noon' },
      maintenance: 'new models tonight',
    });
  }
  expect(await other.endDrain('9')).toBe(true);
  expect(await other.endDrain('9')).toBe(false);
  await other.maintenance('9', null);
  expect(await moderation.admission(person('1', '10'))).toMatchObject({ draining: null, maintenance: null });
  expect(
    (await moderation.audit({ guildId: null, limit: 10 })).map(({ action, details }) => [action, details]),
  ).toEqual([
    ['maintenance', { on: false }],
    ['drain', { on: false }],
    ['maintenance', { on: true }],
    ['drain', { on: true }],
  ]);
});

test('the log is read in pages, newest first, and each guild has its own', async () => {
  const written: AuditEntry[] = [];
  for (let index = 0; index < 7; index += 1) written.push(await moderation.log(entryOf('10', 'cancel')));
  await moderation.log(entryOf('11', 'clear'));
  await moderation.log(entryOf(null, 'drain'));
  const newest = written.toReversed();
  const first = await other.audit({ guildId: '10', limit: 3 });
  expect(first).toEqual(newest.slice(0, 3));
  const before = first[2]?.id ?? '';
  expect(await other.audit({ guildId: '10', limit: 10, before })).toEqual(newest.slice(3));
  expect((await other.audit({ guildId: '11', limit: 10 })).map(({ action }) => action)).toEqual(['clear']);
  expect((await other.audit({ guildId: null, limit: 10 })).map(({ action }) => action)).toEqual(['drain']);
  // Another guild's entry is no way in.
  expect(await other.audit({ guildId: '11', limit: 10, before })).toEqual([]);
});

test('the log keeps the newest 10,000', async () => {
  const connection = openConnection(redis, 'worker', silent);
  try {
    const names = createNames(prefix);
    const early = await moderation.log(entryOf('10'));
    const fill = connection.pipeline();
    for (let index = 0; index < 10_000; index += 1) {
      const id = `0000000000${String(index).padStart(16, '0')}`;
      fill.zadd(names.auditOf('10'), 0, id + JSON.stringify({ ...early, id }));
    }
    await fill.exec();
    const last = await moderation.log(entryOf('10'));
    expect(await connection.zcard(names.auditOf('10'))).toBe(10_000);
    expect((await moderation.audit({ guildId: '10', limit: 2 })).map(({ id }) => id)).toEqual([
      last.id,
      early.id,
    ]);
  } finally {
    connection.disconnect();
  }
});

test('every process hears of every entry', async () => {
  const heard = new EventEmitter();
  const entries: AuditEntry[] = [];
  const watching = await other.watchAudit((entry) => {
    entries.push(entry);
    heard.emit('entry');
  });
  const first = once(heard, 'entry');
  const written = await moderation.log(entryOf('10', 'report'));
  await first;
  expect(entries).toEqual([written]);
  const second = once(heard, 'entry');
  await moderation.ban('11', { userId: '1', by: '9', reason: null, until: null });
  await second;
  expect(entries[1]).toMatchObject({ guildId: '11', action: 'ban', targetUserId: '1' });
  await watching.close();
});

test.each(['', '1:2', '*', 'deployment', '../1', '1\n2'])('%j is no guild', async (guildId) => {
  await expect(moderation.guild(guildId)).rejects.toThrow(/Discord id/);
  await expect(moderation.bans(guildId)).rejects.toThrow(/Discord id/);
  await expect(moderation.pauseOf(guildId)).rejects.toThrow(/Discord id/);
  await expect(moderation.audit({ guildId, limit: 1 })).rejects.toThrow(/Discord id/);
  await expect(moderation.ban(guildId, { userId: '1', by: '9', reason: null, until: null })).rejects.toThrow(
    /Discord id/,
  );
});

const atWork = async (work?: Parameters<Stand['worker']>[0]) => {
  const stand = await openStand(redis, prefix);
  onTestFinished(async () => stand[Symbol.asyncDispose]());
  return { stand, worker: await stand.worker(work, 'gpu-1') };
};

test('figures of a guild are of that guild', async () => {
  const { stand, worker } = await atWork(async ({ id, userId, request }) => {
    if (request.seed === 1) throw new Failure('out_of_memory', 'out_of_memory');
    return testResult(id, { engineSeconds: Number(userId) * 10 });
  });
  const ask = (userId: string, guildId: string | null, seed = 7) =>
    stand.ask(userId, { guildId, request: { seed } });
  const ids = await Promise.all([
    ask('1', '10'),
    ask('2', '10'),
    ask('2', '10'),
    ask('3', '10', 1),
    ask('4', '11'),
    ask('1', null),
  ]);
  await Promise.all(ids.map((id) => stand.desk.ending(id)));
  await worker.close();
  const cancelled = await ask('5', '10');
  await stand.queue.cancel(cancelled, { code: 'cancelled', identifier: 'cancelled_by_user', context: {} });
  await ask('6', '10');
  await ask('7', '10');
  await ask('8', '11');
  expect(await moderation.stats('10')).toEqual({
    ...{ waiting: 2, running: 0, done: 3, failed: 1, cancelled: 1, gpuSeconds: 50 },
    people: [
      { userId: '2', done: 2, gpuSeconds: 40 },
      { userId: '1', done: 1, gpuSeconds: 10 },
    ],
    medianWaitSeconds: expect.any(Number),
  });
  expect(await moderation.stats('11')).toMatchObject({ waiting: 1, done: 1, gpuSeconds: 40, failed: 0 });
  expect(await moderation.stats('12')).toEqual({
    ...{ waiting: 0, running: 0, done: 0, failed: 0, cancelled: 0, gpuSeconds: 0 },
    ...{ people: [], medianWaitSeconds: null },
  });
});

test('workers are seen while they live, with what they do, and after they fell silent', async () => {
  const gate = Promise.withResolvers<void>();
  const { stand, worker } = await atWork(async ({ id }) => {
    await gate.promise;
    return testResult(id);
  });
  const id = await stand.ask('1');
  const workers = async () => moderation.workers();
  const alive = {
    id: 'gpu-1',
    models: ['17b', '1_7b'],
    device: null,
    lastSeenAt: expect.any(Number),
    alive: true,
  };
  await expect.poll(workers).toEqual([{ ...alive, runningId: id }]);
  gate.resolve();
  await stand.desk.ending(id);
  await expect.poll(workers).toEqual([{ ...alive, runningId: null }]);
  await worker.close();
  expect(await workers()).toEqual([]);
  // One that was killed does not say goodbye.
  const folder = await mkdtemp(join(tmpdir(), 'humo-workers-'));
  const killed = startWorkerProcess({ redisUrl: redis.url, prefix, folder, name: 'gpu-2', script: {} });
  onTestFinished(async () => {
    await killed.end('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  await killed.ready;
  await expect.poll(workers).toMatchObject([{ id: 'gpu-2', device: expect.any(String), alive: true }]);
  await killed.end('SIGKILL');
  await expect.poll(workers, patience).toMatchObject([{ id: 'gpu-2', alive: false, runningId: null }]);
});

test('what failed is run again: once, as the same person’s, whatever the limits', async () => {
  let broken = true;
  const { stand } = await atWork(async ({ id, request }) => {
    if (broken) throw new Failure(request.seed === 1 ? 'out_of_memory' : 'weights_missing', 'out_of_memory');
    return testResult(id);
  });
  const admission = {
    limits: { waiting: 1, gpuSecondsPerDay: 10, cooldownSeconds: 3600, weight: 1 },
    queueLength: 1,
  };
  const [memory, weights] = [
    await stand.ask('1', { guildId: '10', request: { seed: 1 } }),
    await stand.ask('2'),
  ];
  await Promise.all([memory, weights].map((id) => stand.desk.ending(id)));
  broken = false;
  const done = await stand.ask('1', { guildId: '10', admission });
  await stand.desk.ending(done);
  await moderation.ban('10', { userId: '1', by: '9', reason: null, until: null });
  await moderation.drain('9', null);
  const both = await Promise.all([
    moderation.retryFailed('9', { code: 'out_of_memory', limit: 10 }),
    other.retryFailed('9', { code: 'out_of_memory', limit: 10 }),
  ]);
  const [again, ...more] = both.flat();
  expect(more).toEqual([]);
  const parent = await stand.queue.get(memory);
  const ending = await stand.desk.ending(again ?? '');
  expect(ending).toMatchObject({ parentId: memory, userId: '1', guildId: '10', status: 'delivered' });
  expect(ending.request).toEqual(parent?.request);
  expect(parent).toMatchObject({ status: 'failed' });
  await moderation.endDrain('9');
  await moderation.unban('10', '1', '9');
  // It has used nothing of the person's: only what they asked for themselves counts.
  await expect(stand.ask('1', { guildId: '10', admission, costSeconds: 9 })).rejects.toMatchObject({
    limit: 'cooldown',
  });
  expect(await moderation.retryFailed('9', { id: done, limit: 10 })).toEqual([]);
  expect(await moderation.retryFailed('9', { limit: 0 })).toEqual([]);
  const rest = await moderation.retryFailed('9', { limit: 10 });
  expect(rest).toHaveLength(1);
  expect(await stand.desk.ending(rest[0] ?? '')).toMatchObject({ parentId: weights, status: 'delivered' });
  expect(await moderation.retryFailed('9', { limit: 10 })).toEqual([]);
  const log = await moderation.audit({ guildId: null, limit: 10 });
  expect(log.filter(({ action }) => action === 'retry_failed').map(({ details }) => details)).toEqual([
    { retried: 1 },
    { retried: 1, code: 'out_of_memory' },
  ]);
});
