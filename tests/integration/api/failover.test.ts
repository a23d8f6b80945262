import { expect, test } from 'vitest';
import { readEvents, startApiScene } from '../../support/api.ts';
import { startReplicatedRedis } from '../../support/failover.ts';
import { testResult } from '../../support/queue-fixtures.ts';

test('whoever watches a request goes on watching it when the primary becomes a replica', async () => {
  await using redis = await startReplicatedRedis();
  await using scene = await startApiScene({ REDIS_URL: redis.url });
  const ada = await scene.token('ada');
  const finish = Promise.withResolvers<void>();
  await scene.work(async ({ id }) => {
    await finish.promise;
    return testResult(id);
  });
  const { id } = await ada.accepted();
  let last: string | undefined;
  for await (const { generation } of readEvents(await ada.fetch(`/v1/generations/${id}/events`))) {
    if (generation.status === 'running' && last !== 'running') {
      await redis.failOver();
      finish.resolve();
    }
    last = generation.status;
  }
  // The stream ends with the request.
  expect(last).toBe('delivered');
  expect((await ada.accepted()).status).toMatch(/^(?:queued|running)$/);
});
