import { expect, test } from 'vitest';
import { WorkerUnable } from '../../../src/queue/jobs/worker-unable.ts';
import { changing, insisting } from '../../../src/queue/reachable.ts';
import { storeWithRetry } from '../../../src/worker/retries.ts';

const silence = new Error('Command timed out');
const full = new Error('OOM command not allowed when used memory > maxmemory.');
const forbidden = new Error('NOPERM no right to HSET humo:open');
const never = new AbortController().signal;
/** Fails so often, then says how often it was tried. */
const failing = (times: number, error: Error) => {
  let tries = 0;
  return async () => {
    tries += 1;
    if (tries <= times) throw error;
    return tries;
  };
};

test('what changes something and gets no answer may have been done; what Redis refused was not', async () => {
  await expect(changing(failing(1, silence)())).rejects.toMatchObject({ identifier: 'change_uncertain' });
  await expect(changing(failing(1, full)())).rejects.toMatchObject({ identifier: 'queue_full' });
  await expect(changing(failing(1, forbidden)())).rejects.toMatchObject({ identifier: 'queue_unreachable' });
  expect(await changing(failing(0, silence)())).toBe(1);
});

test('what must not be lost is tried again while Redis is silent, and not for ever', async () => {
  expect(await insisting(failing(2, silence), never, [0, 0])).toBe(3);
  expect(await insisting(failing(2, forbidden), never, [0, 0])).toBe(3);
  await expect(insisting(failing(3, silence), never, [0, 0])).rejects.toMatchObject({
    identifier: 'change_uncertain',
  });
  await expect(insisting(failing(1, full), never, [0])).rejects.toMatchObject({ identifier: 'queue_full' });
});

test.each([full, forbidden])(
  'a try without an answer may have been the one, whatever the last one was told: %s',
  async (refusal) => {
    const told = [silence, refusal];
    const step = async () => {
      throw told.shift() ?? refusal;
    };
    await expect(insisting(step, never, [0])).rejects.toMatchObject({ identifier: 'change_uncertain' });
  },
);

test('a video waits for as long as the store is full, and for some time where it is away', async () => {
  const told: unknown[] = [];
  const store = (work: () => Promise<number>) =>
    storeWithRetry(work, never, (error) => told.push(error), [0, 0]);
  expect(await store(failing(5, full))).toBe(6);
  expect(told).toHaveLength(5);
  expect(await store(failing(5, forbidden))).toBe(6);
  const s3 = (status: number) =>
    Object.assign(new Error('Access Denied'), { $metadata: { httpStatusCode: status } });
  expect(await store(failing(5, s3(403)))).toBe(6);
  await expect(store(failing(5, s3(503)))).rejects.toBeInstanceOf(WorkerUnable);
  await expect(store(failing(5, silence))).rejects.toBeInstanceOf(WorkerUnable);
});
