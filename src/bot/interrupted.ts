import { message } from '../commands/render/message.ts';
import type { IntakeEntry, IntakeJournal } from '../commands/support/services.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { Intake } from '../intake/intake.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { textsFor } from '../text/texts.ts';
import type { Messages } from './messages.ts';

/**
 * Tells people whose files an earlier process was reading when it died that nothing was queued, and removes what it had stored
 * of these files. What was accepted after all is left to the queue.
 *
 * @param now milliseconds since 1970
 */
export async function tellInterrupted(
  journal: IntakeJournal,
  leftBehind: readonly IntakeEntry[],
  queue: Pick<GenerationQueue, 'get'>,
  intake: Pick<Intake, 'discard'>,
  messages: Pick<Messages, 'editOriginal'>,
  now: number,
  logger: Logger,
): Promise<void> {
  for (const entry of leftBehind) {
    const accepted = await queue.get(entry.id);
    if (accepted === null) await discardQuietly(entry.id, intake, logger);
    if (accepted === null && entry.tokenExpiresAt > now) {
      try {
        const text = textsFor(entry.locale).say('notice.restarted');
        await messages.editOriginal(entry.interactionToken, message([text]));
        logger.info({ generationId: entry.id }, 'told a person that a restart interrupted their request');
      } catch (error) {
        logger.info(
          { generationId: entry.id, error: errorFields(error) },
          'a person could not be told of the restart',
        );
      }
    }
    await journal.end(entry.id);
  }
}

/** Whether or not the store is there, people are told. */
async function discardQuietly(id: string, intake: Pick<Intake, 'discard'>, logger: Logger): Promise<void> {
  try {
    await intake.discard(id);
  } catch (error) {
    logger.warn(
      { generationId: id, error: errorFields(error) },
      'files of a request that was never queued could not be removed',
    );
  }
}
