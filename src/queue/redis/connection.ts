import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { redisOptions } from '../../config/redis-options.ts';
import type { RedisServer } from '../../config/redis-url.ts';
import type { Logger } from '../../log.ts';
import { LimitedRedis, unansweredMessage } from './limited-redis.ts';
import type { Names } from './names.ts';
import { producerTimeout } from '../constants.ts';

/**
 * - `producer`: a command fails within seconds when Redis is away, so that a person gets an answer.
 * - `worker`: commands wait until Redis is back; BullMQ's blocking reads and the handing back of a finished video need that.
 * - `subscriber`: as `worker`; it only listens, so it never hears that its server is no primary any more, and is told.
 */
export type ConnectionPurpose = 'producer' | 'worker' | 'subscriber';

/**
 * Connects for a few questions; whoever asks ends it. It does not come back by itself, but where Sentinels say where the server is.
 *
 * @throws Error with what the socket said when the server cannot be reached
 */
export async function connectOnce(
  server: RedisServer,
  options: Pick<RedisOptions, 'enableReadyCheck' | 'maxRetriesPerRequest'>,
): Promise<Redis> {
  const connection = new LimitedRedis(
    {
      ...redisOptions(server, { longestPause: 500 }),
      lazyConnect: true,
      ...options,
      // Sentinels of which none knows the way are asked once: whoever starts has to hear of it.
      ...(server.sentinels === undefined ? { retryStrategy: null } : { sentinelRetryStrategy: () => null }),
    },
    producerTimeout,
  );
  let refused: Error | undefined;
  connection.on('error', (error) => {
    refused ??= error;
  });
  connection.on('sentinelError', (error: Error) => {
    refused = error;
  });
  try {
    await connection.connect();
    return connection;
  } catch (error) {
    connection.disconnect();
    // It tells more than that the connection is closed.
    throw refused ?? error;
  }
}

/** What says that it can be written to says nothing later: milliseconds. */
const writtenFor = 60_000;

/** Those that only listen, by the server that they were opened for. */
const listening = new Map<string, Set<Redis>>();

/**
 * Opens one connection. It reconnects by itself, also when the server that it leads to becomes a replica; errors of the connection
 * go to the log, at most once per outage.
 *
 * @param server its URL, and the Sentinels that know where it is, if there are any
 */
export function openConnection(server: RedisServer, purpose: ConnectionPurpose, log: Logger): Redis {
  const { url } = server;
  const options: Omit<RedisOptions, 'replyMapping'> = {
    ...redisOptions(server, {
      // A producer's command fails at the second attempt to connect after it was given: what lies between attempts, a person waits.
      longestPause: purpose === 'producer' ? 500 : 2000,
      onDemoted(error) {
        log.warn({ error: error.message, purpose }, 'Redis is no primary any more; connecting anew');
        for (const subscriber of listening.get(url) ?? []) {
          // Sentinels lead it to the new primary already, and broken off then it would never come back.
          if (server.sentinels === undefined || subscriber.status !== 'connecting')
            subscriber.disconnect(true);
        }
      },
    }),
    maxRetriesPerRequest: purpose === 'producer' ? 1 : null,
    // `subscription.ts` does it, and hears when it is refused: of ioredis nobody could, and the process would end.
    autoResubscribe: false,
    // A line may have been cut without a word: the system would notice after a quarter of an hour. BullMQ's blocking reads take up to ten
    // seconds on purpose.
    socketTimeout: purpose === 'producer' ? 3 * producerTimeout : 20_000,
  };
  // A silent server is as bad as none.
  const connection = purpose === 'producer' ? new LimitedRedis(options, producerTimeout) : new Redis(options);
  if (purpose === 'subscriber') {
    const others = listening.get(url) ?? new Set();
    listening.set(url, others.add(connection));
    connection.once('end', () => {
      others.delete(connection);
      if (others.size === 0 && listening.get(url) === others) listening.delete(url);
    });
  }
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

/** Whether a server can be written to: one that answers may be a replica, or full. @throws Error when it cannot be */
export async function requireWritable(connection: Redis, { written }: Names): Promise<void> {
  await connection.set(written, '', 'PX', writtenFor);
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

/** How often the same trouble is told of again: milliseconds. */
const toldAgainAfter = 60_000;

/**
 * Writes errors of connections to the log: outages stand there already, and whoever asks a full Redis again and again hears the same ten times a second.
 *
 * @param what the log's message
 * @param fields what else is logged with it
 */
export function errorTeller(
  log: Logger,
  what: string,
  fields: Readonly<Record<string, string>> = {},
  now: () => number = Date.now,
): (error: Error) => void {
  const told = { message: '', at: 0 };
  return (error) => {
    const { message } = error;
    const isKnown = isOutage(error) || (message === told.message && now() - told.at < toldAgainAfter);
    if (!isKnown) Object.assign(told, { message, at: now() });
    log[isKnown ? 'debug' : 'warn']({ error: message, ...fields }, what);
  };
}

/** No answer came, so that the command may have been carried out all the same, or will be. Redis' own refusals are answers. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return isOutage(error) || error.name === 'MaxRetriesPerRequestError' || error.message === unansweredMessage;
}
