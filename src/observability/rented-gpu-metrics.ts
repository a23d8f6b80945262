import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { count, show } from './safe-metrics.ts';
import type { Gpus } from '../queue/rented-gpus.ts';

export type WatchedGpus = Pick<Gpus, 'pods' | 'status' | 'failures'>;

/** Adds what is rented and what it costs, read each time somebody asks. While Redis is away it is left out. */
export function watchGpus(registry: Registry, gpus: WatchedGpus, clock: { now(): number }): void {
  const registers = [registry];
  let looking: Promise<void> | undefined;
  // One look fills them all: they are of one moment.
  const collect = (): Promise<void> =>
    (looking ??= look().finally(() => {
      looking = undefined;
    }));
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name, help, labelNames, registers, collect });

  const pods = gauge('humo_gpus', 'Rented GPUs; state is starting, ready or ending', ['state']);
  const idle = gauge(
    'humo_gpu_idle_seconds',
    'How long the rented GPU that is idle the longest has had nothing to do, but for one that is kept ready',
  );
  const oldest = gauge(
    'humo_gpu_starting_seconds',
    'How long the GPU that is being started the longest has not taken jobs',
  );
  const spent = gauge('humo_gpu_spent_dollars', 'What rented GPUs have cost; period is day or month, UTC', [
    'period',
  ]);
  const cap = gauge('humo_gpu_cap_dollars', 'What they may cost; left out where there is no limit', [
    'period',
  ]);
  const failures = new Counter({
    name: 'humo_gpu_start_failures_total',
    help: 'Starts that the provider refused, or after which no worker took jobs',
    registers,
    collect,
  });
  const looked = gauge('humo_gpu_looked_seconds', 'Since somebody looked after rented GPUs last');

  async function look(): Promise<void> {
    const [all, status, failed] = await Promise.all([gpus.pods(), gpus.status(), gpus.failures()]);
    const now = clock.now();
    const starting = all.filter(({ readyAt, ending }) => readyAt === null && ending === null);
    const ready = all.filter(({ readyAt, ending }) => readyAt !== null && ending === null);
    pods.set({ state: 'starting' }, starting.length);
    pods.set({ state: 'ready' }, ready.length);
    pods.set({ state: 'ending' }, all.length - starting.length - ready.length);
    const isKept = status?.ready != null && !status.ready.rests;
    const idleSeconds = ready
      .map(({ busyAt }) => (now - busyAt) / 1000)
      .toSorted((left, right) => right - left);
    show(idle, {}, Math.max(0, idleSeconds[isKept ? 1 : 0] ?? 0));
    show(oldest, {}, Math.max(0, ...starting.map(({ askedAt }) => (now - askedAt) / 1000)));
    failures.reset();
    count(failures, {}, failed);
    if (status === null) return;
    show(spent, { period: 'day' }, status.spent.today);
    show(spent, { period: 'month' }, status.spent.month);
    if (status.caps.today !== null) show(cap, { period: 'day' }, status.caps.today);
    if (status.caps.month !== null) show(cap, { period: 'month' }, status.caps.month);
    show(looked, {}, (now - status.at) / 1000);
  }
}
