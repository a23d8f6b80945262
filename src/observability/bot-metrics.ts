import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { Failure } from '../failure.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { watchDisk } from './disk.ts';
import { watchQueue } from './queue-metrics.ts';
import type { WatchedQueue } from './queue-metrics.ts';

/** What the bot counts, and what it reads from the queue each time it is asked. */
export class BotMetrics {
  readonly registry = new Registry();
  readonly #deliveries;
  readonly #deliverySeconds;
  readonly #actions;
  readonly #rateLimits;
  /** what Discord refused, and until when it counts: milliseconds since 1970 */
  #invalid = { count: 0, until: 0 };

  constructor(queue: WatchedQueue, dataDirectory: string) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    watchDisk(this.registry, dataDirectory);
    watchQueue(this.registry, queue);
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

  /** @param isConnected whether the gateway says at this moment what people do */
  watchGateway(isConnected: () => boolean): void {
    const up: Gauge = new Gauge({
      name: 'humo_discord_up',
      help: '1 while the bot is connected to Discord’s gateway',
      registers: [this.registry],
      collect: () => up.set(isConnected() ? 1 : 0),
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
}

function endingOf({ failure }: Generation): 'cancelled' | 'failed' {
  return failure?.code === 'cancelled' ? 'cancelled' : 'failed';
}
