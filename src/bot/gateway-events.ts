import { z } from 'zod';
import type { GivenReaction } from '../commands/support/definition.ts';

/**
 * What is needed of a reaction as the gateway sends it. The raw event names the person's roles, which discord.js's own event
 * leaves out, and needs no message in a cache.
 * https://discord.com/developers/docs/events/gateway-events#message-reaction-add
 */
const reactionEvent = z.object({
  t: z.literal('MESSAGE_REACTION_ADD'),
  d: z.object({
    user_id: z.string(),
    channel_id: z.string(),
    message_id: z.string(),
    guild_id: z.string().optional(),
    member: z
      .object({ roles: z.array(z.string()), user: z.object({ bot: z.boolean().optional() }).optional() })
      .optional(),
    message_author_id: z.string().optional(),
    emoji: z.object({ id: z.string().nullable(), name: z.string().nullable() }),
  }),
});

/**
 * A person's reaction to one of our own messages, or null for anything else: other events, bots, our own reactions, and emoji of
 * a server.
 *
 * @param packet as discord.js's event `raw` hands it on
 */
export function readReaction(
  packet: unknown,
  botUserId: string,
): { readonly emoji: string; readonly reaction: GivenReaction } | null {
  const parsed = reactionEvent.safeParse(packet);
  if (!parsed.success) return null;
  const { d } = parsed.data;
  if (d.user_id === botUserId || d.member?.user?.bot === true) return null;
  if (d.message_author_id !== undefined && d.message_author_id !== botUserId) return null;
  if (d.emoji.id !== null || d.emoji.name === null) return null;
  return {
    emoji: d.emoji.name,
    reaction: {
      userId: d.user_id,
      guildId: d.guild_id ?? null,
      channelId: d.channel_id,
      messageId: d.message_id,
      roleIds: d.member?.roles ?? [],
    },
  };
}

/**
 * https://discord.com/developers/docs/events/gateway-events#message-delete and `#message-delete-bulk`, which a moderator's clean-up
 * sends. They name no author: whose messages they were, the queue knows.
 */
const removalEvent = z.union([
  z.object({ t: z.literal('MESSAGE_DELETE'), d: z.object({ id: z.string() }).transform(({ id }) => [id]) }),
  z.object({
    t: z.literal('MESSAGE_DELETE_BULK'),
    d: z.object({ ids: z.array(z.string()) }).transform(({ ids }) => ids),
  }),
]);

/**
 * The ids of messages that were deleted, by whomever; none for any other event.
 *
 * @param packet as discord.js's event `raw` hands it on
 */
export function readRemovals(packet: unknown): readonly string[] {
  const parsed = removalEvent.safeParse(packet);
  return parsed.success ? parsed.data.d : [];
}

const readyEvent = z.object({
  t: z.literal('READY'),
  d: z.object({ guilds: z.array(z.object({ id: z.string() })) }),
});

/**
 * The servers of a connection that was made anew: https://discord.com/developers/docs/events/gateway-events#ready. null for any other event.
 *
 * @param packet as discord.js's event `raw` hands it on
 */
export function readReadyGuilds(packet: unknown): ReadonlySet<string> | null {
  const parsed = readyEvent.safeParse(packet);
  return parsed.success ? new Set(parsed.data.d.guilds.map(({ id }) => id)) : null;
}

/**
 * https://discord.com/developers/docs/events/gateway-events#channel-delete and `#thread-delete`. All messages there went with it, and no event
 * says so of any of them.
 */
const channelRemovalEvent = z.object({
  t: z.enum(['CHANNEL_DELETE', 'THREAD_DELETE']),
  d: z.object({ id: z.string(), guild_id: z.string() }),
});

/**
 * The channel or thread of a server that was deleted; null for any other event.
 *
 * @param packet as discord.js's event `raw` hands it on
 */
export function readRemovedChannel(
  packet: unknown,
): { readonly guildId: string; readonly channelId: string } | null {
  const parsed = channelRemovalEvent.safeParse(packet);
  return parsed.success ? { guildId: parsed.data.d.guild_id, channelId: parsed.data.d.id } : null;
}
