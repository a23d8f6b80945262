import type { RedisServer } from '../../config/redis-url.ts';
import type { Logger } from '../../log.ts';
import type { Closable } from '../interfaces.ts';
import { closeConnection, openConnection } from './connection.ts';

/** A line that was cut without a word looks like one on which nothing is said: so often it is tried. Milliseconds. */
const tryInterval = 15_000;

/** Before what was missed is looked for again, when that failed. Milliseconds. */
const retryPause = 1_000;

/** Before a subscription that was refused is asked for again. Milliseconds. */
const refusedPause = 10_000;

export interface SubscriptionOptions {
  readonly channels: readonly string[];
  /**
   * What was published. Without it a message only says that there is something to be found: `catchUp` finds it, and is also asked now and
   * then without a message.
   */
  readonly hear?: (channel: string, message: string) => void;
  /**
   * Finds out what was published while nobody listened: Redis keeps none of it. It comes after Redis has confirmed each (re)subscription, so
   * that nothing falls in between; never twice at once; and again until it succeeds.
   */
  readonly catchUp: () => Promise<void>;
  readonly log: Logger;
}

/**
 * The one way to listen to channels. It waits for Redis at the start, and comes back by itself.
 *
 * @throws what the first `catchUp` throws
 */
export async function subscribe(
  server: RedisServer,
  { channels, hear, catchUp, log }: SubscriptionOptions,
): Promise<Closable> {
  const subscriber = openConnection(server, 'subscriber', log);
  const closed = new AbortController();
  let isLooking = false;
  let isWanted = false;
  let retrying: NodeJS.Timeout | undefined;
  let resubscribing: NodeJS.Timeout | undefined;

  /** Asked for while it is under way, it is done once more. */
  const find = async (): Promise<void> => {
    isWanted = true;
    if (isLooking) return;
    isLooking = true;
    clearTimeout(retrying);
    try {
      while (isWanted && !closed.signal.aborted) {
        isWanted = false;
        await catchUp();
      }
    } finally {
      isLooking = false;
    }
  };
  const look = (): void => {
    find().catch((error: unknown) => {
      if (closed.signal.aborted) return;
      log.warn({ error: String(error) }, 'what was published meanwhile is not known yet');
      retrying = setTimeout(look, retryPause);
    });
  };

  // Its answer says that from here on nothing is missed.
  const resubscribe = (): void => {
    clearTimeout(resubscribing);
    subscriber.subscribe(...channels).then(look, (error: unknown) => {
      if (closed.signal.aborted) return;
      // Without the right to, say: nothing is heard, and what can be found without it is.
      log.warn({ error: String(error) }, 'not subscribed');
      resubscribing = setTimeout(resubscribe, refusedPause);
    });
  };

  subscriber.on('message', (channel, message) => {
    if (closed.signal.aborted) return;
    if (hear === undefined) look();
    else hear(channel, message);
  });
  const trying = setInterval(() => {
    // A ping without an answer ends the connection, as any other silence does.
    if (subscriber.status === 'ready') subscriber.ping().catch(() => undefined);
    if (hear === undefined) look();
  }, tryInterval);
  trying.unref();
  const close = () => {
    closed.abort();
    clearInterval(trying);
    clearTimeout(retrying);
    clearTimeout(resubscribing);
    closeConnection(subscriber);
  };
  try {
    await subscriber.subscribe(...channels);
    subscriber.on('ready', resubscribe);
    await find();
  } catch (error) {
    close();
    throw error;
  }
  return { close: async () => close() };
}
