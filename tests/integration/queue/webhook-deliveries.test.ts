import { expect, test } from 'vitest';
import { createWebhooks, NoAnswer } from '../../../src/queue/delivery/webhook-deliveries.ts';
import { silent, testConfig } from '../../support/queue-fixtures.ts';
import { openStand } from '../../support/queue-stand.ts';
import { startRedis } from '../../support/redis.ts';

test('an end that nobody was there to tell is told once by whoever comes next, also after a crash of Redis', async () => {
  await using redis = await startRedis({ appendOnly: true });
  await using stand = await openStand(redis, 'hooks');
  const config = testConfig(redis.url, redis.folder, 'hooks');
  const [missed, queued] = [await stand.ask('1001'), await stand.ask('1002')];
  const first = createWebhooks(config, silent);
  for (const id of [missed, queued]) await first.subscribe(id, { url: 'https://example.org/', token: 't' });
  for (const id of [missed, queued]) {
    await stand.queue.cancel(id, { code: 'cancelled', identifier: 'cancelled', context: {} });
  }
  // Of one it has heard, and died before it told; of the other it has not even heard.
  await first.notice(queued);
  await first.close();
  await redis.restart();

  const told: string[] = [];
  /** Tells what there is to tell until so many have been told. */
  const tellUntil = async (count: number): Promise<void> => {
    const webhooks = createWebhooks(config, silent);
    const isTold = Promise.withResolvers<void>();
    await webhooks.start(async (generation) => {
      told.push(generation.id);
      if (told.length >= count) isTold.resolve();
      return 'received';
    });
    await isTold.promise;
    await webhooks.close();
  };
  await tellUntil(2);
  // Whoever comes after them has only what is new.
  const third = createWebhooks(config, silent);
  const later = await stand.ask('1003');
  await third.subscribe(later, { url: 'https://example.org/', token: 't' });
  await stand.queue.cancel(later, { code: 'cancelled', identifier: 'cancelled', context: {} });
  await third.close();
  await tellUntil(3);
  expect(told.toSorted()).toEqual([missed, queued, later].toSorted());
});

test('a host that does not answer holds nobody up: others are told, and it is asked again later', async () => {
  await using redis = await startRedis();
  await using stand = await openStand(redis, 'silent');
  const webhooks = createWebhooks(testConfig(redis.url, redis.folder, 'silent'), silent);
  const asked: string[] = [];
  const other = Promise.withResolvers<void>();
  const ids = await Promise.all(
    Array.from({ length: 30 }, async (_, number) => stand.ask(String(number + 1))),
  );
  const last = await stand.ask('99');
  for (const id of ids) await webhooks.subscribe(id, { url: 'https://silent.example.org/', token: 't' });
  await webhooks.subscribe(last, { url: 'https://example.org/', token: 't' });
  for (const id of [...ids, last]) {
    await stand.queue.cancel(id, { code: 'cancelled', identifier: 'cancelled', context: {} });
    await webhooks.notice(id);
  }
  await webhooks.start(async ({ id }) => {
    asked.push(id);
    if (id !== last) throw new NoAnswer('none');
    other.resolve();
    return 'received';
  });
  await other.promise;
  // As many as there are places, and not one for each end.
  expect(asked.length).toBeLessThan(12);
  await webhooks.close();
});
