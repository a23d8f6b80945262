import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import type { GenerationEvent } from '../../../src/queue/contract/generation.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import type { AuditEntry } from '../../../src/queue/moderation/moderation.ts';
import { subscribe } from '../../../src/queue/redis/subscription.ts';
import { portOf } from '../../support/failover.ts';
import { openLine } from '../../support/line.ts';
import { patience } from '../../support/patience.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

/** Redis forgets what it publishes to nobody: whoever was cut off in that moment finds it out afterwards. */
let redis: TestRedis;
let folder: string;
let owner: Redis;
let prefix = 0;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  redis = await startRedis({ tcp: true });
  owner = new Redis(parseRedisUrl(redis.url));
});
beforeEach(async () => {
  prefix += 1;
  folder = await mkdtemp(join(tmpdir(), 'humo-lost-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});
afterAll(async () => {
  owner.disconnect();
  await redis.stop();
});

const track = <T extends { close(): Promise<void> }>(part: T): T => {
  opened.push(part);
  return part;
};

/** A deployment of its own. No lock is renewed within a test: what a worker hears, it hears from the channel. */
function deploy(url = redis.url) {
  const common = testConfig(url, folder, `lost${prefix}`);
  const config = { ...common, redis: { ...common.redis, lockSeconds: 900 } };
  return {
    queue: track(createGenerationQueue(config, silent)),
    works: track(createWorkQueue(config, silent)),
    moderation: track(createModeration(config, silent)),
  };
}

/** Cuts the connections of all who listen, and does this before they are back: that takes them a tenth of a second at least. */
async function unheard<T>(work: () => Promise<T>): Promise<T> {
  await owner.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  return work();
}

function ban(userId: string) {
  return { userId, by: '9', reason: null, until: null };
}

test('what moderators do while a bot does not listen reaches it afterwards: each entry once, in order', async () => {
  const { moderation } = deploy();
  const { moderation: elsewhere } = deploy();
  await moderation.ban('10', ban('1'));
  const heard: AuditEntry[] = [];
  await elsewhere.watchAudit((entry) => heard.push(entry));
  await moderation.ban('10', ban('2'));
  await unheard(async () => {
    await moderation.ban('10', ban('3'));
    await elsewhere.ban('11', ban('4'));
    await moderation.drain('9', null);
  });
  await vi.waitFor(() => expect(heard).toHaveLength(4), patience);
  await moderation.ban('10', ban('5'));
  await vi.waitFor(() => expect(heard).toHaveLength(5), patience);
  expect(heard.map(({ action, guildId, targetUserId }) => [action, guildId, targetUserId])).toEqual([
    ['ban', '10', '2'],
    ['ban', '10', '3'],
    ['ban', '11', '4'],
    ['drain', null, null],
    ['ban', '10', '5'],
  ]);
});

test('a replica without the last entries took over, or more was missed than is remembered: what came later is heard', async () => {
  const { moderation } = deploy();
  const heard: (string | null)[] = [];
  await moderation.ban('10', ban('1'));
  await moderation.watchAudit(({ targetUserId }) => heard.push(targetUserId));
  await moderation.ban('10', ban('2'));
  await vi.waitFor(() => expect(heard).toEqual(['2']), patience);
  await owner.del(`lost${prefix}:audit:recent`);
  await moderation.ban('10', ban('3'));
  await moderation.ban('10', ban('4'));
  await vi.waitFor(() => expect(heard).toEqual(['2', '3', '4']), patience);
});

test('a cancel that the worker did not hear stops the work all the same', async () => {
  const { queue, works } = deploy();
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  await works.consume({
    models: ['17b'],
    workerId: 'w',
    work: async ({ id }, { signal }) => {
      signal.addEventListener('abort', () => stopped.resolve());
      begun.resolve();
      await stopped.promise;
      signal.throwIfAborted();
      return testResult(id);
    },
  });
  const draft = testDraft('1');
  await queue.accept(draft);
  await begun.promise;
  const reason = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;
  expect(await unheard(() => queue.cancel(draft.id, reason))).toBe('signalled');
  await stopped.promise;
  await vi.waitFor(async () => expect((await queue.get(draft.id))?.status).toBe('cancelled'), patience);
});

test('whoever follows generations hears of those that came and of those that ended meanwhile', async () => {
  const { queue } = deploy();
  const events: GenerationEvent[] = [];
  const [first, second, third] = [testDraft('1'), testDraft('2'), testDraft('3')];
  for (const draft of [first, third]) await queue.accept(draft);
  await queue.watch((event) => events.push(event));
  events.length = 0;
  await unheard(async () => {
    await queue.accept(second);
    const reason = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;
    await queue.cancel(first.id, reason);
    // As it is once a bot has said so.
    await owner.zrem(`lost${prefix}:open`, first.id);
    await owner.del(`lost${prefix}:generation:${third.id}`);
  });
  await vi.waitFor(() => {
    expect(events).toContainEqual({ kind: 'status', id: second.id, status: 'queued' });
    expect(events).toContainEqual({ kind: 'status', id: first.id, status: 'cancelled' });
    expect(events).toContainEqual({ kind: 'gone', id: third.id });
  }, patience);
});

test('the right to listen is taken away and given back: nobody ends over it, and what was missed is found', async () => {
  await using own = await startRedis({ tcp: true });
  const admin = new Redis(parseRedisUrl(own.url));
  await admin.call('ACL', 'SETUSER', 'bot', 'on', '>secret', '~*', '&*', '+@all');
  const { moderation } = deploy(own.url.replace('//', '//bot:secret@'));
  const heard: (string | null)[] = [];
  await moderation.watchAudit(({ targetUserId }) => heard.push(targetUserId));
  await admin.call('ACL', 'SETUSER', 'bot', '-subscribe');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  // It has come back, and was refused.
  await vi.waitFor(async () => {
    expect(String(await admin.call('ACL', 'LOG'))).toContain('subscribe');
  }, patience);
  await moderation.ban('10', ban('1'));
  await admin.call('ACL', 'SETUSER', 'bot', '+subscribe');
  await vi.waitFor(() => expect(heard).toEqual(['1']), patience);
  admin.disconnect();
});

test('what was missed and cannot be found yet is looked for until it is', async () => {
  const events = new EventEmitter();
  let trouble = 0;
  const subscription = await subscribe(redis, {
    channels: ['some'],
    async catchUp() {
      events.emit('look');
      if (trouble > 0) {
        trouble -= 1;
        throw new Error('away');
      }
      events.emit('found');
    },
    log: silent,
  });
  trouble = 2;
  const found = once(events, 'found');
  await owner.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await found;
  expect(trouble).toBe(0);
  await subscription.close();
});

test('a line that is cut without a word is noticed, by whoever asks and by whoever only listens', async () => {
  await using line = await openLine(portOf(redis));
  const { queue } = deploy();
  const far = deploy(line.url);
  const finish = Promise.withResolvers<void>();
  const begun: string[] = [];
  await far.works.consume({
    models: ['17b'],
    workerId: 'w',
    work: async ({ id }) => {
      begun.push(id);
      await finish.promise;
      return testResult(id);
    },
  });
  const heard: (string | null)[] = [];
  await far.moderation.watchAudit(({ targetUserId }) => heard.push(targetUserId));
  const draft = testDraft('1');
  await queue.accept(draft);
  await vi.waitFor(() => expect(begun).toEqual([draft.id]), patience);
  line.forget();
  finish.resolve();
  // A bot that took the line for good would say for a quarter of an hour that the queue cannot be reached.
  await vi.waitFor(() => far.queue.health(), patience);
  const { moderation } = deploy();
  await moderation.ban('10', ban('1'));
  await vi.waitFor(() => expect(heard).toEqual(['1']), patience);
  await vi.waitFor(async () => expect((await queue.get(draft.id))?.status).toBe('delivering'), patience);
  expect(await queue.get(draft.id)).toMatchObject({ attempts: 1 });
});
