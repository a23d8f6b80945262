import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Limits } from '../../../src/queue/moderation/limits-schema.ts';
import type { DeploymentSettings, NewAuditEntry } from '../../../src/queue/moderation/moderation.ts';
import { openStand } from '../../support/queue-stand.ts';
import type { Stand } from '../../support/queue-stand.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

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
  stand = await openStand(redis, `deployment-${(number += 1)}`);
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const free: Limits = { waiting: null, gpuSecondsPerDay: null, cooldownSeconds: null, weight: 1 };
const admission = { limits: free, queueLength: null };
const entry: NewAuditEntry = {
  ...{ guildId: null, actorId: '9', action: 'limits', targetUserId: null, generationId: null, reason: null },
  details: {},
};
const set = (change: Partial<DeploymentSettings>) =>
  stand.moderation.changeDeployment((settings) => ({ ...settings, ...change }), entry);
const none = { waiting: null, gpuSecondsPerDay: null, cooldownSeconds: null };

test('a limit of two over everything is two, whatever the servers allow and however many ask at once', async () => {
  await set({ limits: { ...none, waiting: 2 } });
  const guilds = ['2000', '2001', '2002', '2003', '2004', null];
  const asked = guilds.flatMap((guildId) => [0, 1].map(() => stand.ask('1', { guildId, admission })));
  const settled = await Promise.allSettled(asked);
  const accepted = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(accepted).toHaveLength(2);
  for (const one of settled)
    if (one.status === 'rejected') {
      expect(one.reason).toMatchObject({ limit: 'waiting', value: 2, isEverywhere: true });
    }
  await stand.ask('2', { guildId: null, admission });
  await stand.queue.cancel(accepted[0] ?? '', {
    ...{ code: 'cancelled', identifier: 'cancelled_by_user', context: {} },
  });
  await stand.ask('1', { guildId: '2009', admission });
});

test('a budget holds for everybody together, and gives back what is not used', async () => {
  await set({ budgetGpuSecondsPerDay: 100 });
  const first = await stand.ask('1', { admission, costSeconds: 60 });
  const refused = stand.ask('2', { guildId: null, admission, costSeconds: 60 });
  await expect(refused).rejects.toMatchObject({ limit: 'budget', value: 100, isEverywhere: true });
  await stand.queue.cancel(first, {
    ...{ code: 'cancelled', identifier: 'cancelled_by_user', context: {} },
  });
  await stand.ask('2', { guildId: null, admission, costSeconds: 60 });
  const allowance = await stand.moderation.allowance({ userId: '2', guildId: null, roleIds: [] });
  expect(allowance).toMatchObject({ budget: { gpuSeconds: 100, used: 60 }, everywhere: { waiting: 1 } });
  expect(allowance.queue).toBeNull();
  // What a server limits beside it.
  await stand.ask('3', { guildId: '2000', admission, costSeconds: 1 });
  const guild = { ...entry, guildId: '2000' };
  await stand.moderation.changeGuild('2000', (settings) => ({ ...settings, queueLength: 4 }), guild);
  const here = await stand.moderation.allowance({ userId: '2', guildId: '2000', roleIds: [] });
  expect(here.queue).toEqual({ length: 4, waiting: 1 });
});

test('bans, filters and lists of the deployment hold in every server and in direct messages', async () => {
  const { moderation } = stand;
  await moderation.ban(null, { userId: '1', by: '9', reason: 'spam', until: null });
  for (const guildId of ['2000', null]) {
    await expect(stand.ask('1', { guildId, admission })).rejects.toMatchObject({
      ban: { reason: 'spam', isEverywhere: true },
    });
    const { ban } = await moderation.admission({ userId: '1', guildId, roleIds: [] });
    expect(ban).toMatchObject({ reason: 'spam', isEverywhere: true });
  }
  // A server's own ban is another one.
  expect(await moderation.bans('2000')).toEqual([]);
  await moderation.unban(null, '1', '9');
  await stand.ask('1', { guildId: null, admission });
  await moderation.addFilter(null, { kind: 'word', text: 'gore' }, '9');
  for (const guildId of ['2000', null])
    expect(await moderation.filtered(guildId, 'so much GORE')).not.toBeNull();
  await set({ allowed: { guilds: ['2000'], people: ['7'] } });
  await stand.ask('3', { guildId: '2000', admission });
  await stand.ask('7', { guildId: null, admission });
  for (const guildId of ['2001', null]) {
    await expect(stand.ask('3', { guildId, admission })).rejects.toMatchObject({ unlisted: 'server' });
  }
  await set({ allowed: { guilds: [], people: ['7'] } });
  await expect(stand.ask('3', { guildId: '2000', admission })).rejects.toMatchObject({ unlisted: 'person' });
});
