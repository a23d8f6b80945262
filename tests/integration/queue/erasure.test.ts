import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PersonErasure } from '../../../src/erasure/erase-person.ts';
import { refuseOverLimit } from '../../../src/intake/check-admission.ts';
import { createErasure } from '../../../src/queue/people/personal-data.ts';
import { createArtifactStore } from '../../../src/storage/create.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { openStand } from '../../support/queue-stand.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

async function open(prefix: string) {
  const stand = await openStand(redis, prefix);
  const config = testConfig(redis.url, redis.folder, prefix);
  const erasure = createErasure(config, silent);
  const store = createArtifactStore(config);
  return {
    ...{ stand, erasure },
    person: new PersonErasure({ queue: stand.queue, erasure, store }),
    async [Symbol.asyncDispose]() {
      await Promise.all([stand[Symbol.asyncDispose](), erasure.close(), store.close()]);
    },
  };
}

test('what was asked for before the erasure ended is not accepted afterwards, and what comes then is', async () => {
  await using parts = await open('erased');
  const { queue } = parts.stand;
  // Their files are still being read.
  const [early, others] = [testDraft('1'), testDraft('2')];
  await parts.stand.ask('1');
  expect(await parts.person.erase('1', { copies: false })).toMatchObject({ generations: 1 });
  const refused = await queue.accept(early).catch((error: unknown) => error);
  expect(await refuseOverLimit(refused, { userId: '1', guildId: null }, queue)).toMatchObject({
    key: 'refused.erased',
  });
  expect(await queue.list({ userId: '1' })).toEqual([]);
  await queue.accept(others);
  await queue.accept(testDraft('1', { id: ulid(Date.now() + 1) }));
  expect(await queue.list({ userId: '1' })).toHaveLength(1);
});

test('nothing of a person is accepted while their work is being stopped; where that comes to nothing, all is as before', async () => {
  await using parts = await open('erasing');
  const { queue } = parts.stand;
  const stopped = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  await parts.stand.worker(async ({ id }, { signal }) => {
    signal.addEventListener('abort', () => stopped.resolve());
    await finish.promise;
    signal.throwIfAborted();
    return testResult(id);
  });
  await parts.stand.desk.status(await parts.stand.ask('1'), 'running');
  const erasing = parts.person.erase('1', { copies: false });
  await stopped.promise;
  await expect(queue.accept(testDraft('1'))).rejects.toMatchObject({ isErased: true });
  finish.resolve();
  await erasing;
  expect(await queue.list({ userId: '1' })).toEqual([]);

  const reading = testDraft('2');
  await parts.erasure.begin('2');
  await expect(queue.accept(reading)).rejects.toMatchObject({ isErased: true });
  await parts.erasure.end('2', false);
  expect(await queue.accept(reading)).toMatchObject({ status: 'queued' });
});
