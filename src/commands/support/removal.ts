import { setTimeout as delay } from 'node:timers/promises';
import { SnowflakeUtil } from 'discord.js';
import { errorFields } from '../../error-fields.ts';
import type { Generation } from '../../queue/contract/generation.ts';
import { insisting } from '../../queue/reachable.ts';
import type { GenerationQueue } from '../../queue/interfaces.ts';
import { textsFor } from '../../text/texts.ts';
import { renderDeleted } from '../render/status.ts';
import type { Results, Services, Speaker } from './services.ts';

/** For so long the bot may hear of a message that it removed itself. */
const heardWithin = 10 * 60_000;

const keptKey = (messageId: string): string => `kept-without-message:${messageId}`;

/** The message goes and the video stays: what is heard of the removal deletes nothing. */
export async function keepVideoOf(messageId: string, queue: Pick<GenerationQueue, 'claim'>): Promise<void> {
  await queue.claim(keptKey(messageId), heardWithin);
}

/** The status message no longer points to what is gone. A courtesy: the result is deleted all the same. */
export async function pointNowhere(
  { id, locale, reply }: Generation,
  { speaker, logger }: Pick<Services, 'logger'> & { readonly speaker: Pick<Speaker, 'edit'> },
): Promise<void> {
  const { kind, channelId, statusMessageId: messageId, private: isPrivate } = reply;
  if (kind !== 'channel' || isPrivate || channelId === null || messageId === null) return;
  try {
    await speaker.edit({ channelId, messageId }, renderDeleted(id, textsFor(locale)));
  } catch (error) {
    logger.info(
      { generationId: id, error: errorFields(error) },
      'the status message could not say that the result is deleted',
    );
  }
}

interface RemovalServices extends Pick<Services, 'logger' | 'stopping' | 'now'> {
  readonly queue: Pick<GenerationQueue, 'byMessage' | 'claim' | 'markResult'>;
  readonly results: Pick<Results, 'remove'>;
  readonly speaker: Pick<Speaker, 'edit'>;
}

/** Only of messages as young as this it may not be noted yet whose they are: milliseconds. */
const notedWithin = 2 * 60_000;
/** before each further look at one: milliseconds */
const lookAgain = [250, 1_000, 4_000, 15_000] as const;

/**
 * The generation that a message belongs to which was deleted, also in the very moment in which it was posted, or while Redis is silent.
 *
 * @throws Error when Redis did not answer the last time either
 */
async function deletedFrom(
  messageId: string,
  { queue, stopping, now }: Pick<RemovalServices, 'queue' | 'stopping' | 'now'>,
): Promise<Generation | null> {
  const mayBeNotedYet = now() - SnowflakeUtil.timestampFrom(messageId) < notedWithin;
  for (let tries = 0; ; tries += 1) {
    const pause = stopping.aborted ? undefined : lookAgain[tries];
    try {
      const found = await queue.byMessage(messageId);
      if (found !== null || !mayBeNotedYet || pause === undefined) return found;
    } catch (error) {
      if (pause === undefined) throw error;
    }
    await delay(pause, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/**
 * Somebody deleted one of the bot's messages with Discord's own menu. Where it was a result, it is deleted as with ❌: what somebody wants
 * gone is neither linked to nor fetched again.
 */
export async function noticeRemoved(messageId: string, services: RemovalServices): Promise<void> {
  const { queue, results, logger } = services;
  const generation = await deletedFrom(messageId, services);
  if (generation === null || generation.reply.finalMessageId !== messageId) return;
  if (generation.result === null || generation.deletedAt !== null) return;
  // Whoever removed it to keep the video has said so before. Discord says it once: silence of Redis is waited for.
  const isMeant = () => queue.claim(keptKey(messageId), heardWithin, 'removed');
  if (!(await insisting(isMeant, services.stopping))) return;
  await insisting(() => queue.markResult(generation.id, 'deleted'), services.stopping);
  await results.remove(generation);
  logger.info({ generationId: generation.id }, 'a result was deleted in Discord');
  await pointNowhere(generation, services);
}

/** Records that are looked at together. */
const pageSize = 100;

interface ChannelRemovalServices extends Pick<Services, 'logger' | 'stopping'> {
  readonly queue: Pick<GenerationQueue, 'list' | 'markResult'>;
  readonly results: Pick<Results, 'remove'>;
  readonly channels: Pick<Services['channels'], 'isDeleted'>;
}

/**
 * A channel or a thread was deleted with all that stood there, which Discord says of none of the messages. What everybody saw there is deleted as with ❌.
 * What only its person saw stays theirs, and so does what is hidden and waits for a moderator, who would else have nothing to look at.
 *
 * Goes through the server's requests of a month, a page at a time, and stops when the process does.
 */
export async function noticeChannelRemoved(
  { guildId, channelIds }: { readonly guildId: string; readonly channelIds: readonly string[] },
  { queue, results, channels, logger, stopping }: ChannelRemovalServices,
): Promise<void> {
  const gone = new Set<string>();
  for (const channelId of channelIds) if (await channels.isDeleted(channelId)) gone.add(channelId);
  if (gone.size === 0) return;
  let count = 0;
  let before: string | undefined;
  for (;;) {
    const filter = { guildId, limit: pageSize, ...(before === undefined ? {} : { before }) };
    const page = await insisting(() => queue.list(filter), stopping);
    for (const generation of page) {
      if (!stoodIn(generation, gone)) continue;
      stopping.throwIfAborted();
      await insisting(() => queue.markResult(generation.id, 'deleted'), stopping);
      await results.remove(generation);
      count += 1;
    }
    before = page.at(-1)?.id;
    if (page.length < pageSize) break;
  }
  if (count > 0) logger.info({ guildId, channelIds, count }, 'results were deleted with their channel');
}

function stoodIn({ reply, result, deletedAt, hiddenAt }: Generation, channels: ReadonlySet<string>): boolean {
  if (result === null || deletedAt !== null || hiddenAt !== null || reply.private) return false;
  const { finalChannelId, finalMessageId } = reply;
  return finalChannelId !== null && finalMessageId !== null && channels.has(finalChannelId);
}
