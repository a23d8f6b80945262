import { artifactsOf } from './keys.ts';
import type { ArtifactStore } from './store.ts';

/** Removes everything that lies in the store for a generation. */
export async function removeArtifacts(
  store: Pick<ArtifactStore, 'delete' | 'deletePrefix'>,
  id: string,
): Promise<void> {
  const { keys, prefixes } = artifactsOf(id);
  await Promise.all([
    ...keys.map((key) => store.delete(key)),
    ...prefixes.map((prefix) => store.deletePrefix(prefix)),
  ]);
}
