import { basename, join } from 'node:path';
import { fileHash, pictureHashes, picturesToFind } from '../media/fingerprint.ts';
import { openScratch } from '../media/scratch.ts';
import type { Prints } from '../queue/moderation/blocked-inputs.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { nullIfMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';

/**
 * By what the inputs of a generation are known again. Those that are no longer kept have none. Words that a computer says are nobody's.
 *
 * @param as `block`: for what is to be found from now on; `given`: for what is compared with that, as when it is brought
 */
export async function printsOf(
  { request }: Generation,
  store: Pick<ArtifactStore, 'fetchTo'>,
  scratchRoot: string,
  as: 'block' | 'given',
): Promise<Prints> {
  await using scratch = await openScratch(scratchRoot, 'bot');
  /** Where it lies now; null where it is no longer kept. */
  const fetched = (key: string): Promise<string | null> => {
    const path = join(scratch.path, basename(key));
    return store.fetchTo(key, path).then(() => path, nullIfMissing);
  };
  const pictures: string[][] = [];
  for (const key of request.images) {
    const path = await fetched(key);
    if (path !== null) pictures.push(await (as === 'block' ? picturesToFind : pictureHashes)(path));
  }
  const keys = request.speech === null ? [request.originalAudio, request.soundtrack] : [];
  const sounds = new Set<string>();
  for (const key of keys) {
    const path = key === null ? null : await fetched(key);
    if (path !== null) sounds.add(await fileHash(path));
  }
  return { pictures, sounds: [...sounds] };
}
