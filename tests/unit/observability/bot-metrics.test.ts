import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { BotMetrics } from '../../../src/observability/bot-metrics.ts';
import { sample } from '../../support/metrics.ts';

afterEach(() => {
  vi.useRealTimers();
});

const server = { usedBytes: 1, limitBytes: 0, keepsEverything: true, appendOnly: true };
const queue = {
  depth: async () => ({ models: [], deliveries: 0, endings: { internal: 4 } }),
  server: async () => server,
};

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

test('what alerts wait for is there from the start', async () => {
  const text = await new BotMetrics(queue, tmpdir()).registry.metrics();
  for (const kind of ['video', 'failed', 'cancelled'])
    for (const outcome of ['sent', 'retry', 'undeliverable'])
      expect(sample(text, 'humo_deliveries_total', `kind="${kind}"`, `outcome="${outcome}"`)).toBe(0);
  expect(sample(text, 'humo_generations_total', 'outcome="internal"')).toBe(4);
  expect(sample(text, 'humo_generations_total', 'outcome="engine_crashed"')).toBe(0);
  for (const scope of ['global', 'route'])
    expect(sample(text, 'humo_discord_rate_limited_total', `scope="${scope}"`)).toBe(0);
});

test('no alert waits for a counter to be there and not grow: after a start it may not be there', () => {
  const rules = readFileSync(join(projectRoot, 'docker/observability/alerts.yaml'), 'utf8');
  const silent = /(?:increase|rate)\(.*==\s*0/;
  expect(rules.split('\n').filter((line) => silent.test(line))).toEqual([]);
  expect('max(a) > 0 and sum(increase(b{c="d"}[15m])) == 0').toMatch(silent);
});
