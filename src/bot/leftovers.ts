import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { previewKey, resultKey, videoKey } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';

/**
 * Removes from the store what nobody can see any more once a generation has had its last word: a preview that a killed worker left, and
 * a video that was done in the moment in which it was stopped. Never rejects: what stays is removed with all that is old.
 */
export async function removeLeftovers(
  { id, result }: Generation,
  store: Pick<ArtifactStore, 'delete'>,
  logger: Logger,
): Promise<void> {
  const keys = [previewKey(id), ...(result === null ? [videoKey(id), resultKey(id)] : [])];
  try {
    for (const key of keys) await store.delete(key);
  } catch (error) {
    logger.info({ generationId: id, error: errorFields(error) }, 'leftovers could not be removed');
  }
}
