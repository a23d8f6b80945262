import { MessageFlags } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import { errorFields } from '../error-fields.ts';
import { reachable } from '../queue/reachable.ts';
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
    const waiting = await taken(interaction, id, services);
    // Whoever read other words, before this bot was started, has not agreed to these: they are asked again.
    const hasAgreed = waiting.wording === consentWording;
    if (hasAgreed) {
      const agreement = { wording: consentWording, at: services.now() };
      await reachable(services.people.agree(interaction.user.id, agreement));
    }
    await ask(interaction, waiting.wish, services, { hasAgreed });
    await close(interaction, waiting, services);
  },
};

/** They may not, or would rather not say. */
const disagree: Button = {
  kind: 'button',
  name: 'disagree',

  async press(interaction, id, services) {
    await taken(interaction, id, services);
    const content = textsFor(interaction.locale).say('consent.declined');
    await interaction.update({ content, components: [], allowedMentions: { parse: [] } });
  },
};

export default [agree, disagree];

/** What waits for this person's word, once. @throws Refusal */
async function taken(
  { user }: Pick<ButtonInteraction, 'user'>,
  id: string,
  { people }: Services,
): Promise<WaitingWish> {
  const text = await reachable(people.takeWaiting(user.id, id));
  if (text === null) throw new Refusal('consent.gone');
  return readWish(text);
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
