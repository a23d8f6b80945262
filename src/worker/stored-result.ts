import { generationResultSchema } from '../queue/contract/generation.ts';
import type { GenerationResult } from '../queue/contract/generation.ts';
import { resultKey, videoKey } from '../storage/keys.ts';
import { ArtifactMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { asWorkerUnable } from './retries.ts';

/** The result that an earlier try has stored; null when there is none. @throws WorkerUnable when the store does not answer */
export async function recallResult(store: ArtifactStore, id: string): Promise<GenerationResult | null> {
  return asWorkerUnable(() => storedResult(store, id));
}

async function storedResult(store: ArtifactStore, id: string): Promise<GenerationResult | null> {
  const bytes = await store.size(videoKey(id));
  if (bytes === null) {
    // A volume that is gone looks as if nothing had been stored.
    await store.health();
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse((await store.get(resultKey(id))).toString('utf8'));
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = generationResultSchema.safeParse(value);
  // Another size: the video is of yet another attempt.
  return parsed.success && parsed.data.bytes === bytes ? parsed.data : null;
}
