import { errorFields } from '../../error-fields.ts';
import type { Generation } from '../../queue/contract/generation.ts';
import type { GenerationQueue } from '../../queue/interfaces.ts';
import { textsFor } from '../../text/texts.ts';
import { renderDeleted } from '../render/status.ts';
import type { Services } from './services.ts';

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
  { speaker, logger }: Pick<Services, 'speaker' | 'logger'>,
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

/**
 * Somebody deleted one of the bot's messages with Discord's own menu. Where it was a result, it is deleted as with ❌: what somebody wants
 * gone is neither linked to nor fetched again.
 */
export async function noticeRemoved(
  messageId: string,
  services: Pick<Services, 'queue' | 'results' | 'speaker' | 'logger'>,
): Promise<void> {
  const { queue, results, logger } = services;
  const generation = await queue.byMessage(messageId);
  if (generation === null || generation.reply.finalMessageId !== messageId) return;
  if (generation.result === null || generation.deletedAt !== null) return;
  // Whoever removed it to keep the video has said so before.
  if (!(await queue.claim(keptKey(messageId), heardWithin))) return;
  if (!(await queue.markResult(generation.id, 'deleted'))) return;
  await results.remove(generation);
  logger.info({ generationId: generation.id }, 'a result was deleted in Discord');
  await pointNowhere(generation, services);
}
