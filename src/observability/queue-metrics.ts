import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { failureCodes } from '../failure.ts';
import { count, show } from './safe-metrics.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';

export type WatchedQueue = Pick<GenerationQueue, 'depth' | 'server'>;

/** Adds what stands in the queue and how Redis is doing, read each time somebody asks. While Redis is away only `humo_redis_up` is there. */
export function watchQueue(registry: Registry, queue: WatchedQueue): void {
  const registers = [registry];
  let looking: Promise<void> | undefined;
  // One look fills them all: they are of one moment.
  const collect = (): Promise<void> =>
    (looking ??= look().finally(() => {
      looking = undefined;
    }));
  const gauge = (name: string, help: string, labelNames: 'model'[] = []) =>
    new Gauge({ name, help, labelNames, registers, collect });

  const waiting = gauge('humo_queue_waiting', 'Generations that wait, held ones included', ['model']);
  const running = gauge('humo_queue_running', 'Generations that run', ['model']);
  const oldest = gauge('humo_queue_oldest_seconds', 'Age of the oldest waiting generation', ['model']);
  const workers = gauge('humo_workers', 'Workers that take this model now', ['model']);
  const deliveries = gauge(
    'humo_deliveries_waiting',
    'Finished generations whose person has not been told yet',
  );
  // Of Redis, like all here: with several processes that show it, it is the same in each.
  const ended = new Counter({
    name: 'humo_generations_total',
    help: 'Generations whose work ended, wherever and however; outcome is done or the code of the failure',
    labelNames: ['outcome'],
    registers,
    collect,
  });
  const used = gauge('humo_redis_memory_bytes', 'Memory that Redis uses');
  const limit = gauge('humo_redis_memory_limit_bytes', 'maxmemory of Redis; 0 is none');
  const safe = gauge(
    'humo_redis_keeps_everything',
    '1 when maxmemory-policy is noeviction; anything else may lose what waits',
  );
  const appendOnly = gauge('humo_redis_append_only', '1 when Redis writes an append-only file');
  const up: Gauge = new Gauge({
    name: 'humo_redis_up',
    help: '1 when Redis answers',
    registers,
    collect: async () =>
      up.set(
        await collect().then(
          () => 1,
          () => 0,
        ),
      ),
  });

  async function look(): Promise<void> {
    const [depth, server] = await Promise.all([queue.depth(), queue.server()]);
    for (const { model, ...numbers } of depth.models) {
      show(waiting, { model }, numbers.waiting);
      show(running, { model }, numbers.running);
      show(oldest, { model }, numbers.oldestSeconds);
      show(workers, { model }, numbers.workers);
    }
    show(deliveries, {}, depth.deliveries);
    ended.reset();
    for (const outcome of ['done', ...failureCodes]) count(ended, { outcome }, depth.endings[outcome] ?? 0);
    show(used, {}, server.usedBytes);
    show(limit, {}, server.limitBytes);
    safe.set(server.keepsEverything ? 1 : 0);
    appendOnly.set(server.appendOnly ? 1 : 0);
  }
}
