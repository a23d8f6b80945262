import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { watchGpus } from '../../../src/observability/rented-gpu-metrics.ts';
import type { GpuPod, GpuStatus } from '../../../src/queue/rented-gpus.ts';

const now = Date.UTC(2026, 10, 28, 20);
const pod = (name: string, idleSeconds: number): GpuPod => ({
  ...{ version: 1, name, id: name, kind: 'NVIDIA H200', pricePerHour: 4.5, byHand: false, ending: null },
  ...{ askedAt: now - 9_000_000, readyAt: now - 8_000_000, chargedUntil: now },
  busyAt: now - idleSeconds * 1000,
});
const status = (ready: GpuStatus['ready']): GpuStatus => ({
  ...{ version: 1, at: now, provider: 'runpod', hindrance: null, problem: null, ready },
  ...{ spent: { today: 3, month: 20 }, caps: { today: 5, month: null } },
});
const until = now + 3_600_000;

test.each([
  ['that nobody asked for is idle', null, [7000, 100], 7000],
  ['that is kept ready is not', { until, rests: false }, [7000, 100], 100],
  ['beside it is', { until, rests: false }, [7000, 5000], 5000],
  ['that an owner wants ended is', { until, rests: true }, [7000], 7000],
  ['alone that is kept ready is not', { until, rests: false }, [7000], 0],
])('a GPU %s', async (_name, ready, idle, shown) => {
  const registry = new Registry();
  watchGpus(
    registry,
    {
      pods: () => Promise.resolve(idle.map((seconds, index) => pod(`gpu-${index}`, seconds))),
      status: () => Promise.resolve(status(ready)),
      failures: () => Promise.resolve(2),
    },
    { now: () => now },
  );
  const text = await registry.metrics();
  expect(text).toContain(`\nhumo_gpu_idle_seconds ${shown}\n`);
  expect(text).toContain('\nhumo_gpu_start_failures_total 2\n');
  expect(text).toContain('humo_gpu_cap_dollars{period="day"} 5');
});
