import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { parseRedisUrl } from '../config/redis-url.ts';
import type { Logger } from '../log.ts';

/**
 * - `producer`: a command fails within seconds when Redis is away, so that a person gets an answer.
 * - `worker`: commands wait until Redis is back; BullMQ's blocking reads and the handing back of a finished video need that.
 */
export type ConnectionPurpose = 'producer' | 'worker';

/** Opens one connection. It reconnects by itself; errors of the connection go to the log, at most once per outage. */
export function openConnection(url: string, purpose: ConnectionPurpose, log: Logger): Redis {
  const options: Omit<RedisOptions, 'replyMapping'> = {
    ...parseRedisUrl(url),
    maxRetriesPerRequest: purpose === 'worker' ? null : 1,
    // A silent server is as bad as none. BullMQ's blocking reads take up to ten seconds on purpose.
    ...(purpose === 'producer' ? { commandTimeout: 5000 } : {}),
    // A producer's command fails at the second attempt to connect after it was given: what lies between attempts, a person waits.
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), purpose === 'producer' ? 500 : 2000),
  };
  const connection = new Redis(options);
  let away = false;
  connection.on('error', (error) => {
    if (!away) log.warn({ error: error.message, purpose }, 'Redis is away');
    away = true;
  });
  connection.on('ready', () => {
    if (away) log.info({ purpose }, 'Redis is back');
    away = false;
  });
  return connection;
}

/** Ends a connection at once; what it had not sent yet is lost, which callers have made sure of. */
export function closeConnection(connection: Redis): void {
  connection.disconnect();
}

const outageCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** BullMQ reports every failed attempt to connect; that Redis is away stands in the log once already. */
export function isOutage(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return outageCodes.has(code) || error.message === 'Connection is closed.';
}

/** No answer came, so that the command may have been carried out all the same, or will be. Redis' own refusals are answers. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    isOutage(error) || error.name === 'MaxRetriesPerRequestError' || error.message === 'Command timed out'
  );
}
