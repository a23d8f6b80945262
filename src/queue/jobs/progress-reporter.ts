import type { GenerationProgress } from '../contract/generation.ts';
import { progressInterval } from '../constants.ts';

/**
 * Passes on the newest progress at most once a second; what comes in between is replaced by what comes after it. A change of
 * stage goes out at once. A report that fails is dropped: the next one says more.
 */
export function createProgressReporter(
  send: (progress: GenerationProgress) => Promise<void>,
  interval = progressInterval,
): { report(progress: GenerationProgress): void; close(): void } {
  let latest: GenerationProgress | null = null;
  let stage: GenerationProgress['stage'] | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const flush = () => {
    if (latest === null || closed) return;
    const progress = latest;
    latest = null;
    stage = progress.stage;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      flush();
    }, interval);
    send(progress).catch(() => undefined);
  };
  return {
    report(progress) {
      latest = progress;
      if (timer === undefined || progress.stage !== stage) flush();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
