import { message, messageLink } from '../commands/render/message.ts';
import type { Speaker } from '../commands/support/services.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { Generation } from '../queue/contract/generation.ts';
import type { People } from '../queue/people/people.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { textsFor } from '../text/texts.ts';
import type { MessagePlace } from './messages.ts';
import { day } from '../units.ts';

/** A delivery may be tried again for a day. */
const remembered = 2 * day;

export interface NoticeOptions {
  readonly people: Pick<People, 'preferences'>;
  readonly queue: Pick<GenerationQueue, 'claim'>;
  readonly speaker: Pick<Speaker, 'direct'>;
  readonly logger: Logger;
}

/**
 * Tells people who asked for it, by direct message, that their video is done. A courtesy: when it cannot be done, the delivery
 * still stands. Never rejects.
 */
export async function noticeDone(
  { id, userId, guildId, locale, reply, result, failure }: Generation,
  sent: MessagePlace,
  { people, queue, speaker, logger }: NoticeOptions,
): Promise<void> {
  // What came as a direct message has been its own notice, and so has what stands in one.
  if (result === null || failure !== null || guildId === null || sent.channelId !== reply.channelId) return;
  try {
    if (!(await people.preferences(userId)).notify) return;
    if (!(await queue.claim(`notice:${id}`, remembered))) return;
    const texts = textsFor(locale);
    // No link leads to what only one person sees.
    const text = reply.private
      ? texts.say('notice.done_private', { channel: `<#${sent.channelId}>` })
      : texts.say('notice.done', { link: messageLink(guildId, sent.channelId, sent.messageId) });
    await speaker.direct(userId, message([text]));
  } catch (error) {
    logger.info(
      { generationId: id, error: errorFields(error) },
      'a person could not be told that it is done',
    );
  }
}
