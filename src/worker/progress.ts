import type { Logger } from '../log.ts';
import type { GenerationProgress } from '../queue/contract/generation.ts';
import { previewKey } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';

/** Who asked for the work: whether it is still wanted, and who hears how far it is. */
export interface WorkContext {
  readonly signal: AbortSignal;
  readonly report: (progress: GenerationProgress) => void;
}

type Told = Omit<GenerationProgress, 'preview'>;
/** Tells how far the work is, and of a new preview. */
export interface Teller {
  (progress: Told): void;
  showPreview(key: string): void;
}

/** Progress always names the newest preview, and a new preview repeats the newest progress. */
export function createTeller(context: WorkContext): Teller {
  let preview: string | null = null;
  let latest: Told = { stage: 'prepare', step: 0, steps: 1, etaSeconds: null };
  const send = () => {
    if (!context.signal.aborted) context.report({ ...latest, preview });
  };
  return Object.assign(
    (progress: Told) => {
      latest = progress;
      send();
    },
    {
      showPreview(key: string) {
        preview = key;
        send();
      },
    },
  );
}

/** Stores the newest preview under one key. One upload at a time; those overtaken meanwhile are skipped. */
export function createPreviewUploader(store: ArtifactStore, id: string, tell: Teller, log: Logger) {
  let next: string | null = null;
  let uploading: Promise<void> | null = null;
  const upload = async () => {
    while (next !== null) {
      const path = next;
      next = null;
      try {
        await store.put(previewKey(id), { path });
        tell.showPreview(previewKey(id));
      } catch (error) {
        // A picture on the way is not worth a video.
        log.warn({ generationId: id, error: String(error) }, 'a preview could not be stored');
      }
    }
    uploading = null;
  };
  return {
    add(path: string) {
      next = path;
      uploading ??= upload();
    },
    /** The video replaces it; without one, nobody has any use for it. */
    async [Symbol.asyncDispose]() {
      next = null;
      await uploading;
      await store.delete(previewKey(id)).catch((error: unknown) => {
        log.warn({ generationId: id, error: String(error) }, 'a preview could not be removed');
      });
    },
  };
}
