import { basename, join } from 'node:path';
import { picturesToFind, fileHash } from '../media/fingerprint.ts';
import { openScratch } from '../media/scratch.ts';
import type { Prints } from '../queue/blocks.ts';
import type { Generation } from '../queue/contract.ts';
import { ArtifactMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';

/** By what the inputs of a generation are known again. Those that are no longer kept have none. Words that a computer says are nobody's. */
export async function printsOf(
  { request }: Generation,
  store: Pick<ArtifactStore, 'fetchTo'>,
  scratchRoot: string,
): Promise<Prints> {
  await using scratch = await openScratch(scratchRoot, 'bot');
  const fetched = async (key: string): Promise<string[]> => {
    const path = join(scratch.path, basename(key));
    try {
      await store.fetchTo(key, path);
      return [path];
    } catch (error) {
      if (error instanceof ArtifactMissing) return [];
      throw error;
    }
  };
  const pictures: string[][] = [];
  for (const key of request.images)
    for (const path of await fetched(key)) pictures.push(await picturesToFind(path));
  const keys = request.speech === null ? [request.originalAudio, request.soundtrack] : [];
  const sounds = new Set<string>();
  for (const key of keys)
    for (const path of key === null ? [] : await fetched(key)) sounds.add(await fileHash(path));
  return { pictures, sounds: [...sounds] };
}
