import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startPart } from '../../../scripts/support/part.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import type { RedisSentinels, RedisServer } from '../../../src/config/redis-url.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { requireRedis } from '../../../src/queue/redis/requirements.ts';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { createRedisStore } from '../../../src/storage/redis-store.ts';
import { openDesk } from '../../support/desk.ts';
import { portOf, startReplicatedRedis } from '../../support/failover.ts';
import { silent, testConfig, testDraft, testResult } from '../../support/queue-fixtures.ts';
import { startRedis, startSentinel } from '../../support/redis.ts';
import { patience } from '../../support/patience.ts';

let folder: string;
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-failover-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});

/** Bot, moderators and worker of one deployment. Work that is asked to wait lasts until `finish`. */
async function deploy(redis: RedisServer) {
  const common = testConfig(redis.url, folder);
  // Longer than a failover: a lock that lapses meanwhile is what outages.test.ts is about.
  const config = { ...common, redis: { ...common.redis, ...redis, lockSeconds: 15 } };
  const finish = Promise.withResolvers<void>();
  const worked: string[] = [];
  const queue = createGenerationQueue(config, silent);
  const works = createWorkQueue(config, silent);
  const moderation = createModeration(config, silent);
  opened.push(works, queue, moderation);
  await Promise.all([queue.health(), works.health()]);
  const desk = await openDesk(queue);
  await works.consume({
    models: ['17b'],
    workerId: 'w',
    work: async ({ id, userId }) => {
      worked.push(id);
      if (userId === '1') await finish.promise;
      return testResult(id);
    },
  });
  return { queue, works, moderation, desk, worked, finish: () => finish.resolve() };
}

test('the primary becomes a replica and keeps its connections: all goes on, nothing is lost, nothing twice', async () => {
  await using redis = await startReplicatedRedis();
  const { queue, works, moderation, desk, worked, finish } = await deploy({ url: redis.url });
  const store = createRedisStore(redis, 'test');
  opened.push(store);
  await store.put('inputs/before.txt', Buffer.from('before'));
  const entries: string[] = [];
  await moderation.watchAudit(({ action }) => entries.push(action));
  const ids = [testDraft('1'), testDraft('2'), testDraft('3')];
  for (const draft of ids) await queue.accept(draft);
  await desk.status(ids[0]?.id ?? '', 'running');
  await redis.failOver();
  const after = testDraft('4');
  await Promise.all([
    queue.accept(after),
    queue.health(),
    works.health(),
    moderation.pause('7000', { by: '9', reason: null, until: null }),
    store.put('inputs/after.txt', Buffer.from('after')),
  ]);
  finish();
  for (const { id } of [...ids, after]) {
    expect(await desk.ending(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  }
  const all = [...ids, after].map(({ id }) => id).toSorted();
  expect(worked.toSorted()).toEqual(all);
  expect(desk.deliveries.toSorted()).toEqual(all);
  await vi.waitFor(() => expect(entries).toEqual(['pause']), patience);
  expect((await store.get('inputs/before.txt')).toString()).toBe('before');
  // They are where they should be, and not on what was the primary.
  const old = new Redis(parseRedisUrl(redis.servers[0].url));
  const clients = String(await old.call('CLIENT', 'LIST', 'TYPE', 'NORMAL'));
  old.disconnect();
  expect(clients.split('\n').filter((line) => /cmd=(?:evalsha|eval|bzpopmin|set|hset)\b/.test(line))).toEqual(
    [],
  );
});

test('a server that answers and cannot be written to is not healthy', async () => {
  await using redis = await startReplicatedRedis();
  const replica = testConfig(redis.servers[1].url, folder);
  const queue = createGenerationQueue(replica, silent);
  const works = createWorkQueue(replica, silent);
  opened.push(queue, works);
  const answers = await Promise.allSettled([queue.health(), works.health()]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

/** Takes connections and says nothing, as a machine does that stands still. */
async function startFrozen() {
  const sockets = new Set<Socket>();
  const frozen = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(frozen, 'listening');
  const at = frozen.address();
  if (at === null || typeof at === 'string') throw new Error('it has no port');
  return {
    host: '127.0.0.1',
    port: at.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      frozen.close();
    },
  };
}

test('Sentinels say where the primary is, and where it is after a failover', async () => {
  await using first = await startRedis({ tcp: true });
  await using second = await startRedis({ tcp: true });
  const ask = new Redis(parseRedisUrl(second.url));
  await ask.replicaof('127.0.0.1', portOf(first));
  await using sentinel = await startSentinel({ name: 'mymaster', port: portOf(first) });
  const server = (sentinels: Partial<RedisSentinels>) => ({
    // Only how to log in: nothing listens there.
    url: 'redis://nowhere.invalid:1/0',
    sentinels: {
      addresses: [{ host: '127.0.0.1', port: sentinel.port }],
      primary: 'mymaster',
      ...sentinels,
    },
  });
  const { queue, desk, worked } = await deploy(server({}));
  const before = testDraft('2');
  await queue.accept(before);
  expect(await desk.ending(before.id)).toMatchObject({ status: 'delivered' });
  await sentinel.failOver();
  expect(await ask.role()).toMatchObject({ 0: 'master' });
  ask.disconnect();
  const after = testDraft('3');
  await queue.accept(after);
  expect(await desk.ending(after.id)).toMatchObject({ status: 'delivered', attempts: 1 });
  expect(worked).toEqual([before.id, after.id]);
  // What a start says where none knows the way: at once, and why.
  const nobody = { addresses: [{ host: '127.0.0.1', port: 1 }] };
  await expect(requireRedis(server(nobody), 'humo')).rejects.toThrow('sentinel 127.0.0.1:1');
  await expect(requireRedis(server({ primary: 'other' }), 'humo')).rejects.toThrow(
    'The Sentinels know no primary of the name other: correct REDIS_SENTINEL_PRIMARY',
  );
  const owner = new Redis({ host: '127.0.0.1', port: sentinel.port });
  await owner.call('ACL', 'SETUSER', 'default', 'resetpass', '>secret');
  owner.disconnect();
  await expect(requireRedis(server({}), 'humo')).rejects.toThrow('The Sentinels want a password');
  await expect(requireRedis(server({ password: 'wrong' }), 'humo')).rejects.toThrow(
    'The Sentinels do not take the password of the user default: correct REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD',
  );
  await expect(requireRedis(server({ password: 'secret' }), 'humo')).resolves.toBeUndefined();
  // One that is frozen is passed over.
  await using frozen = await startFrozen();
  const asked = { password: 'secret', addresses: [frozen, { host: '127.0.0.1', port: sentinel.port }] };
  await expect(requireRedis(server(asked), 'humo')).resolves.toBeUndefined();
});

test('Sentinels and servers that speak TLS alone: a process finds the primary, and the next one', async () => {
  // Servers are named by their addresses there; the URL's host is the name that they are all asked for.
  const pem = await generate([{ name: 'commonName', value: 'redis.internal' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'redis.internal' }] }],
  });
  const tls = { certificate: join(folder, 'redis.pem'), key: join(folder, 'redis.key') };
  await writeFile(tls.certificate, pem.cert);
  await writeFile(tls.key, pem.private);
  await using first = await startRedis({ tcp: true, tls });
  await using second = await startRedis({ tcp: true, tls });
  const ask = new Redis(parseRedisUrl(second.url));
  await ask.replicaof('127.0.0.1', first.tlsPort);
  await using sentinel = await startSentinel({
    ...{ name: 'mymaster', tls },
    ...{ port: portOf(first), tlsPort: first.tlsPort },
  });
  const environment = {
    ...{ PATH: process.env['PATH'], HOME: folder, DATA_DIRECTORY: folder, HUMO_PROFILE: 'tiny' },
    ...{ API_PORT: '0', HEALTH_PORT: '0' },
    REDIS_URL: 'rediss://redis.internal:1/0',
    REDIS_SENTINELS: `127.0.0.1:${sentinel.tlsPort}`,
    NODE_EXTRA_CA_CERTS: tls.certificate,
  };
  const api = startPart({ name: 'api', file: 'src/api/main.ts', environment });
  try {
    await api.logged('the API listens');
    const { port } = await api.logged('health checks and metrics');
    await sentinel.failOver();
    expect(await ask.role()).toMatchObject({ 0: 'master' });
    // It is healthy when it can write.
    await vi.waitFor(
      async () => expect((await fetch(`http://127.0.0.1:${Number(port)}/readyz`)).status).toBe(200),
      patience,
    );
  } finally {
    ask.disconnect();
    await api.stop('SIGKILL');
  }
  // A stranger's certificate: its owner hears of it.
  const { NODE_EXTRA_CA_CERTS: _trusted, ...distrustful } = environment;
  const other = startPart({
    ...{ name: 'api', file: 'src/api/main.ts' },
    environment: { ...distrustful, REDIS_SENTINELS: '', REDIS_URL: `rediss://localhost:${second.tlsPort}` },
  });
  expect(await other.ended).toBe(78);
  expect(other.lines.join('\n')).toContain(
    'The certificate of Redis is not trusted (self-signed certificate',
  );
});
