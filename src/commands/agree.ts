import { MessageFlags } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import { errorFields } from '../error-fields.ts';
import { isUncertain, reachable } from '../queue/reachable.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { message } from './render/message.ts';
import { ask } from './support/ask.ts';
import { consentWording } from './support/consent.ts';
import type { Button } from './support/definition.ts';
import type { Services } from './support/services.ts';
import { readWish } from './support/waiting-wish.ts';
import type { WaitingWish } from './support/waiting-wish.ts';

/** A person confirms that they may use a picture or a voice. What they had asked for goes on. */
const agree: Button = {
  kind: 'button',
  name: 'agree',

  async press(interaction, id, services) {
    await taking(interaction, id, services, async (waiting) => {
      // Whoever read other words, before this bot was started, has not agreed to these: they are asked again.
      const hasAgreed = waiting.wording === consentWording;
      if (hasAgreed) {
        const agreement = { wording: consentWording, at: services.now() };
        await reachable(services.people.agree(interaction.user.id, agreement));
      }
      await ask(interaction, waiting.wish, services, { hasAgreed });
      await close(interaction, waiting, services);
    });
  },
};

/** They may not, or would rather not say. */
const disagree: Button = {
  kind: 'button',
  name: 'disagree',

  async press(interaction, id, services) {
    await taking(interaction, id, services, async () => {
      await reachable(services.people.forgetWaiting(interaction.user.id, id));
      const content = textsFor(interaction.locale).say('consent.declined');
      await interaction.update({ content, components: [], allowedMentions: { parse: [] } });
    });
  },
};

export default [agree, disagree];

/**
 * Does something with what waits for this person's word, once. What is refused, or not heard because Redis is silent, waits on: whoever answers
 * again is told why again, or has what they asked for.
 *
 * @throws Refusal
 */
async function taking(
  { user }: Pick<ButtonInteraction, 'user'>,
  id: string,
  { people, logger }: Services,
  work: (waiting: WaitingWish) => Promise<void>,
): Promise<void> {
  try {
    const text = await reachable(people.takeWaiting(user.id, id));
    if (text === null) throw new Refusal('consent.gone');
    await work(readWish(text));
  } catch (error) {
    const isGone = error instanceof Refusal && error.key === 'consent.gone';
    // Nobody is kept waiting for it. What may have been accepted stays taken.
    if (!isGone && !isUncertain(error)) void people.returnWaiting(id).catch(() => undefined);
    throw error;
  }
  await people.forgetWaiting(user.id, id).catch((error: unknown) => {
    logger.info({ error: errorFields(error) }, 'a wish that was taken on is kept for its hour');
  });
}

/** The question has its answer. A courtesy: the request is under way. */
async function close(
  { message: asked, locale }: ButtonInteraction,
  { token }: WaitingWish,
  { speaker, logger }: Services,
): Promise<void> {
  try {
    if (token !== null && asked.flags.has(MessageFlags.Ephemeral)) {
      await speaker.answer({ token }, message([textsFor(locale).say('consent.thanks')]), []);
    } else await speaker.remove({ channelId: asked.channelId, messageId: asked.id });
  } catch (error) {
    logger.info({ error: errorFields(error) }, 'a question that was answered stands');
  }
}
