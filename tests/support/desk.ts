import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Generation } from '../../src/queue/contract/generation.ts';
import type { GenerationQueue } from '../../src/queue/interfaces.ts';

/** Milliseconds. */
const lookAgain = 1000;

/** Takes the bot's part at the end of the queue: notes every delivery, and tells when a generation has had its last word. */
export interface Desk {
  /** ids in the order of their deliveries; one that is there twice was delivered twice */
  readonly deliveries: string[];
  /** The record once its final message "stands". */
  ending(id: string): Promise<Generation>;
  /** The record once it has this status. */
  status(id: string, status: Generation['status']): Promise<Generation>;
}

export async function openDesk(queue: GenerationQueue): Promise<Desk> {
  const deliveries: string[] = [];
  const changes = new EventEmitter().setMaxListeners(0);
  await queue.watch((event) => changes.emit(event.id));
  await queue.consumeDeliveries(async (generation) => {
    deliveries.push(generation.id);
    return { channelId: '3000', messageId: String(9000 + deliveries.length) };
  });
  const until = async (id: string, holds: (generation: Generation) => boolean): Promise<Generation> => {
    for (;;) {
      const waiting = new AbortController();
      const changed = once(changes, id, { signal: waiting.signal }).catch(() => undefined);
      const generation = await queue.get(id);
      // What is told while nobody listens, as in a failover, is told once: it is looked again, as the bot does with its statuses.
      if (generation === null || !holds(generation)) await Promise.race([changed, delay(lookAgain)]);
      waiting.abort();
      if (generation !== null && holds(generation)) return generation;
    }
  };
  return {
    deliveries,
    ending: (id) => until(id, (generation) => generation.deliveredAt !== null),
    status: (id, status) => until(id, (generation) => generation.status === status),
  };
}
