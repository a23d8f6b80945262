/**
 * Limits of how long somebody else may be silent. Node runs timers that are due before it reads what has come: a process that was busy or stopped
 * for longer than such a limit (it loads modules, its container was paused, its share of the processor is used up) would take for silence what
 * it has not read. So time counts here in parts between which it reads, of which none counts for more than it is, and it reads once more at the end.
 * https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */

/** The fewest times that is read in a limit: an answer may need several steps, such as a connection and its handshake. */
const parts = 8;

/**
 * Calls `silent` once this process has listened for so long.
 *
 * @returns how to end it: when there is an answer
 */
export function afterSilence(milliseconds: number, silent: () => void): () => void {
  return startSilence(milliseconds, silent, true);
}

/** As `AbortSignal.timeout`, with the same reason, and no reason for a process to go on either. */
export function silenceSignal(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  startSilence(
    milliseconds,
    () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    false,
  );
  return controller.signal;
}

function startSilence(milliseconds: number, silent: () => void, keepsAlive: boolean): () => void {
  let timer: NodeJS.Timeout | undefined;
  let last: NodeJS.Immediate | undefined;
  let passed = 0;
  const goOn = () => {
    if (passed === parts) {
      // What came during the last part is read between timers and this.
      last = setImmediate(silent);
      if (!keepsAlive) last.unref();
      return;
    }
    passed += 1;
    timer = setTimeout(goOn, milliseconds / parts);
    if (!keepsAlive) timer.unref();
  };
  goOn();
  return () => {
    clearTimeout(timer);
    clearImmediate(last);
  };
}
