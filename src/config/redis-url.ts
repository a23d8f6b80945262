import { isIP } from 'node:net';

/** How to reach a Redis server, in the names that ioredis uses. */
export interface RedisAddress {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  /** `servername`: the name the server is asked for (SNI); many a hosted Redis has one address for all its customers */
  readonly tls?: { readonly servername?: string };
}

/**
 * Reads `redis://user:password@host:port/database`, `rediss://…` (TLS) and `unix:///path?password=…&db=…`. A `unix` URL has no
 * host, and a URL without a host cannot carry a password in front of it, so it stands in the query.
 *
 * @throws RangeError that names the problem and never the URL: it may hold a password
 */
export function parseRedisUrl(url: string): RedisAddress {
  if (!URL.canParse(url)) throw new RangeError('REDIS_URL is not a URL');
  const parsed = new URL(url);
  const database =
    parsed.searchParams.get('db') ?? (parsed.protocol === 'unix:' ? '' : parsed.pathname.slice(1));
  if (!/^\d*$/.test(database)) throw new RangeError('REDIS_URL names a database that is not a number');
  const username = decoded(parsed.username);
  const password = decoded(parsed.password) || (parsed.searchParams.get('password') ?? '');
  const common = {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(database === '' ? {} : { db: Number(database) }),
  };
  switch (parsed.protocol) {
    case 'unix:':
      return { ...common, path: decoded(parsed.pathname) };
    case 'redis:':
    case 'rediss:': {
      // WHATWG URLs keep the brackets of an IPv6 address; sockets do not take them.
      const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1';
      return {
        ...common,
        host,
        port: parsed.port === '' ? 6379 : Number(parsed.port),
        // Neither Node nor ioredis derives the name from the host; an address has none.
        ...(parsed.protocol === 'rediss:' ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
      };
    }
    default:
      throw new RangeError('REDIS_URL must begin with redis://, rediss:// or unix://');
  }
}

/** @throws RangeError for a `%` that stands for itself: many a password has one */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RangeError('REDIS_URL has a % that begins no escape: write it as %25');
  }
}

/** Addresses of Sentinels that know which server is the primary now: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/ */
export interface RedisSentinels {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** what the Sentinels call the primary, as in `sentinel monitor NAME …` */
  readonly primary: string;
  /** the Sentinels' own; the servers' stand in the URL */
  readonly username?: string;
  readonly password?: string;
}

/** A Redis: one address, or whichever server Sentinels name. */
export interface RedisServer {
  readonly url: string;
  readonly sentinels?: RedisSentinels;
}

/** Sentinel's own, where a Redis has 6379. */
const sentinelPort = 26_379;

/**
 * Reads `host:port,host:port`; the port is 26379 unless given, and an IPv6 address stands in brackets.
 *
 * @throws RangeError that names the problem
 */
export function parseSentinels(text: string): RedisSentinels['addresses'] {
  const parts = text.split(',').map((part) => part.trim());
  const addresses = parts.filter((part) => part !== '').map(parseSentinel);
  if (addresses.length === 0) throw new RangeError('must be host:port, separated by commas');
  return addresses;
}

function parseSentinel(part: string): RedisSentinels['addresses'][number] {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(part);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? sentinelPort : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RangeError('must be host:port, separated by commas, such as 10.0.0.1:26379,10.0.0.2:26379');
  }
  return { host, port };
}
