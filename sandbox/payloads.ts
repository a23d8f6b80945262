import { ChannelType, MessageFlags, MessageReferenceType, MessageType } from 'discord-api-types/v10';
import { attachmentUrl, componentPayload, embedPayload } from './media-payloads.ts';
import type {
  AttachmentRecord,
  ChannelRecord,
  GuildRecord,
  JsonObject,
  MemberRecord,
  MessageRecord,
  RoleRecord,
  UserRecord,
} from './model.ts';
import { channelPermissions, guildPermissions } from './permissions.ts';
import { isThread } from './state.ts';
import type { World } from './world.ts';

/** Records in the form in which Discord's API and gateway show them. */

export function userPayload(user: UserRecord): JsonObject {
  return {
    id: user.id,
    username: user.username,
    global_name: user.globalName,
    discriminator: user.bot ? '0001' : '0',
    avatar: null,
    banner: null,
    accent_color: null,
    avatar_decoration_data: null,
    collectibles: null,
    primary_guild: null,
    public_flags: 0,
    flags: 0,
    ...(user.bot ? { bot: true } : {}),
  };
}

/** The bot's own account, with what only its owner sees. */
export function ownUserPayload(user: UserRecord): JsonObject {
  return {
    ...userPayload(user),
    mfa_enabled: true,
    verified: true,
    locale: user.locale,
    premium_type: 0,
    email: null,
  };
}

export function rolePayload(role: RoleRecord): JsonObject {
  return {
    id: role.id,
    name: role.name,
    permissions: role.permissions.toString(),
    position: role.position,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: role.managed,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0,
  };
}

/** A member without its user, as messages carry it. */
export function memberPayload(world: World, member: MemberRecord): JsonObject {
  return {
    roles: [...member.roleIds],
    nick: member.nick,
    avatar: null,
    banner: null,
    joined_at: world.clock.timestamp(member.joinedAt),
    premium_since: null,
    communication_disabled_until: null,
    pending: false,
    deaf: false,
    mute: false,
    flags: 0,
  };
}

export function memberWithUserPayload(world: World, member: MemberRecord): JsonObject {
  const user = world.state.users.get(member.userId);
  if (user === undefined) throw new Error(`user ${member.userId} does not exist`);
  return { ...memberPayload(world, member), user: userPayload(user) };
}

export function guildPayload(world: World, guild: GuildRecord): JsonObject {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    description: null,
    home_header: null,
    splash: null,
    discovery_splash: null,
    features: [],
    banner: null,
    owner_id: guild.ownerId,
    application_id: null,
    region: 'deprecated',
    afk_channel_id: null,
    afk_timeout: 300,
    system_channel_id: null,
    system_channel_flags: 0,
    widget_enabled: false,
    widget_channel_id: null,
    verification_level: 0,
    roles: [...guild.roles.values()].map(rolePayload),
    default_message_notifications: 0,
    mfa_level: 0,
    explicit_content_filter: 0,
    max_presences: null,
    max_members: 500_000,
    max_stage_video_channel_users: 50,
    max_video_channel_users: 25,
    vanity_url_code: null,
    premium_tier: guild.boostTier,
    premium_subscription_count: [0, 2, 7, 14][guild.boostTier] ?? 14,
    preferred_locale: guild.locale,
    rules_channel_id: null,
    safety_alerts_channel_id: null,
    public_updates_channel_id: null,
    premium_progress_bar_enabled: false,
    nsfw: false,
    nsfw_level: 0,
    emojis: [],
    stickers: [],
    incidents_data: null,
    approximate_member_count: guild.members.size,
    approximate_presence_count: guild.members.size,
    permissions: guildPermissions(guild, world.application.botId).toString(),
  };
}

/** The payload of GUILD_CREATE: the guild with what the bot sees in it. */
export function guildCreatePayload(world: World, guild: GuildRecord): JsonObject {
  const bot = guild.members.get(world.application.botId);
  return {
    ...guildPayload(world, guild),
    joined_at: world.clock.timestamp(guild.botJoinedAt),
    large: guild.members.size > 50,
    unavailable: false,
    member_count: guild.members.size,
    voice_states: [],
    // Without the privileged members intent the bot is told of itself only.
    members: bot === undefined ? [] : [memberWithUserPayload(world, bot)],
    channels: world.state.channelsOf(guild.id).map((channel) => channelPayload(world, channel)),
    threads: world.state.threadsOf(guild.id).map((thread) => channelPayload(world, thread)),
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

export function channelPayload(world: World, channel: ChannelRecord): JsonObject {
  const common = {
    id: channel.id,
    type: channel.type,
    flags: 0,
    last_message_id: channel.lastMessageId,
  };
  if (channel.guildId === undefined) {
    const recipients = channel.recipientIds.map((id) => {
      const user = world.state.users.get(id);
      if (user === undefined) throw new Error(`user ${id} does not exist`);
      return userPayload(user);
    });
    return channel.type === ChannelType.GroupDM
      ? { ...common, recipients, name: channel.name, icon: null, owner_id: channel.ownerId }
      : { ...common, recipients };
  }
  const inGuild = {
    ...common,
    guild_id: channel.guildId,
    name: channel.name,
    parent_id: channel.parentId ?? null,
    rate_limit_per_user: 0,
  };
  if (isThread(channel)) {
    return {
      ...inGuild,
      owner_id: channel.ownerId,
      message_count: channel.messages.size,
      total_message_sent: channel.messages.size,
      member_count: 1,
      thread_metadata: {
        archived: channel.archived,
        archive_timestamp: world.clock.timestamp(channel.createdAt),
        auto_archive_duration: 1440,
        locked: channel.locked,
        create_timestamp: world.clock.timestamp(channel.createdAt),
      },
    };
  }
  return {
    ...inGuild,
    position: 0,
    topic: null,
    nsfw: false,
    permission_overwrites: [...channel.overwrites.values()].map((overwrite) => ({
      id: overwrite.id,
      type: overwrite.type === 'role' ? 0 : 1,
      allow: overwrite.allow.toString(),
      deny: overwrite.deny.toString(),
    })),
    ...(channel.type === ChannelType.GuildForum ? { available_tags: [], default_reaction_emoji: null } : {}),
  };
}

/** A channel as interactions carry it: with what the person may do there. */
export function interactionChannelPayload(world: World, channel: ChannelRecord, userId: string): JsonObject {
  return {
    ...channelPayload(world, channel),
    permissions: channelPermissions(world.state, channel, userId).toString(),
  };
}

/** An attachment with a freshly signed link, as every reading of a message gives one. */
export function attachmentPayload(world: World, attachment: AttachmentRecord): JsonObject {
  const url = attachmentUrl(world, attachment);
  return {
    id: attachment.id,
    filename: attachment.filename,
    size: attachment.size,
    url,
    proxy_url: url,
    ...(attachment.contentType === undefined ? {} : { content_type: attachment.contentType }),
    ...(attachment.description === undefined ? {} : { description: attachment.description }),
    ...(attachment.width === undefined ? {} : { width: attachment.width, height: attachment.height }),
    ...(attachment.durationSeconds === undefined
      ? {}
      : { duration_secs: attachment.durationSeconds, waveform: attachment.waveform ?? 'AA==' }),
    ...(attachment.ephemeral ? { ephemeral: true } : {}),
  };
}

/** A message as REST shows it. @param withReferenced whether to include the message that this one replies to */
export function messagePayload(world: World, message: MessageRecord, withReferenced = true): JsonObject {
  const { state, application } = world;
  const author = state.users.get(message.authorId);
  if (author === undefined) throw new Error(`user ${message.authorId} does not exist`);
  const referenced =
    message.referencedMessageId === undefined
      ? undefined
      : state.findMessage(message.channelId, message.referencedMessageId);
  const fromInteraction = message.interactionId !== undefined;
  return {
    id: message.id,
    channel_id: message.channelId,
    type: message.type,
    author: userPayload(author),
    content: message.content,
    timestamp: world.clock.timestamp(message.createdAt),
    edited_timestamp: message.editedAt === undefined ? null : world.clock.timestamp(message.editedAt),
    tts: false,
    mention_everyone: message.mentionsEveryone,
    mentions: message.mentionedUserIds.flatMap((id) => {
      const user = state.users.get(id);
      return user === undefined ? [] : [userPayload(user)];
    }),
    mention_roles: message.mentionedRoleIds,
    attachments: message.attachments.map((attachment) => attachmentPayload(world, attachment)),
    embeds: message.embeds.map((embed) => embedPayload(world, message, embed)),
    components: message.components.map((component) => componentPayload(world, message, component)),
    flags: message.flags,
    pinned: message.pinned,
    ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    ...(message.reactions.size === 0 ? {} : { reactions: reactionPayloads(message, application.botId) }),
    ...(fromInteraction ? { webhook_id: application.id, application_id: application.id } : {}),
    ...(!fromInteraction && author.bot ? { application_id: application.id } : {}),
    ...(message.interactionMetadata === undefined
      ? {}
      : { interaction_metadata: message.interactionMetadata }),
    ...(message.referencedMessageId === undefined
      ? {}
      : {
          message_reference: {
            type: MessageReferenceType.Default,
            channel_id: message.channelId,
            message_id: message.referencedMessageId,
            ...(message.guildId === undefined ? {} : { guild_id: message.guildId }),
          },
        }),
    ...(message.forwarded === undefined ? {} : forwardPayload(world, message.forwarded)),
    ...(message.type === MessageType.Reply && withReferenced
      ? { referenced_message: referenced === undefined ? null : messagePayload(world, referenced, false) }
      : {}),
  };
}

/** The parts of a forwarded message that its copy has: who wrote it is not among them. */
function forwardPayload(world: World, forwarded: MessageRecord): JsonObject {
  const whole = messagePayload(world, forwarded, false);
  const copied = [
    'type',
    'content',
    'embeds',
    'attachments',
    'timestamp',
    'edited_timestamp',
    'flags',
    'mentions',
    'mention_roles',
    'components',
  ];
  return {
    message_reference: {
      type: MessageReferenceType.Forward,
      channel_id: forwarded.channelId,
      message_id: forwarded.id,
      ...(forwarded.guildId === undefined ? {} : { guild_id: forwarded.guildId }),
    },
    message_snapshots: [{ message: Object.fromEntries(copied.map((name) => [name, whole[name]])) }],
  };
}

/** A message as the gateway shows it: with the guild and the author's membership. */
export function gatewayMessagePayload(world: World, message: MessageRecord): JsonObject {
  const member =
    message.guildId === undefined
      ? undefined
      : world.state.guilds.get(message.guildId)?.members.get(message.authorId);
  return {
    ...messagePayload(world, message),
    ...(message.guildId === undefined ? {} : { guild_id: message.guildId }),
    ...(member === undefined ? {} : { member: memberPayload(world, member) }),
  };
}

function reactionPayloads(message: MessageRecord, botId: string): JsonObject[] {
  return [...message.reactions.values()].map((reaction) => ({
    emoji: reaction.emoji,
    count: reaction.userIds.size,
    count_details: { normal: reaction.userIds.size, burst: 0 },
    burst_colors: [],
    me: reaction.userIds.has(botId),
    me_burst: false,
  }));
}

export function isEphemeral(flags: number): boolean {
  return (flags & MessageFlags.Ephemeral) !== 0;
}
