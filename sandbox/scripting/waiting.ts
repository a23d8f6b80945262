import type { MessageRecord } from '../model.ts';
import type { StateEvents } from '../state.ts';
import type { World } from '../world.ts';

export interface WaitOptions {
  /** milliseconds of real time; default {@link defaultTimeout} */
  readonly timeout?: number;
}

/** A step that the scenario asked for is impossible, or what it waited for did not come. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** milliseconds; a machine that is busy with other tests takes its time, and whoever waits goes on at the event all the same */
export const defaultTimeout = 300_000;

/**
 * Looks now and after each of the given events, until the look finds something.
 * @param look returns undefined to go on waiting; what it throws ends the waiting
 * @param describe says what was waited for and what there was instead
 * @throws ScenarioError after the time limit
 */
export async function waitFor<T>(
  world: World,
  events: readonly (keyof StateEvents)[],
  look: () => T | undefined,
  describe: () => string,
  options: WaitOptions = {},
): Promise<T> {
  const timeout = options.timeout ?? defaultTimeout;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const check = (): void => {
    try {
      const found = look();
      if (found !== undefined) resolve(found);
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  for (const event of events) world.state.events.on(event, check);
  const timer = setTimeout(() => reject(new ScenarioError(`after ${timeout} ms: ${describe()}`)), timeout);
  // A sandbox that is open keeps its process; once it is closed, nothing comes any more, and nobody has to wait for that.
  timer.unref();
  check();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    for (const event of events) world.state.events.off(event, check);
  }
}

export interface MessageSearch {
  /** where to look first: the messages that are there already */
  readonly present: () => readonly MessageRecord[];
  /** whether a message that came or changed is one of those that are looked at */
  readonly concerns: (message: MessageRecord) => boolean;
  readonly matches: (message: MessageRecord) => boolean;
  readonly describe: () => string;
}

/**
 * Waits for a message. Looks at all that are there, then only at those that come or change: with hundreds of people waiting at
 * once, looking at everything after each event would be most of the work.
 */
export async function waitForMessage(
  world: World,
  search: MessageSearch,
  options: WaitOptions = {},
): Promise<MessageRecord> {
  const { events } = world.state;
  let found = search.present().find(search.matches);
  let failure: unknown;
  const look = (message: MessageRecord): void => {
    try {
      if (search.concerns(message) && search.matches(message)) found ??= message;
    } catch (error) {
      failure ??= error;
    }
  };
  events.on('messageCreate', look).on('messageUpdate', look);
  try {
    return await waitFor(
      world,
      ['messageCreate', 'messageUpdate'],
      () => {
        if (failure !== undefined) throw failure;
        return found;
      },
      search.describe,
      options,
    );
  } finally {
    events.off('messageCreate', look).off('messageUpdate', look);
  }
}
