import { tmpdir } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { BotMetrics } from '../../../src/observability/bot-metrics.ts';
import { sample } from '../../support/metrics.ts';

afterEach(() => {
  vi.useRealTimers();
});

const server = { usedBytes: 1, limitBytes: 0, keepsEverything: true, appendOnly: true };
const queue = { depth: async () => ({ models: [], deliveries: 0 }), server: async () => server };

test('refused requests count until Discord forgets them', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const metrics = new BotMetrics(queue, tmpdir());
  const shown = async () => sample(await metrics.registry.metrics(), 'humo_discord_invalid_requests');
  expect(await shown()).toBe(0);
  metrics.invalidRequests(5200, 300_000);
  expect(await shown()).toBe(5200);
  vi.setSystemTime(Date.now() + 299_999);
  expect(await shown()).toBe(5200);
  vi.setSystemTime(Date.now() + 1);
  expect(await shown()).toBe(0);
});
