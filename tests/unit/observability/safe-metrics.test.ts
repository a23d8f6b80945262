import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { count, observe, show } from '../../../src/observability/safe-metrics.ts';
import { WorkerMetrics } from '../../../src/observability/worker-metrics.ts';

const wrong = [Number.NaN, Infinity, -Infinity, -1];

test('what is no measurement spoils no sum', async () => {
  const registers = [new Registry()];
  const counter = new Counter({ name: 'a_total', help: 'a', registers });
  const histogram = new Histogram({ name: 'b', help: 'b', buckets: [1], registers });
  const gauge = new Gauge({ name: 'c', help: 'c', registers });
  for (const value of [2, ...wrong, 3]) {
    count(counter, {}, value);
    observe(histogram, {}, value);
    show(gauge, {}, value);
  }
  const text = await registers[0]?.metrics();
  expect(text).toContain('a_total 5\n');
  expect(text).toContain('b_sum 5\n');
  expect(text).toContain('b_count 2\n');
  expect(text).toContain('c 3\n');
});

test('an engine’s odd figures end no run, and stand nowhere', async () => {
  const metrics = new WorkerMetrics('/tmp');
  for (const value of [1, ...wrong]) metrics.stage('17b', 'engine', value);
  const text = await metrics.registry.metrics();
  expect(text).toContain('humo_stage_seconds_sum{model="17b",stage="engine"} 1\n');
  expect(text).not.toMatch(/NaN|Infinity/);
});
