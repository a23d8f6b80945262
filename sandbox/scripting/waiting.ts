import type { StateEvents } from '../state.ts';
import type { World } from '../world.ts';

export interface WaitOptions {
  /** milliseconds of real time; default 10,000 */
  readonly timeout?: number;
}

/** A step that the scenario asked for is impossible, or what it waited for did not come. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

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
  const timeout = options.timeout ?? 10_000;
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
  check();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    for (const event of events) world.state.events.off(event, check);
  }
}
