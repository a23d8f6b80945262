import type { Logger } from '../log.ts';
import type { ArtifactStore } from '../storage/store.ts';

/**
 * As long as the records live: inputs are needed for "again", videos for sending once more. Two days longer, so that no record
 * that can still be run again lacks its inputs.
 */
const artifactRetention = 32 * 24 * 3600_000;
const removeEvery = 6 * 3600_000;

/** Removes what is older now and every few hours. Several workers may do it at the same time. Returns how to stop. */
export function removeExpiredArtifacts(store: ArtifactStore, log: Logger): () => void {
  const remove = async () => {
    try {
      const removed = await store.deleteOlderThan(Date.now() - artifactRetention);
      if (removed > 0) log.info({ removed }, 'expired files removed');
    } catch (error) {
      log.warn({ error: String(error) }, 'expired files could not be removed');
    }
  };
  void remove();
  const timer = setInterval(() => void remove(), removeEvery);
  return () => clearInterval(timer);
}
