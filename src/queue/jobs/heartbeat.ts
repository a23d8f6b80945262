import type { Redis } from 'ioredis';
import type { ModelId } from '../../config/model-id.ts';
import type { Logger } from '../../log.ts';
import { aliveWorkers } from '../redis/alive-workers.ts';
import type { Names } from '../redis/names.ts';
import { runScript } from '../redis/script.ts';

/** Says every few seconds that a worker is alive and what it does, so that waiting times count it. */
export function startHeartbeat(parts: {
  readonly connection: Redis;
  readonly names: Names;
  readonly models: readonly ModelId[];
  readonly workerId: string;
  /** milliseconds after which a silent worker is no longer counted in waiting times */
  readonly lifetime: number;
  /** false: say nothing, so that waiting times no longer count this worker */
  readonly isAble: () => boolean;
  readonly describe: () => Readonly<Record<string, string | number | null>>;
  readonly log: Logger;
}): { stop(): Promise<void> } {
  const { connection, names, models, workerId, lifetime, log } = parts;
  const beat = async () => {
    const state = JSON.stringify({ models, ...parts.describe() });
    await runScript(connection, names.prefix, 'beat', { workerId, models, lifetime, state });
  };
  const attempt = () => {
    // While Redis is away there is nothing to pile up for it.
    if (connection.status !== 'ready' || !parts.isAble()) return;
    beat().catch((error: unknown) => log.debug({ error: String(error) }, 'heartbeat'));
  };
  attempt();
  connection.on('ready', attempt);
  const timer = setInterval(attempt, lifetime / 3);
  return {
    async stop() {
      clearInterval(timer);
      connection.off('ready', attempt);
      if (connection.status !== 'ready') return;
      const transaction = connection.multi();
      for (const model of models) transaction.zrem(names.workers(model), workerId);
      transaction.del(names.worker(workerId));
      transaction.hdel(names.machines, workerId);
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
  const alive = (await aliveWorkers(connection, names))[model];
  return alive.filter((id) => id !== workerId).length;
}
