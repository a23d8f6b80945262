import { ChannelType, RESTJSONErrorCodes } from 'discord-api-types/v10';
import { DiscordError, refuse } from '../errors.ts';
import { uploadLimitOfTier } from '../limits.ts';
import type { ChannelRecord, GuildRecord, MessageRecord } from '../model.ts';
import { channelPermissions, may } from '../permissions.ts';
import type { PermissionName } from '../permissions.ts';
import type { World } from '../world.ts';

/**
 * The channel, if the bot reaches it.
 * @throws DiscordError 10003 when there is none, 50001 when the bot does not see it
 */
export function accessibleChannel(world: World, channelId: string): ChannelRecord {
  const channel = world.state.channels.get(channelId);
  if (channel === undefined) throw refuse.unknownChannel();
  if (!may(channelPermissions(world.state, channel, world.application.botId), 'ViewChannel')) {
    throw refuse.missingAccess();
  }
  return channel;
}

/** @throws DiscordError 50013 unless the bot may do all of it in the channel */
export function requirePermissions(
  world: World,
  channel: ChannelRecord,
  names: readonly PermissionName[],
): void {
  const permissions = channelPermissions(world.state, channel, world.application.botId);
  if (!names.every((name) => may(permissions, name))) throw refuse.missingPermissions();
}

/** The guild, if the bot is a member. @throws DiscordError 10004 or 50001 */
export function accessibleGuild(world: World, guildId: string): GuildRecord {
  const guild = world.state.guilds.get(guildId);
  if (guild === undefined) throw refuse.unknownGuild();
  if (!guild.botIsMember) throw refuse.missingAccess();
  return guild;
}

/** A message that the channel's own endpoints show: never an ephemeral one. @throws DiscordError 10008 */
export function visibleMessage(world: World, channelId: string, messageId: string): MessageRecord {
  const message = world.state.findMessage(channelId, messageId);
  if (message === undefined || message.ephemeralFor !== undefined) throw refuse.unknownMessage();
  return message;
}

/** Bytes per file that the bot may post in a channel outside of interactions. */
export function channelUploadLimit(world: World, channel: ChannelRecord): number {
  const tier = world.state.guilds.get(channel.guildId ?? '')?.boostTier ?? 0;
  return uploadLimitOfTier(tier, world.uploadLimit);
}

/** Whether two direct-message partners can talk: they share a guild or the person installed the application. */
export function canMessage(world: World, userId: string): boolean {
  const user = world.state.users.get(userId);
  if (user === undefined) return false;
  return (
    user.hasInstalledApplication ||
    [...world.state.guilds.values()].some((guild) => guild.botIsMember && guild.members.has(userId))
  );
}

/** Channels that hold no messages of their own. */
export function holdsMessages(channel: ChannelRecord): boolean {
  return ![ChannelType.GuildCategory, ChannelType.GuildForum, ChannelType.GuildMedia].includes(channel.type);
}

/** @throws DiscordError 50083 for an archived or locked thread */
export function requireOpenThread(channel: ChannelRecord): void {
  if (channel.archived || channel.locked) {
    throw new DiscordError(
      400,
      RESTJSONErrorCodes.InvalidActionOnArchivedThread,
      channel.locked ? 'Thread is locked' : 'Thread is archived',
    );
  }
}
