import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { Failure } from '../failure.ts';
import type { Generation } from '../queue/contract.ts';
import type { GenerationQueue } from '../queue/queue.ts';
import { watchDisk } from './disk.ts';

/** What the bot counts, and what it reads from the queue each time it is asked. */
export class BotMetrics {
  readonly registry = new Registry();
  readonly #deliveries;
  readonly #deliverySeconds;
  readonly #actions;
  readonly #rateLimits;
  /** what Discord refused, and until when it counts: milliseconds since 1970 */
  #invalid = { count: 0, until: 0 };

  constructor(queue: Pick<GenerationQueue, 'depth' | 'server'>, dataDirectory: string) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    watchDisk(this.registry, dataDirectory);
    this.#watchQueue(queue);
    this.#watchServer(queue);
    this.#deliveries = new Counter({
      name: 'humo_deliveries_total',
      help: 'Tries to hand a final message over, by what was to be told (video, failed, cancelled) and how the try ended (sent, retry, undeliverable)',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    // There from the start: a counter's first step out of nothing is none for Prometheus.
    for (const kind of ['video', 'failed', 'cancelled'] as const)
      for (const outcome of ['sent', 'retry', 'undeliverable'] as const)
        this.#deliveries.inc({ kind, outcome }, 0);
    this.#deliverySeconds = new Histogram({
      name: 'humo_delivery_seconds',
      help: 'One try to hand a final message over, the upload included',
      labelNames: ['kind'],
      buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120],
      registers,
    });
    this.#actions = new Counter({
      name: 'humo_actions_total',
      help: 'What people did: slash, message, button, modal, autocomplete, reaction; and its name',
      labelNames: ['kind', 'name'],
      registers,
    });
    this.#rateLimits = new Counter({
      name: 'humo_discord_rate_limited_total',
      help: 'Requests that had to wait for Discord; scope is global or route',
      labelNames: ['scope'],
      registers,
    });
    for (const scope of ['global', 'route']) this.#rateLimits.inc({ scope }, 0);
    const invalid: Gauge = new Gauge({
      name: 'humo_discord_invalid_requests',
      help: 'Answers of 401, 403 and 429 in the current 10 minutes, in hundreds; 10,000 ban the address',
      registers,
      collect: () => invalid.set(Date.now() < this.#invalid.until ? this.#invalid.count : 0),
    });
  }

  action(kind: string, name: string): void {
    this.#actions.inc({ kind, name });
  }

  rateLimited(global: boolean): void {
    this.#rateLimits.inc({ scope: global ? 'global' : 'route' });
  }

  /** @param remaining for how many milliseconds Discord goes on counting */
  invalidRequests(count: number, remaining: number): void {
    this.#invalid = { count, until: Date.now() + remaining };
  }

  /** Counts one try around `deliver`, and lets through what it returns or throws. */
  async delivery<T>(generation: Generation, deliver: () => Promise<T>): Promise<T> {
    const kind = generation.failure === null ? 'video' : endingOf(generation);
    const stop = this.#deliverySeconds.startTimer({ kind });
    try {
      const sent = await deliver();
      this.#deliveries.inc({ kind, outcome: 'sent' });
      return sent;
    } catch (error) {
      const hopeless = error instanceof Failure && error.code === 'undeliverable';
      this.#deliveries.inc({ kind, outcome: hopeless ? 'undeliverable' : 'retry' });
      throw error;
    } finally {
      stop();
    }
  }

  #watchQueue(queue: Pick<GenerationQueue, 'depth'>): void {
    const registers = [this.registry];
    const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['model'], registers });
    const running = gauge('humo_queue_running', 'Generations that run');
    const oldest = gauge('humo_queue_oldest_seconds', 'Age of the oldest waiting generation');
    const workers = gauge('humo_workers', 'Workers that take this model now');
    const deliveries = new Gauge({
      name: 'humo_deliveries_waiting',
      help: 'Finished generations whose person has not been told yet',
      registers,
    });
    const waiting = new Gauge({
      name: 'humo_queue_waiting',
      help: 'Generations that wait, held ones included',
      labelNames: ['model'],
      registers,
      // One look fills them all: they are of one moment.
      async collect() {
        const depth = await queue.depth();
        for (const { model, ...numbers } of depth.models) {
          waiting.set({ model }, numbers.waiting);
          running.set({ model }, numbers.running);
          oldest.set({ model }, numbers.oldestSeconds);
          workers.set({ model }, numbers.workers);
        }
        deliveries.set(depth.deliveries);
      },
    });
  }

  #watchServer(queue: Pick<GenerationQueue, 'server'>): void {
    const registers = [this.registry];
    const limit = new Gauge({
      name: 'humo_redis_memory_limit_bytes',
      help: 'maxmemory of Redis; 0 is none',
      registers,
    });
    const safe = new Gauge({
      name: 'humo_redis_keeps_everything',
      help: '1 when maxmemory-policy is noeviction; anything else may lose what waits',
      registers,
    });
    const appendOnly = new Gauge({
      name: 'humo_redis_append_only',
      help: '1 when Redis writes an append-only file',
      registers,
    });
    const used = new Gauge({
      name: 'humo_redis_memory_bytes',
      help: 'Memory that Redis uses',
      registers,
      async collect() {
        const state = await queue.server();
        used.set(state.usedBytes);
        limit.set(state.limitBytes);
        safe.set(state.keepsEverything ? 1 : 0);
        appendOnly.set(state.appendOnly ? 1 : 0);
      },
    });
  }
}

function endingOf({ failure }: Generation): 'cancelled' | 'failed' {
  return failure?.code === 'cancelled' ? 'cancelled' : 'failed';
}
