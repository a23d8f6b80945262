import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import type { Moderation } from './moderation.ts';

/** Connects to what keeps order. */
export function createModeration(
  _config: CommonConfig,
  _log: Logger,
): Moderation & { close(): Promise<void> } {
  const later = (): never => {
    throw new Error('not written yet');
  };
  return {
    admission: () =>
      Promise.resolve({
        ban: null,
        pause: null,
        globalPause: null,
        draining: null,
        maintenance: null,
        limits: { waiting: 10, gpuSecondsPerDay: null, cooldownSeconds: null, weight: 1 },
        queueLength: null,
      }),
    guild: () =>
      Promise.resolve({
        version: 1,
        limits: { everyone: {}, roles: {} },
        queueLength: null,
        rerunOthers: true,
        keepInputsDays: 30,
        logChannelId: null,
        filters: [],
      }),
    changeGuild: later,
    pause: later,
    resume: later,
    pauseOf: later,
    ban: later,
    unban: later,
    bans: later,
    bump: later,
    filtered: () => Promise.resolve(null),
    addFilter: later,
    removeFilter: later,
    log: (entry) => Promise.resolve({ ...entry, id: '01HZZZZZZZZZZZZZZZZZZZZZZZ', at: 0 }),
    audit: later,
    watchAudit: later,
    stats: later,
    globalPause: later,
    globalResume: later,
    globalPauseOf: later,
    drain: later,
    endDrain: later,
    maintenance: later,
    workers: later,
    retryFailed: later,
    close: () => Promise.resolve(),
  };
}
