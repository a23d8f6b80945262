import { ChannelType, PermissionFlagsBits } from 'discord-api-types/v10';
import type { ChannelRecord, GuildRecord } from './model.ts';
import { isThread } from './state.ts';
import type { State } from './state.ts';

export type PermissionName = keyof typeof PermissionFlagsBits;

/** Every permission that exists. */
export const allPermissions = Object.values(PermissionFlagsBits).reduce((sum, bit) => sum | bit, 0n);

/** What Discord gives @everyone in a new guild, as far as it matters here. */
export const everyoneDefault = permissionBits([
  'ViewChannel',
  'SendMessages',
  'SendMessagesInThreads',
  'EmbedLinks',
  'AttachFiles',
  'AddReactions',
  'UseExternalEmojis',
  'ReadMessageHistory',
  'UseApplicationCommands',
  'UseExternalApps',
  'CreatePublicThreads',
]);

/** What a direct message allows either side. */
const directMessagePermissions = permissionBits([
  'ViewChannel',
  'SendMessages',
  'EmbedLinks',
  'AttachFiles',
  'AddReactions',
  'UseExternalEmojis',
  'ReadMessageHistory',
  'MentionEveryone',
  'UseApplicationCommands',
  'UseExternalApps',
  'SendVoiceMessages',
]);

export function permissionBits(names: readonly PermissionName[]): bigint {
  return names.reduce((sum, name) => sum | PermissionFlagsBits[name], 0n);
}

/** What someone may do in a guild before any channel has its say. Nothing when they are no member. */
export function guildPermissions(guild: GuildRecord, userId: string): bigint {
  if (guild.ownerId === userId) return allPermissions;
  const member = guild.members.get(userId);
  if (member === undefined) return 0n;
  let permissions = guild.roles.get(guild.id)?.permissions ?? 0n;
  for (const roleId of member.roleIds) permissions |= guild.roles.get(roleId)?.permissions ?? 0n;
  return (permissions & PermissionFlagsBits.Administrator) === 0n ? permissions : allPermissions;
}

/**
 * What someone may do in a channel: guild permissions, then the overwrites for @everyone, for roles and for the member,
 * in Discord's order. https://discord.com/developers/docs/topics/permissions#permission-overwrites
 * A thread takes the overwrites of its channel. Direct messages have a fixed set for those who take part.
 */
export function channelPermissions(state: State, channel: ChannelRecord, userId: string): bigint {
  if (channel.guildId === undefined) {
    const takesPart = channel.recipientIds.includes(userId) || state.users.get(userId)?.bot === true;
    // A bot is never part of a group: it reaches one only through an interaction.
    const botInGroup = channel.type === ChannelType.GroupDM && state.users.get(userId)?.bot === true;
    return takesPart && !botInGroup ? directMessagePermissions : 0n;
  }
  const guild = state.guilds.get(channel.guildId);
  if (guild === undefined) return 0n;
  const base = guildPermissions(guild, userId);
  if (base === allPermissions) return allPermissions;
  const source = isThread(channel) ? state.channels.get(channel.parentId ?? '') : channel;
  let permissions = base;
  const apply = (allow: bigint, deny: bigint): void => {
    permissions = (permissions & ~deny) | allow;
  };
  const everyone = source?.overwrites.get(guild.id);
  if (everyone !== undefined) apply(everyone.allow, everyone.deny);
  let allow = 0n;
  let deny = 0n;
  for (const roleId of guild.members.get(userId)?.roleIds ?? []) {
    const overwrite = source?.overwrites.get(roleId);
    allow |= overwrite?.allow ?? 0n;
    deny |= overwrite?.deny ?? 0n;
  }
  apply(allow, deny);
  const own = source?.overwrites.get(userId);
  if (own !== undefined) apply(own.allow, own.deny);
  if ((permissions & PermissionFlagsBits.ViewChannel) === 0n) return 0n;
  const sending = isThread(channel)
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  if ((permissions & sending) === 0n) {
    // Who may not send may not do what only a message can carry either.
    permissions &= ~permissionBits(['MentionEveryone', 'SendTTSMessages', 'AttachFiles', 'EmbedLinks']);
  }
  return permissions;
}

export function may(permissions: bigint, name: PermissionName): boolean {
  return (permissions & PermissionFlagsBits[name]) !== 0n;
}
