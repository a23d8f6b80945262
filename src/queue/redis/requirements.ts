import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { parseRedisUrl } from '../../config/redis-url.ts';
import type { RedisServer } from '../../config/redis-url.ts';
import { Unstartable } from '../../startup-error.ts';
import { connectOnce } from './connection.ts';
import { distrusted, lineProblem } from './line-check.ts';
import { createNames } from './names.ts';

/** The oldest Redis that has every command that the queue and BullMQ give. */
const oldest = { major: 6, minor: 2 };

/** What a user lacks. */
interface Lacking {
  readonly commands: ReadonlySet<string>;
  readonly keys: boolean;
  readonly channels: boolean;
}

/**
 * Looks whether a server can be used, by doing on a key and a channel of its own what bot and worker do: a right that is missing
 * shows at the start, in one sentence, and not in the middle of somebody's request.
 *
 * @throws Unstartable that says what is wrong with the address or the server, or names the right and the line that grants it
 * @throws Error when the server cannot be reached, or cannot be written to
 */
export async function requireRedis(server: RedisServer, prefix: string): Promise<void> {
  const connection = await connectOnce(server, {
    // It would ask for INFO, which is one of the rights.
    enableReadyCheck: false,
    maxRetriesPerRequest: 1,
  }).catch(async (error: unknown) => {
    const problem = addressProblem(error, server) ?? (await lineProblem(server));
    throw problem === null ? error : new Unstartable(problem, { cause: error });
  });
  try {
    await requireDatabase(connection, server);
    const info = await infoOf(connection);
    if (info !== null) requireFit(info);
    const lacking = await rightsLacking(connection, prefix, info === null);
    const problem = rightsProblem(userOf(server), lacking, prefix);
    if (problem !== null) throw new Unstartable(problem);
  } finally {
    connection.disconnect();
  }
}

/** @param version as INFO says it: `6.2.14` */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldest.major || (major === oldest.major && minor < oldest.minor);
}

function tooOld(version: string): Unstartable {
  return new Unstartable(
    `Redis ${version} is too old: ${oldest.major}.${oldest.minor} is the oldest that works, or any Valkey; update Redis`,
  );
}

/** null: INFO is not allowed. */
async function infoOf(connection: Redis): Promise<string | null> {
  try {
    return await connection.info();
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

/** @param info what the server says of itself */
function requireFit(info: string): void {
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = value('redis_version');
  if (isTooOld(version)) throw tooOld(version);
  if (value('redis_mode') === 'sentinel') {
    throw new Unstartable(
      'REDIS_URL leads to a Sentinel, which keeps no data: name it in REDIS_SENTINELS, and in REDIS_URL how to log in at the servers (docs/scaling.md)',
    );
  }
  if (value('redis_mode') === 'cluster') {
    throw new Unstartable(
      'Redis runs in cluster mode, in which the queue’s scripts cannot work; use one server, with replicas and Sentinels if it has to stay up (docs/scaling.md)',
    );
  }
  // It may be one for a moment only, in a failover: whoever starts this again finds out.
  if (value('role') === 'slave') {
    throw new Error('it is a replica, which takes nothing new; REDIS_URL has to lead to the primary');
  }
}

/** ioredis goes on in database 0 where the server does not have the one that was named, beside whatever lies there. */
async function requireDatabase(connection: Redis, { url }: RedisServer): Promise<void> {
  const { db } = parseRedisUrl(url);
  if (db === undefined) return;
  try {
    await connection.call('select', db);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
    throw new Unstartable(
      `REDIS_URL names database ${db}, and Redis does not give it (${error.message}); name one that it has, or none`,
      { cause: error },
    );
  }
}

/** Of a connection that could not be made: what only another address, password or certificate puts right, in one sentence. null: it may be there later. */
export function addressProblem(error: unknown, server: RedisServer): string | null {
  if (!(error instanceof Error)) return null;
  const { message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isSentinel = /\bsentinel\b/.test(message);
  const [who, where] = isSentinel
    ? ['The Sentinels', 'REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD']
    : ['Redis', 'REDIS_URL (redis://user:password@host:port)'];
  const verb = isSentinel ? 'do' : 'does';
  if (/\bWRONGPASS\b/.test(message))
    return `${who} ${verb} not take the password of the user ${userOf(server, isSentinel)}: correct ${where}`;
  if (/\bNOAUTH\b/.test(message))
    return `${who} ${isSentinel ? 'want' : 'wants'} a password, and none is set: set it in ${where}`;
  if (isSentinel && /\bNo such master\b/.test(message))
    return `The Sentinels know no primary of the name ${server.sentinels?.primary}: correct REDIS_SENTINEL_PRIMARY, which is what stands behind \`sentinel monitor\` in their configuration`;
  if (isSentinel && /\bunknown command\b/.test(message))
    return 'REDIS_SENTINELS names a Redis that is no Sentinel: name the Sentinels, whose port is 26379 unless set otherwise, or leave it out';
  if (message.startsWith('DENIED '))
    return 'Redis is in protected mode, in which it answers its own machine alone: give it a password (requirepass), and put it into REDIS_URL';
  if (/^ERR_SSL.*(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/.test(code))
    return 'Redis demands a certificate of whoever connects, and there is none to show: set `tls-auth-clients no` in redis.conf';
  if (/^(?:ERR_TLS_CERT|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)|^HOSTNAME_MISMATCH$/.test(code))
    return distrusted('Redis', message);
  if (code.startsWith('ERR_SSL'))
    return 'REDIS_URL asks for TLS, and what answers there speaks something else: correct its host and port, or begin it with redis:// instead of rediss://';
  return null;
}

/** Commands as bot, API, worker, scaler and BullMQ give them, with as few arguments as Redis takes: it looks at those first, and then at rights. */
export function attempts(key: string): readonly (readonly [string, ...(string | number)[]])[] {
  return [
    ['set', key, '', 'PX', 1000, 'NX'],
    ...[
      ...['get', 'exists', 'hgetall', 'hkeys', 'hvals', 'scard', 'smembers', 'zcard', 'zpopmin'],
      ...['llen', 'lpop', 'rpop', 'pttl', 'persist', 'type'],
    ].map((name): [string, string] => [name, key]),
    ...[
      ...['hget', 'hexists', 'hmget', 'hdel', 'zscore', 'zrem', 'zrank', 'zrevrank'],
      ...['srem', 'sismember'],
    ].map((name): [string, string, string] => [name, key, 'x']),
    ...['zrange', 'zrevrange', 'zrangebyscore', 'zrevrangebyscore', 'zcount'].map(
      (name): [string, string, number, number] => [name, key, 0, 0],
    ),
    ...['zremrangebyscore', 'zremrangebyrank', 'lrange', 'ltrim'].map(
      (name): [string, string, number, number] => [name, key, 0, 0],
    ),
    ['hset', key, 'x', 'x'],
    ['hmset', key, 'x', 'x'],
    ['hsetnx', key, 'x', 'x'],
    ['hincrby', key, 'x', 1],
    ['hscan', key, 0],
    ['zadd', key, 1, 'x'],
    ['zrevrangebylex', key, '+', '-'],
    ['zinter', 1, key],
    ['bzpopmin', key, 0.001],
    ['sadd', key, 'x'],
    ['lpush', key, 'x'],
    ['rpush', key, 'x'],
    ['lrem', key, 0, 'x'],
    ['lpos', key, 'x'],
    ['lindex', key, 0],
    ['rpoplpush', key, key],
    ['xadd', key, 'MAXLEN', 0, '*', 'x', 'x'],
    ['xtrim', key, 'MAXLEN', 0],
    ['xread', 'STREAMS', key, '$'],
    ['incr', key],
    ['pexpire', key, 1],
    ['eval', 'return 1', 1, key],
    ['evalsha', '0'.repeat(40), 1, key],
    ['scan', 0],
    ['time'],
    ['ping'],
    ['client', 'setname', 'humo'],
    // Outside of a transaction it is refused for that, once the rights are looked at.
    ['exec'],
    ['unlink', key],
    ['del', key],
  ];
}

async function rightsLacking(connection: Redis, prefix: string, withoutInfo: boolean): Promise<Lacking> {
  const names = createNames(prefix);
  const commands = new Set<string>(withoutInfo ? ['info'] : []);
  let [keys, channels] = [false, false];
  const note = (name: string, error: unknown) => {
    if (!isForbidden(error)) return;
    if (/\bkeys?\b/.test(error.message)) keys = true;
    else if (/\bchannels?\b/.test(error.message)) channels = true;
    else commands.add(name);
  };
  const attempt = async (name: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
      note(name, error);
    }
  };
  for (const [name, ...args] of attempts(names.claim(`rights:${randomUUID()}`))) {
    await attempt(name, () => connection.call(name, ...args));
  }
  await attempt('multi', async () => {
    await connection.call('multi');
    // Whichever is allowed ends it.
    await connection.call('exec').catch(() => connection.call('discard'));
  });
  await attempt('publish', () => connection.publish(names.wake, ''));
  // Last: a connection that listens does nothing else.
  await attempt('subscribe', () => connection.subscribe(names.wake, names.cancel, names.events, names.audit));
  return { commands, keys, channels };
}

function isForbidden(error: unknown): error is Error {
  // A transaction that may not be carried out says it in a sentence of its own.
  return error instanceof Error && /^(?:EXECABORT .*\b)?NOPERM\b/.test(error.message);
}

/** Whose rights they are: the URL says it, or else it is the one whom Redis calls default. */
function userOf({ url, sentinels }: RedisServer, ofSentinels = false): string {
  return (ofSentinels ? sentinels?.username : parseRedisUrl(url).username) ?? 'default';
}

/** One sentence; null when nothing is lacking. */
export function rightsProblem(
  user: string,
  { commands, keys, channels }: Lacking,
  prefix: string,
): string | null {
  const names = [...commands];
  const lacking = [
    ...(names.length === 0
      ? []
      : [
          `the command${names.length === 1 ? '' : 's'} ${names.map((name) => name.toUpperCase()).join(', ')}`,
        ]),
    ...(keys ? [`the keys ${prefix}:*`] : []),
    ...(channels ? [`the channels ${prefix}:*`] : []),
  ];
  if (lacking.length === 0) return null;
  const grants = [
    ...names.map((name) => `+${name}`),
    ...(keys ? [`~${prefix}:*`] : []),
    ...(channels ? [`&${prefix}:*`] : []),
  ];
  return `Redis does not let its user ${user} use ${lacking.join(' and ')}, which bot and worker need; allow it with: ACL SETUSER ${user} ${grants.join(' ')}`;
}
