import { expect, test } from 'vitest';
import { createWebhooks } from '../../../src/queue/delivery/webhook-deliveries.ts';
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
