import { join } from 'node:path';
import type { GenerateSettings } from '../config/generate.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { Generation, GenerationResult } from '../queue/contract/generation.ts';
import { videoKey } from '../storage/keys.ts';
import { ArtifactMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { EncodedVideo } from './encode-generation.ts';
import { parentFor } from './signer.ts';
import type { Parent, Signer, Signing } from './signer.ts';

export interface SigningParts {
  readonly store: Pick<ArtifactStore, 'fetchTo'>;
  /** signs what was made; absent: nothing is signed */
  readonly signer?: Pick<Signer, 'bytesFor' | 'sign'>;
  /** hears what became of each signature */
  readonly onSigning?: (outcome: Signing['outcome'] | 'off') => void;
  readonly settings: GenerateSettings;
  readonly log: Logger;
}

/** The video that this one was made from again, as far as it is still kept. Nothing about it is worth losing this one for. */
export async function parentOf(
  { id, parentId }: Generation,
  folder: string,
  { store, signer, log }: SigningParts,
): Promise<Parent> {
  if (signer === undefined) return null;
  return parentFor(parentId, join(folder, 'parent.mp4'), async (path) => {
    try {
      await store.fetchTo(videoKey(parentId ?? ''), path);
      return true;
    } catch (error) {
      if (!(error instanceof ArtifactMissing)) {
        log.warn({ generationId: id, error: errorFields(error) }, 'the parent’s video could not be fetched');
      }
      return false;
    }
  });
}

/** Signed where that can be done; else the video as it is. */
export async function signedVideo(
  { id, parentId, request }: Generation,
  encoded: EncodedVideo,
  parent: Parent,
  {
    signer,
    onSigning,
    settings,
    weights,
    signal,
    log,
  }: SigningParts & { readonly weights: GenerationResult['weights']; readonly signal: AbortSignal },
): Promise<EncodedVideo & { readonly isSigned: boolean }> {
  if (signer === undefined) {
    onSigning?.('off');
    return { ...encoded, isSigned: false };
  }
  const target = encoded.path.replace(/\.mp4$/, '-signed.mp4');
  const { model, preset, limitBytes } = request;
  const signing = await signer.sign({
    source: encoded.path,
    target,
    facts: { generation: id, model, preset, weights, ...(parentId === null ? {} : { parent: parentId }) },
    modelTitle: settings.models[model].title,
    watermark: true,
    parent,
    limitBytes,
    signal,
  });
  const fits = signing.outcome === 'failed' || signing.bytes <= limitBytes;
  if (!fits)
    log.error({ generationId: id, bytes: signing.bytes }, 'a signature was larger than was reserved');
  onSigning?.(fits ? signing.outcome : 'failed');
  if (signing.outcome === 'failed' || !fits) return { ...encoded, isSigned: false };
  return { ...encoded, path: target, bytes: signing.bytes, isSigned: true };
}
