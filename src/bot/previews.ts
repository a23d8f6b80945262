import { ArtifactMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';

/** @returns null when the worker has removed or not yet stored it */
export async function readPreview(store: Pick<ArtifactStore, 'get'>, key: string): Promise<Buffer | null> {
  try {
    return await store.get(key);
  } catch (error) {
    if (error instanceof ArtifactMissing) return null;
    throw error;
  }
}
