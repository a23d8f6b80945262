import { setTimeout as delay } from 'node:timers/promises';
import { refuseExpired, refuseWithdrawn } from '../../intake/rerun.ts';
import { reachable } from '../../queue/reachable.ts';
import { hasEnded } from '../../queue/contract/generation.ts';
import type { Generation } from '../../queue/contract/generation.ts';
import type { GenerationQueue } from '../../queue/interfaces.ts';
import { Failure } from '../../failure.ts';
import { Refusal } from '../../refusal.ts';
import type { Services, SpokenMessage, StandingResults } from './services.ts';
import { recordRetentionDays } from '../../retention.ts';

/** Two taps of one person within this are one: milliseconds. */
const doubleTap = 3_000;

/** Who wants something of a generation that exists, and where: `guildId` is null outside of servers. */
export interface Asker {
  readonly userId: string;
  readonly guildId: string | null;
}

/**
 * Whether somebody may know of a generation where they are: its own server sees what was made there in public, and the person who
 * asked for it sees it in direct messages, too, where it comes when the server cannot be reached.
 */
export function isSeenBy(generation: Generation, { userId, guildId }: Asker): boolean {
  const isTheirs = generation.userId === userId;
  if (generation.reply.private && !isTheirs) return false;
  return generation.guildId === guildId || (guildId === null && isTheirs);
}

/**
 * The generation that somebody wants to run again, if they may and its inputs are still kept.
 *
 * @throws Refusal that says how to go on
 */
export async function parentOf(
  generation: Generation | null,
  asker: Asker,
  services: Services,
): Promise<Generation> {
  // What belongs to another server is as good as not there.
  if (generation === null || !isSeenBy(generation, asker))
    throw new Refusal('again.gone', { days: recordRetentionDays });
  refuseWithdrawn(generation);
  if (generation.guildId === null) return generation;
  const rules = await reachable(services.moderation.guild(generation.guildId));
  if (!rules.rerunOthers && generation.userId !== asker.userId) throw new Refusal('again.not_yours');
  refuseExpired(generation, rules, services.now());
  return generation;
}

interface Looking extends Pick<Services, 'stopping'> {
  readonly queue: Pick<GenerationQueue, 'byMessage' | 'wasMessage' | 'get'>;
  readonly standing: Pick<StandingResults, 'generationId'>;
}

/** A message can be seen before it is noted whose it is: milliseconds between looks, and how many. */
const [betweenLooks, mostLooks] = [250, 40];

/**
 * The generation whose status or result a message shows, also in the very moment in which it was posted.
 *
 * @returns null of other messages, and when its record is no longer kept
 * @throws Failure `queue_unreachable`
 */
export async function generationShown(place: SpokenMessage, services: Looking): Promise<Generation | null> {
  const found = await shown(place, services);
  return found === 'expired' ? null : found;
}

/** As {@link generationShown}; `expired`: it was one, and its record is no longer kept. */
async function shown(
  place: SpokenMessage,
  { standing, queue, stopping }: Looking,
): Promise<Generation | 'expired' | null> {
  const { messageId } = place;
  const look = () => reachable(queue.byMessage(messageId));
  const noted = await look();
  if (noted !== null) return noted;
  if (await reachable(queue.wasMessage(messageId))) return 'expired';
  const id = await standing.generationId(place);
  if (id === null) return null;
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const found = await look();
    if (found !== null) return found;
    const generation = await reachable(queue.get(id));
    if (generation === null || hasEnded(generation)) break;
    await delay(betweenLooks, undefined, { signal: stopping });
  }
  return look();
}

/**
 * A generation once it is known which message is its final one: whoever presses a button under it may be quicker.
 *
 * @returns null when its record is no longer kept
 */
export async function onceNoted(
  generation: Generation,
  { queue, stopping }: Omit<Looking, 'standing'>,
): Promise<Generation | null> {
  let now: Generation | null = generation;
  for (let looks = 0; looks < mostLooks; looks += 1) {
    if (now?.status !== 'delivering' || now.reply.finalMessageId !== null) break;
    await delay(betweenLooks, undefined, { signal: stopping });
    now = await reachable(queue.get(generation.id));
  }
  return now;
}

/**
 * The generation that somebody reacted to; null when they like a message of ours that is none.
 *
 * @throws Refusal when it was one, and its record is no longer kept
 */
export async function reactedTo(
  { channelId, messageId }: SpokenMessage,
  services: Looking,
): Promise<Generation | null> {
  const found = await shown({ channelId, messageId }, services);
  if (found === 'expired') throw new Refusal('again.gone', { days: recordRetentionDays });
  return found;
}

/** Whether what comes of it is for one person alone: as the parent was, or as they want all of theirs. */
export async function isPrivateFor(userId: string, parent: Generation, services: Services): Promise<boolean> {
  return parent.reply.private || (await reachable(services.people.preferences(userId))).private;
}

/** A person's tap on a generation. */
export interface Tap {
  /** what it does */
  readonly way: string;
  readonly userId: string;
  readonly parentId: string;
  /** Discord's id of it, the same in every bot that hears it; a reaction has none */
  readonly id?: string;
}

/**
 * Takes a tap on, unless it is the second of two quick ones. One that is refused has not counted: whoever taps again is told why
 * again, or has what they asked for.
 *
 * @returns false for the second
 */
export async function onFirstTap(
  { way, userId, parentId, id }: Tap,
  { queue }: Pick<Services, 'queue'>,
  work: () => Promise<void>,
): Promise<boolean> {
  const key = `${way}:${userId}:${parentId}`;
  if (!(await reachable(queue.claim(key, doubleTap, id)))) return false;
  try {
    await work();
  } catch (error) {
    // Only what is known to have come to nothing: another bot may have taken the same tap on.
    if (error instanceof Refusal || (error instanceof Failure && error.identifier !== 'queue_uncertain')) {
      await queue.unclaim(key).catch(() => undefined);
    }
    throw error;
  }
  return true;
}
