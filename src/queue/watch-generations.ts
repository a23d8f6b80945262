import type { Redis } from 'ioredis';
import type { RedisServer } from '../config/redis-url.ts';
import type { Logger } from '../log.ts';
import { closeConnection, openConnection } from './redis/connection.ts';
import type { GenerationEvent } from './contract/generation.ts';
import { parseEvent } from './contract/event.ts';
import type { Ledger } from './redis/ledger.ts';
import type { Names } from './redis/names.ts';
import type { Closable } from './interfaces.ts';
import { readableRecord } from './contract/readable.ts';

/**
 * Subscribes to status and progress. Redis forgets what it published to nobody, so after every (re)connection the listener
 * hears where each open generation stands; it may hear the same twice.
 */
export async function watchGenerations(parts: {
  readonly server: RedisServer;
  readonly names: Names;
  readonly ledger: Ledger;
  readonly connection: Redis;
  readonly listener: (event: GenerationEvent) => void;
  readonly log: Logger;
}): Promise<Closable> {
  const { names, connection, listener, log } = parts;
  const subscriber = openConnection(parts.server, 'subscriber', log);
  const notify = (event: GenerationEvent) => {
    try {
      listener(event);
    } catch (error) {
      log.error({ generationId: event.id, error: String(error) }, 'a listener failed');
    }
  };
  subscriber.on('message', (_channel, message) => {
    const event = parseEvent(message);
    if (event !== null) notify(event);
  });
  const catchUp = async () => {
    for (const id of await connection.zrange(names.open, '0', '-1')) {
      const generation = await readableRecord(parts, id);
      if (generation === null) continue;
      notify({ kind: 'status', id, status: generation.status });
      if (generation.progress !== null) notify({ kind: 'progress', id, progress: generation.progress });
    }
  };
  try {
    await connection.ping();
    await subscriber.subscribe(names.events);
    await catchUp();
  } catch (error) {
    closeConnection(subscriber);
    throw error;
  }
  // ioredis subscribes again by itself before it says ready.
  subscriber.on('ready', () => {
    catchUp().catch((error: unknown) => log.warn({ error: String(error) }, 'could not catch up'));
  });
  return {
    async close() {
      subscriber.removeAllListeners('message');
      closeConnection(subscriber);
    },
  };
}
