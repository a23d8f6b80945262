import { nullIfMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';

/** @returns null when the worker has removed or not yet stored it */
export function readPreview(store: Pick<ArtifactStore, 'get'>, key: string): Promise<Buffer | null> {
  return store.get(key).catch(nullIfMissing);
}
