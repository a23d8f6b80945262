import { GatewayIntentBits } from 'discord-api-types/v10';
import type { Audience } from './gateway.ts';
import type { JsonObject, MessageRecord } from './model.ts';
import { gatewayMessagePayload } from './payloads.ts';
import { channelPermissions, may } from './permissions.ts';
import type { World } from './world.ts';

/** Which events the bot is told of, under which intents, and with how much in them. */

/** An event about a guild's structure: roles, channels, threads, members. */
export function dispatchGuild(
  world: World,
  event: string,
  guildId: string,
  payload: JsonObject,
  intent: number = GatewayIntentBits.Guilds,
): void {
  if (world.state.guilds.get(guildId)?.botIsMember !== true) return;
  world.gateway.dispatch(event, { guildId, guildIntent: intent, directIntent: intent }, () => payload);
}

/** An interaction, which no intent holds back. */
export function dispatchInteraction(world: World, guildId: string | undefined, payload: JsonObject): void {
  const audience = { guildId, guildIntent: 0, directIntent: 0 };
  world.gateway.dispatch('INTERACTION_CREATE', audience, () => payload);
}

/** A message that came or changed, where the bot sees it; without the content that it may not read. */
export function dispatchMessage(
  world: World,
  event: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE',
  message: MessageRecord,
): void {
  if (message.ephemeralFor !== undefined || !botSees(world, message)) return;
  const { botId } = world.application;
  const readable =
    message.guildId === undefined || message.authorId === botId || message.mentionedUserIds.includes(botId);
  world.gateway.dispatch(event, messageAudience(message), (session) => {
    const payload = gatewayMessagePayload(world, message);
    if (readable || session.has(GatewayIntentBits.MessageContent)) return payload;
    return { ...payload, content: '', embeds: [], attachments: [], components: [] };
  });
}

export function dispatchMessageDelete(world: World, message: MessageRecord): void {
  if (message.ephemeralFor !== undefined || !botSees(world, message)) return;
  world.gateway.dispatch('MESSAGE_DELETE', messageAudience(message), () => ({
    id: message.id,
    channel_id: message.channelId,
    ...(message.guildId === undefined ? {} : { guild_id: message.guildId }),
  }));
}

export function dispatchReaction(
  world: World,
  event:
    | 'MESSAGE_REACTION_ADD'
    | 'MESSAGE_REACTION_REMOVE'
    | 'MESSAGE_REACTION_REMOVE_ALL'
    | 'MESSAGE_REACTION_REMOVE_EMOJI',
  message: MessageRecord,
  payload: JsonObject,
): void {
  if (!botSees(world, message)) return;
  const audience = {
    guildId: message.guildId,
    guildIntent: GatewayIntentBits.GuildMessageReactions,
    directIntent: GatewayIntentBits.DirectMessageReactions,
  };
  world.gateway.dispatch(event, audience, () => payload);
}

function messageAudience(message: MessageRecord): Audience {
  return {
    guildId: message.guildId,
    guildIntent: GatewayIntentBits.GuildMessages,
    directIntent: GatewayIntentBits.DirectMessages,
  };
}

function botSees({ state, application }: World, message: MessageRecord): boolean {
  const channel = state.channels.get(message.channelId);
  return channel !== undefined && may(channelPermissions(state, channel, application.botId), 'ViewChannel');
}
