import type { Redis } from 'ioredis';
import type { RedisServer } from '../config/redis-url.ts';
import type { Logger } from '../log.ts';
import { subscribe } from './redis/subscription.ts';
import { hasEnded } from './contract/generation.ts';
import type { GenerationEvent } from './contract/generation.ts';
import { parseEvent } from './contract/event.ts';
import type { Ledger } from './redis/ledger.ts';
import type { Names } from './redis/names.ts';
import type { Closable } from './interfaces.ts';
import { readableRecord } from './contract/readable.ts';

/**
 * Subscribes to status and progress. Redis forgets what it published to nobody, so after every (re)connection the listener
 * hears where each open generation stands, and how those have ended that were open before; it may hear the same twice.
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
  /** of which no end was heard yet */
  const open = new Set<string>();
  const notify = (event: GenerationEvent) => {
    if (event.kind === 'gone' || (event.kind === 'status' && hasEnded(event))) open.delete(event.id);
    else open.add(event.id);
    try {
      listener(event);
    } catch (error) {
      log.error({ generationId: event.id, error: String(error) }, 'a listener failed');
    }
  };
  const catchUp = async () => {
    for (const id of new Set([...open, ...(await connection.zrange(names.open, '0', '-1'))])) {
      const generation = await readableRecord(parts, id);
      if (generation === null) {
        notify({ kind: 'gone', id });
        continue;
      }
      notify({ kind: 'status', id, status: generation.status });
      if (generation.progress !== null) notify({ kind: 'progress', id, progress: generation.progress });
    }
  };
  await connection.ping();
  return subscribe(parts.server, {
    channels: [names.events],
    hear(_channel, message) {
      const event = parseEvent(message);
      if (event !== null) notify(event);
    },
    catchUp,
    log,
  });
}
