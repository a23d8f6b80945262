import { ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import { ulid } from 'ulid';
import type { GivenFiles } from '../../intake/intake.ts';
import { reachable } from '../../queue/reachable.ts';
import type { Admission } from '../../queue/moderation/moderation.ts';
import { textsFor } from '../../text/texts.ts';
import type { Texts } from '../../text/texts.ts';
import { buttonRows, message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { AskingInteraction, Wish } from './ask.ts';
import { customId } from './definition.ts';
import type { GivenReaction } from './definition.ts';
import { toReply } from './reply.ts';
import type { Services } from './services.ts';
import { writeWish } from './waiting-wish.ts';

/** The day from which on `consent.text` has read as it does. Whoever agreed to an older one is asked again; a test compares the two. */
export const consentWording = '2026-11-29';

/** Whether somebody's picture or voice is used: words that a computer's voice says are nobody's. */
export function showsSomebody({ images, audio }: Pick<GivenFiles, 'images' | 'audio'>): boolean {
  if ('kept' in images ? images.kept.length > 0 : images.length > 0) return true;
  if (audio === null || 'words' in audio) return false;
  return !('kept' in audio) || (audio.kept.audio !== null && audio.kept.speech === null);
}

/** Whether a person has to be asked before this is made. */
export async function mustAgree(
  userId: string,
  { files }: Pick<Wish, 'files'>,
  { askEachTime }: Pick<Admission, 'askEachTime'>,
  { people }: Pick<Services, 'people'>,
): Promise<boolean> {
  if (!showsSomebody(files)) return false;
  if (askEachTime) return true;
  return (await reachable(people.agreement(userId)))?.wording !== consentWording;
}

/** Asks the person alone; what they asked for waits, and goes on by itself when they agree. */
export async function askToAgree(
  interaction: AskingInteraction,
  wish: Wish,
  admission: Admission,
  services: Services,
): Promise<void> {
  const { token, user, locale } = interaction;
  const id = await keep(user.id, wish, token, services);
  const rendered = question(id, null, admission, textsFor(locale));
  await interaction.reply({ ...toReply(rendered), flags: MessageFlags.Ephemeral });
}

/** The same for a reaction: nobody else can press the buttons to any effect. */
export async function askToAgreeInChannel(
  { userId, channelId, messageId }: GivenReaction,
  wish: Wish,
  admission: Admission,
  locale: string,
  services: Services,
): Promise<void> {
  const id = await keep(userId, wish, null, services);
  const rendered = question(id, userId, admission, textsFor(locale));
  await services.speaker.post(channelId, rendered, { replyTo: messageId });
}

async function keep(userId: string, wish: Wish, token: string | null, services: Services): Promise<string> {
  const id = ulid(services.now());
  await reachable(
    services.people.keepWaiting(userId, id, writeWish({ wish, token, wording: consentWording })),
  );
  return id;
}

function question(
  id: string,
  mention: string | null,
  { askEachTime }: Pick<Admission, 'askEachTime'>,
  texts: Texts,
): RenderedMessage {
  const button = (name: string, style: ButtonStyle.Primary | ButtonStyle.Secondary, label: string) => ({
    type: ComponentType.Button as const,
    style,
    label,
    custom_id: customId(name, id),
  });
  return message(
    [
      mention === null ? null : texts.say('consent.mention', { userId: mention }),
      texts.say('consent.text'),
      texts.say(askEachTime ? 'consent.each_time' : 'consent.once'),
    ],
    {
      ...(mention === null ? {} : { mention }),
      components: buttonRows([
        button('agree', ButtonStyle.Primary, texts.say('button.agree')),
        button('disagree', ButtonStyle.Secondary, texts.say('button.disagree')),
      ]),
    },
  );
}
