import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchIdle } from '../../../src/worker/idle-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether the watch has expired by now. */
async function hasExpired(watch: { readonly expired: Promise<void> }): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([watch.expired, Promise.resolve(pending)])) !== pending;
}

test('a worker that never gets a job is idle after the time, and not before', async () => {
  const watch = watchIdle(10);
  await vi.advanceTimersByTimeAsync(10 * 60_000 - 1);
  expect(await hasExpired(watch)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await hasExpired(watch)).toBe(true);
});

test('work is not idling however long it takes, and the time begins anew at its end, failed or not', async () => {
  const watch = watchIdle(1);
  const work = Promise.withResolvers<string>();
  const running = watch.during(() => work.promise);
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(await hasExpired(watch)).toBe(false);
  work.resolve('video');
  expect(await running).toBe('video');
  await vi.advanceTimersByTimeAsync(59_000);
  await expect(watch.during(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await vi.advanceTimersByTimeAsync(59_000);
  expect(await hasExpired(watch)).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await hasExpired(watch)).toBe(true);
});

test('without a time, or stopped, it waits for ever and leaves no timer behind', async () => {
  const watch = watchIdle(undefined);
  const stopped = watchIdle(1);
  stopped.stop();
  await stopped.during(async () => undefined);
  expect(vi.getTimerCount()).toBe(0);
  expect(await hasExpired(watch)).toBe(false);
});
