import { afterEach, expect, test, vi } from 'vitest';
import { Health } from '../../../src/observability/health.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('ready means all works now; healthy means nothing has been broken for ten minutes', async () => {
  let now = 1_000_000;
  let message: string | null = null;
  const health = new Health(
    { redis: { look: () => message }, engine: { look: async () => null } },
    () => now,
  );
  expect(await health.report()).toMatchObject({ ready: true, healthy: true });
  message = 'away';
  now += 60_000;
  expect(await health.report()).toMatchObject({
    ready: false,
    healthy: true,
    parts: { redis: { ok: false, message: 'away', seconds: 0 }, engine: { ok: true, seconds: 60 } },
  });
  now += 599_000;
  expect(await health.report()).toMatchObject({ ready: false, healthy: true });
  now += 2_000;
  expect(await health.report()).toMatchObject({ ready: false, healthy: false });
  message = null;
  expect(await health.report()).toMatchObject({ ready: true, healthy: true });
});

test('a check that rejects has failed, and says why', async () => {
  const health = new Health({ redis: { look: () => Promise.reject(new Error('ECONNREFUSED')) } });
  expect((await health.report()).parts['redis']).toMatchObject({ ok: false, message: 'ECONNREFUSED' });
});

test('checks that hang have failed after three seconds, however many they are', async () => {
  vi.useFakeTimers();
  const hang = { look: () => new Promise<null>(() => undefined) };
  const report = new Health({ redis: hang, store: hang, engine: { look: () => null } }).report();
  await vi.advanceTimersByTimeAsync(3_001);
  expect(vi.getTimerCount()).toBe(0);
  const late = { ok: false, message: 'no answer within 3 s' };
  expect((await report).parts).toMatchObject({ redis: late, store: late, engine: { ok: true } });
});
