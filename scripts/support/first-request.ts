import type { Channel, Interaction, Message, User } from '../../sandbox/start.ts';

/**
 * Agrees for somebody who brings a picture or a voice for the first time, as the bot asks them to.
 *
 * @param question the bot's first answer
 * @returns the press of the button, which the request goes on with; null when the answer is none that can be agreed to
 */
export async function agree(
  person: User,
  question: Message,
): Promise<{ label: string; interaction: Interaction } | null> {
  const button = question.buttons.find(({ customId }) => customId?.startsWith('agree:') === true);
  if (button === undefined) return null;
  return { label: button.label, interaction: await person.click(question, button.label) };
}

/** Everything that the bot says about an accepted request ends with its id, a ULID. */
export function saysItsId(text: string): boolean {
  return /[0-9A-HJKMNP-TV-Z]{26}/.test(text);
}

/** Whether a message is a video, or why there is none: it replies to the status message. That one may itself reply, to the question alone. */
export function isEnding(message: Message, { messages }: Pick<Channel, 'messages'>): boolean {
  if (!message.fromBot || message.ephemeral) return false;
  return messages.some(({ id, ephemeral }) => id === message.repliesTo && !ephemeral);
}
