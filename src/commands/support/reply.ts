import type { InteractionEditReplyOptions } from 'discord.js';
import type { RenderedMessage } from '../render/message.ts';

/** A rendered message in the form that an interaction's methods take. */
export function toReply({ content, components, allowed_mentions: mentions }: RenderedMessage) {
  return { content, components, allowedMentions: mentions } satisfies InteractionEditReplyOptions;
}
