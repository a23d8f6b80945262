import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { lineProblem } from '../../../src/queue/redis/line-check.ts';
import { isTooOld, requireRedis } from '../../../src/queue/redis/requirements.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let owner: Redis;

beforeAll(async () => {
  redis = await startRedis({ tcp: true });
  owner = new Redis(parseRedisUrl(redis.url));
});
afterAll(async () => {
  owner.disconnect();
  await redis.stop();
});

/** A user of Redis with these rights, as the URL of a configuration. */
async function user(name: string, ...rights: string[]): Promise<string> {
  await owner.call('ACL', 'SETUSER', name, 'reset', 'on', '>secret', ...rights);
  return redis.url.replace('//', `//${name}:secret@`);
}

test.each([
  ['the channels', ['~*', '+@all'], ['the channels humo:*', '&humo:*']],
  ['INFO', ['~*', '&*', '+@all', '-info'], ['the command INFO', '+info']],
  ['a command of its scripts', ['~*', '&*', '+@all', '-zadd'], ['the command ZADD', '+zadd']],
  ['transactions', ['~*', '&*', '+@all', '-@transaction'], ['the commands EXEC, MULTI', '+exec +multi']],
  ['scripts', ['~*', '&*', '+@all', '-eval', '-evalsha'], ['the commands EVAL, EVALSHA', '+eval +evalsha']],
  ['keys', ['~other:*', '&*', '+@all'], ['the keys humo:*', '~humo:*']],
  [
    'several things',
    ['~humo:*', '+@all', '-@dangerous'],
    ['the command INFO and the channels humo:*', '+info &humo:*'],
  ],
])(
  'a user without %s: one sentence names it, and the line that it prints puts it right',
  async (_, rights, [lacking, grants]) => {
    const url = await user('bot', ...rights);
    const refused = await requireRedis({ url }, 'humo').catch((error: unknown) => error);
    expect(String(refused)).toBe(
      `Unstartable: Redis does not let its user bot use ${lacking}, which bot and worker need; allow it with: ACL SETUSER bot ${grants}`,
    );
    const line = /ACL (SETUSER .*)$/.exec(String(refused))?.[1] ?? '';
    await owner.call('ACL', ...line.split(' '));
    await requireRedis({ url }, 'humo');
    expect(await owner.keys('humo:claim:*')).toEqual([]);
  },
);

test('the least rights that the documentation names are enough', async () => {
  const url = await user('bot', '~humo:*', '&humo:*', '+@all', '-@dangerous', '+info');
  await expect(requireRedis({ url }, 'humo')).resolves.toBeUndefined();
});

/** What somebody reads who starts bot, worker, API or scaler with this address. */
async function refusal(url: string): Promise<string> {
  return String(await requireRedis({ url }, 'humo').catch((error: unknown) => error));
}

test('a wrong password, none, and a database that is not there: one sentence says what to put right', async () => {
  await user('bot', '~*', '&*', '+@all');
  await using locked = await startRedis({ tcp: true, password: 'secret' });
  expect(await refusal(redis.url.replace('//', '//bot:wrong@'))).toBe(
    'Unstartable: Redis does not take the password of the user bot: correct REDIS_URL (redis://user:password@host:port)',
  );
  expect(await refusal(locked.url.replace(':secret@', ''))).toBe(
    'Unstartable: Redis wants a password, and none is set: set it in REDIS_URL (redis://user:password@host:port)',
  );
  expect(await refusal(`${redis.url}/99`)).toBe(
    'Unstartable: REDIS_URL names database 99, and Redis does not give it (ERR DB index is out of range); name one that it has, or none',
  );
  await expect(requireRedis({ url: `${redis.url}/3` }, 'humo')).resolves.toBeUndefined();
});

test('TLS where there is none, none where there is, a stranger’s certificate, and what is no Sentinel: one sentence says what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-line-'));
  const tls = { certificate: join(folder, 'redis.pem'), key: join(folder, 'redis.key') };
  const pem = await generate([{ name: 'commonName', value: 'redis.internal' }]);
  await writeFile(tls.certificate, pem.cert);
  await writeFile(tls.key, pem.private);
  await using both = await startRedis({ tcp: true, tls });
  await rm(folder, { recursive: true });
  const port = Number(new URL(both.url).port);
  const sentinels = (at: number) => ({ addresses: [{ host: '127.0.0.1', port: at }], primary: 'mymaster' });
  expect(await refusal(`redis://127.0.0.1:${both.tlsPort}`)).toBe(
    `Unstartable: REDIS_URL asks for no TLS, and Redis at 127.0.0.1:${both.tlsPort} wants it: begin it with rediss:// instead of redis://, or name a port without TLS`,
  );
  // Of itself it takes as long as a connection may: what is said then.
  expect(await lineProblem({ url: `rediss://127.0.0.1:${port}` })).toBe(
    `REDIS_URL asks for TLS, and Redis at 127.0.0.1:${port} has none: begin it with redis:// instead of rediss://, or name the port that speaks TLS`,
  );
  const refused = async (url: string, at: number) =>
    String(await requireRedis({ url, sentinels: sentinels(at) }, 'humo').catch((error: unknown) => error));
  expect(await refused('redis://x', both.tlsPort)).toMatch(
    /^Unstartable: REDIS_URL asks for no TLS, and the Sentinel at /,
  );
  expect(await refused('rediss://x', both.tlsPort)).toMatch(
    /^Unstartable: The certificate of the Sentinel at .* is not trusted/,
  );
  expect(await refused('redis://x', port)).toMatch(/^Unstartable: REDIS_SENTINELS names a Redis/);
  expect(await lineProblem({ url: 'rediss://x', sentinels: sentinels(port) })).toContain('has none');
  expect(await lineProblem({ url: both.url })).toBeNull();
});

test('a cluster is refused at the start, and a replica is named', async () => {
  await using cluster = await startRedis({ tcp: true, settings: [['cluster-enabled', 'yes']] });
  expect(await refusal(cluster.url)).toMatch(/^Unstartable: Redis runs in cluster mode/);
  await using replica = await startRedis({ tcp: true });
  const ask = new Redis(parseRedisUrl(replica.url));
  await ask.replicaof('127.0.0.1', Number(new URL(redis.url).port));
  expect(await refusal(replica.url)).toMatch(/^Error: it is a replica/);
  ask.disconnect();
});

test.each([
  ['5.0.14', true],
  ['6.0.16', true],
  ['6.2.0', false],
  ['7.2.4', false],
  ['10.0.0', false],
])('Redis %s is too old: %s', (version, old) => {
  expect(isTooOld(version)).toBe(old);
});
