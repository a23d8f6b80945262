import type { Redis } from 'ioredis';
import type { ModelId } from '../config/generate.ts';
import type { Logger } from '../log.ts';
import type { Names } from './names.ts';
import { heartbeatInterval, heartbeatLifetime } from './settings.ts';

/** Says every few seconds that a worker is alive and what it does, so that waiting times count it. */
export function startHeartbeat(parts: {
  readonly connection: Redis;
  readonly names: Names;
  readonly models: readonly ModelId[];
  readonly workerId: string;
  readonly describe: () => Readonly<Record<string, string | number | null>>;
  readonly log: Logger;
}): { stop(): Promise<void> } {
  const { connection, names, models, workerId, log } = parts;
  const beat = async () => {
    const now = Date.now();
    const transaction = connection.multi();
    for (const model of models) {
      transaction.zadd(names.workers(model), now + heartbeatLifetime, workerId);
      transaction.zremrangebyscore(names.workers(model), '-inf', now);
    }
    transaction.set(
      names.worker(workerId),
      JSON.stringify({ models, ...parts.describe() }),
      'PX',
      heartbeatLifetime,
    );
    await transaction.exec();
  };
  const attempt = () => {
    // While Redis is away there is nothing to pile up for it.
    if (connection.status !== 'ready') return;
    beat().catch((error: unknown) => log.debug({ error: String(error) }, 'heartbeat'));
  };
  attempt();
  connection.on('ready', attempt);
  const timer = setInterval(attempt, heartbeatInterval);
  return {
    async stop() {
      clearInterval(timer);
      connection.off('ready', attempt);
      if (connection.status !== 'ready') return;
      const transaction = connection.multi();
      for (const model of models) transaction.zrem(names.workers(model), workerId);
      transaction.del(names.worker(workerId));
      await transaction.exec();
    },
  };
}

/** Workers other than this one that take the model now. */
export async function countOtherWorkers(
  connection: Redis,
  names: Names,
  model: ModelId,
  workerId: string,
): Promise<number> {
  const alive = await connection.zrangebyscore(names.workers(model), `(${Date.now()}`, '+inf');
  return alive.filter((id) => id !== workerId).length;
}
