import { join } from 'node:path';
import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { openScratch } from '../media/scratch.ts';
import type { Closable } from '../queue/interfaces.ts';
import { consumeSpeech } from '../queue/jobs/speech.ts';
import { spokenKey } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { Speech } from './speech-process.ts';

/** Speaks what people type, where this machine has voices. @returns null where it has none, or Redis is away */
export async function offerSpeech(
  config: CommonConfig,
  { store, speech, scratchRoot }: { store: Pick<ArtifactStore, 'put'>; speech: Speech; scratchRoot: string },
  log: Logger,
): Promise<Closable | null> {
  const voices = await speech.voices();
  if (voices.length === 0) return null;
  try {
    return await consumeSpeech(
      config,
      {
        voices,
        speak: async (id, words) => {
          await using scratch = await openScratch(scratchRoot, `speech-${id}`);
          const path = join(scratch.path, 'spoken.wav');
          const said = await speech.speak(id, words, path);
          await store.put(spokenKey(id), { path });
          return { file: spokenKey(id), ...said };
        },
      },
      log,
    );
  } catch (error) {
    log.warn({ error: String(error) }, 'typed words are not spoken here');
    return null;
  }
}
