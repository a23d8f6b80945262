import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { parseRedisUrl } from '../../src/config/redis-url.ts';
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
  let leadsTo = firstPort;
  const sockets = new Set<Socket>();
  const address = createServer((client) => {
    const upstream = connect(leadsTo, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(address, 'listening');
  const at = address.address();
  if (at === null || typeof at === 'string') throw new Error('the address has no port');
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
    url: `redis://127.0.0.1:${at.port}`,
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
      leadsTo = secondPort;
      await ask[1].replicaof('NO', 'ONE');
      await ask[0].replicaof('127.0.0.1', secondPort);
      await ask[0].client('UNPAUSE');
    },
    async [Symbol.asyncDispose]() {
      for (const one of ask) one.disconnect();
      for (const socket of sockets) socket.destroy();
      address.close();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

export function portOf({ url }: Pick<TestRedis, 'url'>): number {
  return Number(new URL(url).port);
}
