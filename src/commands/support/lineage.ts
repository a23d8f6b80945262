import { errorFields } from '../../error-fields.ts';
import type { Generation } from '../../queue/contract/generation.ts';
import { everything } from '../../queue/queue.ts';
import type { GenerationQueue } from '../../queue/queue.ts';
import { pointNowhere } from './removal.ts';
import type { Services } from './services.ts';

/**
 * A generation, what it was run again from, and what was run again from any of them: in its server, and in the direct messages of those who
 * took part, where alone such a run can be otherwise.
 */
export async function lineageOf(
  generation: Generation,
  queue: Pick<GenerationQueue, 'list'>,
): Promise<Generation[]> {
  const known = new Map([[generation.id, generation]]);
  const add = (found: readonly Generation[]) => {
    for (const one of found) known.set(one.id, one);
  };
  if (generation.guildId !== null) add(await queue.list({ guildId: generation.guildId, limit: everything }));
  const family = new Map([[generation.id, generation]]);
  const asked = new Set<string>();
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { userId } of [...family.values()]) {
      if (asked.has(userId)) continue;
      asked.add(userId);
      add(await queue.list({ userId, limit: everything }));
    }
    for (const one of known.values()) {
      const isParent = [...family.values()].some(({ parentId }) => parentId === one.id);
      if (isParent || (one.parentId !== null && family.has(one.parentId))) family.set(one.id, one);
    }
  }
  return [...family.values()];
}

/**
 * Deletes a result with its inputs and the whole lineage: what waits or runs is stopped, videos, inputs and messages go. Records stay until their
 * time is over, as with any deleted result. What cannot be reached for the moment is logged, and the rest goes all the same.
 *
 * @returns how many generations
 */
export async function deleteLineage(
  generation: Generation,
  role: 'user' | 'moderator',
  services: Pick<Services, 'queue' | 'results' | 'intake' | 'speaker' | 'logger'>,
): Promise<number> {
  const family = await lineageOf(generation, services.queue);
  for (const one of family) {
    try {
      await deleteOne(one, role, services);
    } catch (error) {
      services.logger.warn(
        { generationId: one.id, error: errorFields(error) },
        'a generation could not be deleted with all that belongs to it',
      );
    }
  }
  return family.length;
}

async function deleteOne(
  generation: Generation,
  role: 'user' | 'moderator',
  { queue, results, intake, speaker, logger }: Parameters<typeof deleteLineage>[2],
): Promise<void> {
  const { id, result, reply } = generation;
  await queue.cancel(id, { code: 'cancelled', identifier: `cancelled_by_${role}`, context: {} });
  // Whoever works on it has them already.
  await intake.discard(id);
  if (result === null) return;
  await queue.markResult(id, 'deleted');
  await results.remove(generation);
  const { finalChannelId: channelId, finalMessageId: messageId } = reply;
  if (channelId !== null && messageId !== null)
    await speaker.remove({ channelId, messageId }).catch((error: unknown) => {
      logger.info({ generationId: id, error: errorFields(error) }, 'a deleted result’s message stands');
    });
  await pointNowhere(generation, { speaker, logger });
}
