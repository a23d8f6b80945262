import { parseRedisUrl } from './redis-url.ts';
import type { RedisServer } from './redis-url.ts';
import { SteadySentinelConnector } from './sentinel-connector.ts';

/** ioredis' word for: connect anew, and send the refused command once more. */
const reconnectAndResend = 2;

/** Refusals within this time of each other belong to one failover: milliseconds. */
const failoverLasts = 30_000;

/** How long a connection waits between two tries to connect, at most: milliseconds. */
export interface RedisReconnection {
  readonly longestPause: number;
  /** called once for each failover, when the first command is refused */
  readonly onDemoted?: (error: Error) => void;
}

/**
 * How ioredis reaches a server, and goes on after a failover: a server that is a replica now, or is loading or cut off from its
 * primary, keeps its connections and refuses what is written, while the address leads elsewhere for whoever connects anew. What was
 * refused has changed nothing, so it is sent again.
 *
 * With Sentinels the URL says how to log in, which database, and whether over TLS; where the primary is, they say.
 *
 * @throws RangeError as {@link parseRedisUrl}
 */
export function redisOptions(
  { url, sentinels }: RedisServer,
  { longestPause, onDemoted }: RedisReconnection,
) {
  let refusals = 0;
  let refusedAt = 0;
  const reconnection = {
    retryStrategy: (attempt: number) => {
      // An address may lead to the old server for a while yet, which takes connections and refuses what is written.
      const inFailover = Date.now() - refusedAt < failoverLasts ? refusals : 0;
      return Math.min(50 * 2 ** Math.min(Math.max(attempt, inFailover), 6), longestPause);
    },
    reconnectOnError: (error: Error): typeof reconnectAndResend | false => {
      if (!isDemoted(error)) return false;
      const now = Date.now();
      refusals = now - refusedAt < failoverLasts ? refusals + 1 : 1;
      refusedAt = now;
      if (refusals === 1) onDemoted?.(error);
      return reconnectAndResend;
    },
  };
  const address = parseRedisUrl(url);
  if (sentinels === undefined) return { ...address, ...reconnection };
  const { host: _host, port: _port, path: _path, tls, ...login } = address;
  const { addresses, primary, username, password } = sentinels;
  return {
    ...login,
    sentinels: addresses.map((one) => ({ ...one })),
    name: primary,
    role: 'master' as const,
    // They tell at once when another server becomes the primary.
    failoverDetector: true,
    Connector: SteadySentinelConnector,
    sentinelRetryStrategy: reconnection.retryStrategy,
    // One that is frozen, or on a machine that is off, is passed over: the next one knows, too.
    connectTimeout: 3_000,
    sentinelCommandTimeout: 1_000,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(tls === undefined ? {} : { tls, enableTLSForSentinelMode: true, sentinelTLS: tls }),
    ...reconnection,
  };
}

/** Whether an answer says that this server is no primary, or not yet one. In Redis 6 the word stands inside the error of a script. */
function isDemoted({ message }: Error): boolean {
  return /(?:^|-)(?:READONLY|UNBLOCKED|LOADING|MASTERDOWN)\b/.test(message);
}
