import { Queue, Worker } from 'bullmq';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openConnection } from '../../../src/queue/redis/connection.ts';
import { Ledger } from '../../../src/queue/redis/ledger.ts';
import { createNames } from '../../../src/queue/redis/names.ts';
import { silent } from '../../support/queue-fixtures.ts';
import { openStand } from '../../support/queue-stand.ts';
import type { Stand } from '../../support/queue-stand.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let connection: Redis;
let stand: Stand;
let number = 0;

beforeAll(async () => {
  redis = await startRedis();
  connection = openConnection(redis, 'worker', silent);
});
afterAll(async () => {
  connection.disconnect();
  await redis.stop();
});
beforeEach(async () => {
  stand = await openStand(redis, `bump-${(number += 1)}`);
});
afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const [first, second] = ['2000', '2001'];
const reason = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;

async function order(of: Stand): Promise<string[]> {
  const bull = new Queue<{ id: string }>('generations.17b', { connection, prefix: of.prefix });
  try {
    return (await bull.getPrioritized()).map((job) => job.data.id);
  } finally {
    await bull.close();
  }
}

/** The order with the chosen one at the first of its guild's places, and those of its guild before it one place of theirs later. */
function rotated(ids: readonly string[], guildOf: ReadonlyMap<string, string>, chosen: string): string[] {
  const own = ids.filter((id) => guildOf.get(id) === guildOf.get(chosen));
  const line = [chosen, ...own.filter((id) => id !== chosen)];
  return ids.map((id) => (guildOf.get(id) === guildOf.get(chosen) ? (line.shift() ?? '') : id));
}

test('the last of a guild becomes its first; everybody else stays where they are, and workers see it so', async () => {
  const [a, x, b, y] = [
    await stand.ask('1'),
    await stand.ask('2', { guildId: second }),
    await stand.ask('3'),
    await stand.ask('4', { guildId: second }),
  ];
  const c = await stand.ask('5');
  expect(await order(stand)).toEqual([a, x, b, y, c]);
  expect(await stand.moderation.bump(first, c, '9')).toBe('bumped');
  expect(await order(stand)).toEqual([c, x, a, y, b]);
  const places = await Promise.all([c, x, a, y, b].map((id) => stand.queue.position(id)));
  expect(places.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
  await stand.worker();
  await Promise.all([a, b, c, x, y].map((id) => stand.desk.ending(id)));
  expect(stand.begun).toEqual([c, x, a, y, b]);
  expect(await stand.moderation.audit({ guildId: first, limit: 5 })).toMatchObject([
    { action: 'bump', actorId: '9', generationId: c, guildId: first },
  ]);
});

test('only what waits, and only one’s own guild’s', async () => {
  const mine = await stand.ask('1');
  const theirs = await stand.ask('2', { guildId: second });
  const direct = await stand.ask('3', { guildId: null });
  const before = await order(stand);
  expect(await stand.moderation.bump(first, theirs, '9')).toBe('unknown');
  expect(await stand.moderation.bump(first, direct, '9')).toBe('unknown');
  expect(await stand.moderation.bump(first, '01ARZ3NDEKTSV4RRFFQ69G5FAV', '9')).toBe('unknown');
  expect(await order(stand)).toEqual(before);
  await stand.queue.cancel(mine, reason);
  expect(await stand.moderation.bump(first, mine, '9')).toBe('not_waiting');
  expect(await stand.moderation.audit({ guildId: first, limit: 5 })).toEqual([]);
  expect(await stand.moderation.audit({ guildId: second, limit: 5 })).toEqual([]);
});

test('what comes later is placed as if nobody had been bumped', async () => {
  const ledger = new Ledger(connection, createNames(stand.prefix));
  const [long, late] = [
    await stand.ask('1', { costSeconds: 500 }),
    await stand.ask('1', { costSeconds: 10 }),
  ];
  const other = await stand.ask('2', { guildId: second, costSeconds: 400 });
  const otherNext = await stand.ask('2', { guildId: second, costSeconds: 400 });
  expect(await order(stand)).toEqual([long, other, otherNext, late]);
  await stand.moderation.bump(first, late, '9');
  expect(await order(stand)).toEqual([late, other, otherNext, long]);
  const worker = new Worker<{ id: string }, void>('generations.17b', null, {
    ...{ connection, prefix: stand.prefix, autorun: false },
  });
  const job = await worker.getNextJob('token', { block: false });
  expect(job?.data.id).toBe(late);
  expect((await ledger.begin(late, 'w')).answer).toBe('begun');
  // The queue's clock stands at the place that was taken, not at the bumped one's own tag of 500 seconds.
  const fresh = await stand.ask('3', { guildId: second, costSeconds: 10 });
  expect(await order(stand)).toEqual([other, fresh, otherNext, long]);
  // And the person's next one comes after all that they have asked for.
  const mine = await stand.ask('1', { costSeconds: 10 });
  expect(await order(stand)).toEqual([other, fresh, otherNext, long, mine]);
  await worker.close(true);
});

test('places stay exchanged when one of them is cancelled', async () => {
  const [a, c] = [await stand.ask('1', { costSeconds: 50 }), await stand.ask('2', { costSeconds: 70 })];
  const [aNext, cNext] = [await stand.ask('1'), await stand.ask('2')];
  expect(await order(stand)).toEqual([a, c, aNext, cNext]);
  await stand.moderation.bump(first, cNext, '9');
  expect(await order(stand)).toEqual([cNext, a, c, aNext]);
  await stand.queue.cancel(a, reason);
  expect(await order(stand)).toEqual([cNext, c, aNext]);
});

test('in a paused guild it changes who goes on first', async () => {
  const ids = [await stand.ask('1'), await stand.ask('2'), await stand.ask('3')];
  await stand.moderation.pause(first, { by: '9', reason: null, until: null });
  expect(await stand.moderation.bump(first, ids[2] ?? '', '9')).toBe('bumped');
  expect(await order(stand)).toEqual([]);
  expect((await stand.queue.position(ids[2] ?? '')).position).toBe(1);
  expect((await stand.queue.position(ids[0] ?? '')).position).toBe(2);
  await stand.moderation.resume(first, '9');
  expect(await order(stand)).toEqual([ids[2], ids[0], ids[1]]);
});

test('many bumps at once, from two bots: nothing is lost or there twice', async () => {
  const other = stand.bot().moderation;
  const mine = await Promise.all(Array.from({ length: 8 }, (_, index) => stand.ask(String(index + 1))));
  const theirs = await Promise.all(
    Array.from({ length: 4 }, (_, index) => stand.ask(String(index + 20), { guildId: second })),
  );
  const before = await order(stand);
  await Promise.all(mine.map((id, index) => (index % 2 ? other : stand.moderation).bump(first, id, '9')));
  const after = await order(stand);
  expect(after.toSorted()).toEqual(before.toSorted());
  for (const id of theirs) expect(after.indexOf(id)).toBe(before.indexOf(id));
});

test('whatever is asked, bumped, paused and cancelled: a bump exchanges places of its guild alone', async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        user: fc.constantFrom('1', '2', '3', '4'),
        guild: fc.constantFrom(first, second),
        cost: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('bump' as const, 'bump' as const, 'cancel' as const, 'pauseAndResume' as const),
        pick: fc.nat(50),
      }),
    },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await using queue = await openStand(redis, `property-${(run += 1)}`);
      const guildOf = new Map<string, string>();
      for (const action of steps) {
        const before = await order(queue);
        if (action.kind === 'ask') {
          const { user, guild, cost } = action;
          guildOf.set(await queue.ask(user, { guildId: guild, costSeconds: cost }), guild);
          continue;
        }
        const chosen = before[action.pick % Math.max(1, before.length)];
        if (chosen === undefined) continue;
        const guild = guildOf.get(chosen) ?? '';
        if (action.kind === 'cancel') {
          await queue.queue.cancel(chosen, reason);
          expect((await order(queue)).toSorted()).toEqual(before.filter((id) => id !== chosen).toSorted());
          continue;
        }
        if (action.kind === 'bump') {
          expect(await queue.moderation.bump(guild, chosen, '9')).toBe('bumped');
          expect(await order(queue)).toEqual(rotated(before, guildOf, chosen));
          continue;
        }
        await queue.moderation.pause(guild, { by: '9', reason: null, until: null });
        expect(await order(queue)).toEqual(before.filter((id) => guildOf.get(id) !== guild));
        await queue.moderation.resume(guild, '9');
        expect(await order(queue)).toEqual(before);
      }
      for (const [index, id] of (await order(queue)).entries()) {
        expect((await queue.queue.position(id)).position).toBe(index + 1);
      }
    }),
    { numRuns: 25 },
  );
});
