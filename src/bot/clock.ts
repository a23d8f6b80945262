/** Time as the bot sees it. Tests bring their own and move it. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  /** Calls back again and again. @returns stops it */
  every(milliseconds: number, callback: () => void): () => void;
  /** Resolves after a while, or as soon as the signal aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds);
    return () => clearInterval(timer);
  },
  wait(milliseconds, signal) {
    return new Promise((resolve) => {
      if (signal.aborted || milliseconds <= 0) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', done);
    });
  },
};
