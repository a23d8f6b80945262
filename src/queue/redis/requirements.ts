import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { parseRedisUrl } from '../../config/redis-url.ts';
import type { RedisServer } from '../../config/redis-url.ts';
import { Unstartable } from '../../startup-error.ts';
import { connectOnce } from './connection.ts';
import { createNames } from './names.ts';
import { producerTimeout } from '../constants.ts';

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
 * @throws Unstartable that names the version or the right, and the line that grants it
 * @throws Error when the server cannot be reached
 */
export async function requireRedis(server: RedisServer, prefix: string): Promise<void> {
  const connection = await connectOnce(server, {
    // It would ask for INFO, which is one of the rights.
    enableReadyCheck: false,
    maxRetriesPerRequest: 1,
    commandTimeout: producerTimeout,
  });
  try {
    const version = await versionOf(connection);
    if (version !== null && isTooOld(version)) throw tooOld(version);
    const lacking = await rightsLacking(connection, prefix, version === null);
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
async function versionOf(connection: Redis): Promise<string | null> {
  try {
    return /^redis_version:(.*?)\r?$/m.exec(await connection.info())?.[1] ?? '';
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
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
function userOf({ url }: RedisServer): string {
  return parseRedisUrl(url).username ?? 'default';
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
