/** Watches how long a worker has had nothing to do. */
export interface IdleWatch {
  /** Resolves when there was no work for the given time; never without a time. */
  readonly expired: Promise<void>;
  /** Runs a piece of work. The time begins anew at its end. */
  during<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

/**
 * Starts to watch, with the time running: a worker that never gets a job is idle as well.
 *
 * @param minutes how long is too long; undefined waits for ever
 */
export function watchIdle(minutes: number | undefined): IdleWatch {
  const expired = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  let under = 0;
  let stopped = false;
  const rest = () => {
    if (minutes === undefined || stopped || under > 0) return;
    timer = setTimeout(() => expired.resolve(), minutes * 60_000);
  };
  rest();
  return {
    expired: expired.promise,
    async during(work) {
      under += 1;
      clearTimeout(timer);
      try {
        return await work();
      } finally {
        under -= 1;
        rest();
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
