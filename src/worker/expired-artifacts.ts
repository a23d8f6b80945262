import type { Logger } from '../log.ts';
import { artifactFolders, isArtifactKey, retentionOf } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { day } from '../units.ts';

/** No write of one artifact takes so long. */
const unfinishedRetention = day;
const removeEvery = 6 * 3600_000;

/** Removes what is older now and every few hours. Several workers may do it at the same time. Returns how to stop. */
export function removeExpiredArtifacts(store: ArtifactStore, log: Logger): () => void {
  const remove = async () => {
    try {
      const removed = await removeExpired(store, Date.now());
      if (removed > 0) log.info({ removed }, 'expired files removed');
    } catch (error) {
      log.warn({ error: String(error) }, 'expired files could not be removed');
    }
  };
  void remove();
  const timer = setInterval(() => void remove(), removeEvery);
  return () => clearInterval(timer);
}

/**
 * Removes artifacts that no record needs any more, and nothing that this program has not stored.
 *
 * @param now milliseconds since 1970
 * @returns how many
 */
export async function removeExpired(store: ArtifactStore, now: number): Promise<number> {
  let count = await store.deleteUnfinished(now - unfinishedRetention);
  for (const folder of artifactFolders) {
    for (const { key, writtenAt } of await store.list(folder)) {
      if (writtenAt >= now - retentionOf(key) || !isArtifactKey(key)) continue;
      await store.delete(key);
      count += 1;
    }
  }
  return count;
}
