import type { ReplyTarget } from '../queue/contract/generation.ts';
import type { MessagePlace } from './messages.ts';

/** A token is not begun to be used in its last moments: the request would arrive after its death. */
const tokenMargin = 5_000;

/** How a status message can be edited. */
export type StatusRoute =
  | { readonly kind: 'token'; readonly token: string; readonly otherwise: MessagePlace | null }
  | { readonly kind: 'message'; readonly place: MessagePlace }
  | { readonly kind: 'none' };

/**
 * Through the interaction while its token lives: such edits have a rate limit of their own. Afterwards as the bot, where it
 * is a member of the channel; an ephemeral message, or one in a place that the bot is not in, keeps the last
 * words that it was given while the token lived.
 *
 * @param now milliseconds since 1970
 */
export function statusRoute(reply: ReplyTarget, now: number): StatusRoute {
  const place =
    reply.kind === 'channel' && reply.channelId !== null && !reply.private && reply.statusMessageId !== null
      ? { channelId: reply.channelId, messageId: reply.statusMessageId }
      : null;
  const token = liveToken(reply, now);
  if (token !== null) return { kind: 'token', token, otherwise: place };
  return place === null ? { kind: 'none' } : { kind: 'message', place };
}

/** The interaction's token, if it can still be used. */
export function liveToken(reply: ReplyTarget, now: number): string | null {
  if (reply.interactionToken === null || reply.tokenExpiresAt === null) return null;
  return reply.tokenExpiresAt - tokenMargin > now ? reply.interactionToken : null;
}
