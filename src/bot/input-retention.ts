import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import { hasEnded } from '../queue/contract/generation.ts';
import type { Moderation } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { Clock } from './clock.ts';
import { day } from '../units.ts';

const lookEvery = day / 4;

export interface InputRetentionParts {
  readonly store: Pick<ArtifactStore, 'list' | 'deletePrefix'>;
  readonly queue: Pick<GenerationQueue, 'get'>;
  readonly moderation: Pick<Moderation, 'guild'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Removes the inputs of servers that keep them for less long than files are kept at all, now and every few hours. Several bots may
 * do it at the same time.
 *
 * @returns how to stop; it waits for what is under way
 */
export function removeInputsEarly(parts: InputRetentionParts): () => Promise<void> {
  let looking = look(parts);
  const stop = parts.clock.every(lookEvery, () => {
    looking = looking.then(() => look(parts));
  });
  return async () => {
    stop();
    await looking;
  };
}

async function look({ store, queue, moderation, clock, logger }: InputRetentionParts): Promise<void> {
  try {
    const ids = new Set((await store.list('inputs/')).map(({ key }) => key.split('/')[1] ?? ''));
    let removed = 0;
    for (const id of ids) {
      const generation = await queue.get(id);
      // Without a record nobody knows whose they are; they go with all that is old.
      if (generation?.guildId === undefined || generation.guildId === null || !hasEnded(generation)) continue;
      const { keepInputsDays } = await moderation.guild(generation.guildId);
      if (clock.now() - generation.createdAt <= keepInputsDays * day) continue;
      removed += await store.deletePrefix(`inputs/${id}/`);
    }
    if (removed > 0) logger.info({ removed }, 'removed inputs that their servers keep no longer');
  } catch (error) {
    logger.warn({ error: errorFields(error) }, 'inputs could not be removed; it is tried again later');
  }
}
