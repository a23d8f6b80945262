import type { Redis } from 'ioredis';
import type { ModelId } from '../../config/model-id.ts';
import { aliveWorkers } from '../redis/alive-workers.ts';
import type { Names } from '../redis/names.ts';
import { allModels } from './tickets.ts';

/** How much stands in the queues, for whoever watches them. */
export interface QueueDepth {
  readonly models: readonly {
    readonly model: ModelId;
    readonly waiting: number;
    /** expected GPU seconds of those that wait and are not held */
    readonly waitingSeconds: number;
    readonly running: number;
    /** since the oldest waiting one was accepted; 0 when none waits */
    readonly oldestSeconds: number;
    readonly workers: number;
  }[];
  /** finished, and not told yet */
  readonly deliveries: number;
  /** how many ever ended, by outcome: `done` or the code of the failure; those that never happened may be left out */
  readonly endings: Readonly<Record<string, number>>;
}

/** How Redis is doing. */
export interface ServerState {
  readonly usedBytes: number;
  /** 0: no limit of its own */
  readonly limitBytes: number;
  /** anything else may throw away what is waiting */
  readonly keepsEverything: boolean;
  readonly appendOnly: boolean;
}

/** Records looked at for the oldest: what is behind them is younger. */
const mostLookedAt = 1000;

export async function readDepth(connection: Redis, names: Names, now: number): Promise<QueueDepth> {
  const share = (model: ModelId, part: string) => `${names.prefix}:share:${model}:${part}`;
  const [oldest, alive] = await Promise.all([
    oldestWaiting(connection, names),
    aliveWorkers(connection, names),
  ]);
  const models = await Promise.all(
    allModels.map(async (model) => {
      const since = oldest.get(model);
      return {
        model,
        waiting: await connection.scard(share(model, 'waiting')),
        waitingSeconds:
          (await connection.hvals(share(model, 'costs'))).reduce((sum, cost) => sum + Number(cost), 0) / 1000,
        running: await connection.zcard(share(model, 'running')),
        oldestSeconds: since === undefined ? 0 : Math.max(0, (now - since) / 1000),
        workers: alive[model].length,
      };
    }),
  );
  const queue = (state: string) => `${names.prefix}:${names.deliveries}:${state}`;
  const [wait, active, delayed] = await Promise.all([
    connection.llen(queue('wait')),
    connection.llen(queue('active')),
    connection.zcard(queue('delayed')),
  ]);
  const endings = Object.entries(await connection.hgetall(names.endings)).map(
    ([outcome, count]) => [outcome, Number(count)] as const,
  );
  return { models, deliveries: wait + active + delayed, endings: Object.fromEntries(endings) };
}

/** `open` is in the order of acceptance: the first waiting record of a model is its oldest. */
async function oldestWaiting(connection: Redis, names: Names): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const entries = await connection.zrange(names.open, 0, String(mostLookedAt - 1), 'WITHSCORES');
  for (let at = 0; at < entries.length && found.size < allModels.length; at += 2) {
    const [status, model] = await connection.hmget(names.record(entries[at] ?? ''), 'status', 'model');
    if (status === 'queued' && model !== null && model !== undefined && !found.has(model)) {
      found.set(model, Number(entries[at + 1]));
    }
  }
  return found;
}

export async function readServer(connection: Redis): Promise<ServerState> {
  const info = await connection.info();
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return {
    usedBytes: Number(value('used_memory')),
    limitBytes: Number(value('maxmemory')),
    keepsEverything: value('maxmemory_policy') === 'noeviction',
    appendOnly: value('aof_enabled') === '1',
  };
}
