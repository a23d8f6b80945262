import { errorFields } from '../../error-fields.ts';
import { ancestorsOf } from '../../queue/contract/generation.ts';
import type { Generation } from '../../queue/contract/generation.ts';
import { everything } from '../../queue/interfaces.ts';
import type { GenerationQueue } from '../../queue/interfaces.ts';
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
  // Also of records that are gone by now: what was run again from the same one belongs together.
  const ids = new Set([generation.id, ...ancestorsOf(generation)]);
  const asked = new Set<string>();
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { userId } of [...family.values()]) {
      if (asked.has(userId)) continue;
      asked.add(userId);
      add(await queue.list({ userId, limit: everything }));
    }
    for (const one of known.values()) {
      const related = [one.id, ...ancestorsOf(one)];
      if (!related.some((id) => ids.has(id))) continue;
      family.set(one.id, one);
      for (const id of related) ids.add(id);
    }
  }
  return [...family.values()];
}

/** Of a family, what a person asked for, and what was run again from that, by whomever. */
export function theirsOf(family: readonly Generation[], userId: string): Generation[] {
  const theirs = new Map<string, Generation>();
  for (let size = -1; size !== theirs.size;) {
    size = theirs.size;
    for (const one of family)
      if (one.userId === userId || ancestorsOf(one).some((id) => theirs.has(id))) theirs.set(one.id, one);
  }
  return [...theirs.values()];
}

/**
 * Deletes a result with its inputs and the whole lineage: what waits or runs is stopped, videos, inputs and messages go. Records stay until their
 * time is over, as with any deleted result. What cannot be reached for the moment is logged, and the rest goes all the same.
 *
 * @param role `user`: whoever asked for it, who deletes what is theirs and what was made from it alone
 * @returns how many generations
 */
export async function deleteLineage(
  generation: Generation,
  role: 'user' | 'moderator',
  services: Pick<Services, 'queue' | 'results' | 'intake' | 'speaker' | 'logger'>,
): Promise<number> {
  const whole = await lineageOf(generation, services.queue);
  const family = role === 'moderator' ? whole : theirsOf(whole, generation.userId);
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
  const { id, result } = generation;
  await queue.cancel(id, { code: 'cancelled', identifier: `cancelled_by_${role}`, context: {} });
  // Whoever works on it has them already.
  await intake.discard(id);
  if (result === null) return;
  await queue.markResult(id, 'deleted');
  await results.remove(generation);
  // Looked up again: a delivery may just have ended. One that ends from now on finds the mark.
  const { reply } = (await queue.get(id)) ?? generation;
  const { finalChannelId: channelId, finalMessageId: messageId } = reply;
  if (channelId !== null && messageId !== null)
    await speaker.remove({ channelId, messageId }).catch((error: unknown) => {
      logger.info({ generationId: id, error: errorFields(error) }, 'a deleted result’s message stands');
    });
  await pointNowhere(generation, { speaker, logger });
  for (const copy of await queue.copies(id))
    await speaker.remove(copy).catch((error: unknown) => {
      logger.info({ generationId: id, error: errorFields(error) }, 'a copy of a deleted result stands');
    });
}
