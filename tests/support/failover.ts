import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { parseRedisUrl } from '../../src/config/redis-url.ts';
import { openLine } from './line.ts';
import { startRedis } from './redis.ts';
import type { TestRedis } from './redis.ts';

/** Two Redis servers, the second a replica of the first, behind one address that leads to whichever is the primary. */
export interface ReplicatedRedis extends AsyncDisposable {
  /** the address; whoever is connected stays connected to the server that it led to */
  readonly url: string;
  readonly servers: readonly [TestRedis, TestRedis];
  /** The second becomes the primary and the first its replica, once it has all that the first acknowledged. */
  failOver(): Promise<void>;
}

export async function startReplicatedRedis(): Promise<ReplicatedRedis> {
  const servers = [await startRedis({ tcp: true }), await startRedis({ tcp: true })] as const;
  const [first, second] = servers;
  const [firstPort, secondPort] = [portOf(first), portOf(second)];
  const line = await openLine(firstPort);
  const ask = [new Redis(parseRedisUrl(first.url)), new Redis(parseRedisUrl(second.url))] as const;
  await ask[1].replicaof('127.0.0.1', firstPort);
  await vi.waitFor(
    async () => {
      if (!(await ask[1].info('replication')).includes('master_link_status:up'))
        throw new Error('not linked');
    },
    { timeout: 600_000, interval: 50 },
  );
  return {
    url: line.url,
    servers,
    async failOver() {
      // As an operator or a Sentinel does it: nothing new is taken while the replica catches up.
      await ask[0].client('PAUSE', 10_000, 'WRITE');
      await vi.waitFor(
        async () => {
          const [there, here] = await Promise.all(ask.map((one) => one.info('replication')));
          const offset = (text = '') => /(?:master|slave)_repl_offset:(\d+)/.exec(text)?.[1];
          if (offset(there) !== offset(here)) throw new Error('the replica is behind');
        },
        { timeout: 600_000, interval: 20 },
      );
      line.leadTo(secondPort);
      await ask[1].replicaof('NO', 'ONE');
      await ask[0].replicaof('127.0.0.1', secondPort);
      await ask[0].client('UNPAUSE');
    },
    async [Symbol.asyncDispose]() {
      for (const one of ask) one.disconnect();
      await line[Symbol.asyncDispose]();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

export function portOf({ url }: Pick<TestRedis, 'url'>): number {
  return Number(new URL(url).port);
}
