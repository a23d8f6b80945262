import { errorFields } from './error-fields.ts';
import type { Logger } from './log.ts';
import { configurationExit } from './config/exit-status.ts';
import { Unstartable } from './startup-error.ts';

/** The promise is ten seconds from the signal to the exit. */
const shutdownTimeout = 9_500;

/**
 * Runs a process's work with a signal that aborts on SIGTERM or SIGINT. What takes longer to stop than ten seconds is left
 * behind: everything that matters has been made safe against that. An error that nobody caught ends the process with status 1 and a
 * line in the log: Node itself would print the whole error, and with it the request or the command that failed.
 *
 * @returns the exit status: 0 after a signal or a regular end, 78 for what is `Unstartable`, 1 after any other error; both are logged
 */
export async function runUntilSignal(
  log: Logger,
  work: (stop: AbortSignal) => Promise<void>,
): Promise<number> {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (stop.signal.aborted) return;
    log.info({ signal: name }, 'stopping');
    stop.abort(new Error('asked to stop'));
    setTimeout(() => {
      log.error('did not stop in time');
      process.exit(1);
    }, shutdownTimeout).unref();
  };
  const onUncaught = (error: unknown) => {
    log.fatal({ error: errorFields(error) }, 'an error that nobody caught; the process ends');
    process.exit(1);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('uncaughtException', onUncaught);
  try {
    await work(stop.signal);
    return 0;
  } catch (error) {
    // Whatever was under way when the signal came may fail in any manner.
    if (stop.signal.aborted) return 0;
    if (error instanceof Unstartable) {
      log.fatal(error.message);
      return configurationExit;
    }
    log.fatal({ error: errorFields(error) }, 'the process cannot go on');
    return 1;
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal).off('uncaughtException', onUncaught);
  }
}

/** Resolves when the signal aborts, or at once when it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
