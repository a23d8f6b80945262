import { MessageFlags, MessageType } from 'discord-api-types/v10';
import { dispatchMessage, dispatchMessageDelete, dispatchReaction } from './dispatch.ts';
import type {
  AttachmentRecord,
  ChannelRecord,
  InteractionRecord,
  MessageRecord,
  ReactionRecord,
} from './model.ts';
import { memberWithUserPayload } from './payloads.ts';
import { channelPermissions, may } from './permissions.ts';
import { mentionableText } from './rest/message-schema.ts';
import type { MessageDraft } from './rest/message-schema.ts';
import type { World } from './world.ts';

/** Changes to messages: what is stored, and what the gateway then tells. The checks came before. */

export interface NewMessage {
  readonly channel: ChannelRecord;
  readonly authorId: string;
  readonly draft: MessageDraft;
  readonly type?: MessageType;
  readonly interaction?: InteractionRecord;
  readonly referencedMessageId?: string | undefined;
  readonly forwarded?: MessageRecord | undefined;
  readonly loading?: boolean;
  /** instead of a new id: a forum post's first message has that of its thread */
  readonly id?: string;
  /** files that are stored already, besides those of the draft */
  readonly attachments?: readonly AttachmentRecord[];
}

/** An answer that is still to come: the "thinking" of a deferred interaction. */
export const emptyDraft: MessageDraft = {
  content: undefined,
  embeds: undefined,
  components: undefined,
  flags: 0,
  keptAttachments: undefined,
  newFiles: [],
  mentions: { everyone: false, users: new Set(), roles: new Set(), repliedUser: false },
  reference: undefined,
  nonce: undefined,
  enforceNonce: false,
};

export async function createMessage(world: World, request: NewMessage): Promise<MessageRecord> {
  const { channel, draft, interaction } = request;
  const id = request.id ?? world.ids.next();
  const ephemeral = interaction !== undefined && (draft.flags & MessageFlags.Ephemeral) !== 0;
  const flags =
    (ephemeral ? draft.flags : draft.flags & ~MessageFlags.Ephemeral) |
    (request.loading === true ? MessageFlags.Loading : 0);
  const message: MessageRecord = {
    id,
    channelId: channel.id,
    guildId: channel.guildId,
    authorId: request.authorId,
    type: request.type ?? MessageType.Default,
    createdAt: world.clock.now(),
    editedAt: undefined,
    content: draft.content ?? '',
    embeds: draft.embeds ?? [],
    components: draft.components ?? [],
    attachments: [...(request.attachments ?? []), ...(await storeFiles(world, channel, draft, ephemeral))],
    flags,
    pinned: false,
    mentionedUserIds: [],
    mentionedRoleIds: [],
    mentionsEveryone: false,
    nonce: draft.nonce,
    referencedMessageId: request.referencedMessageId,
    forwarded: request.forwarded,
    reactions: new Map(),
    ephemeralFor: ephemeral ? interaction.userId : undefined,
    interactionId: interaction?.id,
    interactionMetadata: interaction?.metadata,
    interactionOwners: interaction?.owners,
  };
  findMentions(world, message, channel, draft);
  world.state.addMessage(message);
  interaction?.messageIds.push(id);
  dispatchMessage(world, 'MESSAGE_CREATE', message);
  world.state.events.emit('messageCreate', message);
  return message;
}

export async function editMessage(world: World, message: MessageRecord, draft: MessageDraft): Promise<void> {
  const channel = world.state.channels.get(message.channelId);
  if (channel === undefined) throw new Error(`channel ${message.channelId} does not exist`);
  const wasLoading = (message.flags & MessageFlags.Loading) !== 0;
  const added = await storeFiles(world, channel, draft, message.ephemeralFor !== undefined);
  const kept =
    draft.keptAttachments === undefined
      ? message.attachments
      : draft.keptAttachments.flatMap(({ id, description }) => {
          const attachment = message.attachments.find((candidate) => candidate.id === id);
          if (attachment === undefined) return [];
          return [description === undefined ? attachment : { ...attachment, description }];
        });
  message.attachments = [...kept, ...added];
  message.content = draft.content ?? message.content;
  message.embeds = draft.embeds ?? message.embeds;
  message.components = draft.components ?? message.components;
  message.flags = (message.flags & ~MessageFlags.Loading) | (draft.flags & ~MessageFlags.Ephemeral);
  // The first content of a deferred answer is its creation in the eyes of a reader, not an edit.
  if (!wasLoading) message.editedAt = world.clock.now();
  findMentions(world, message, channel, draft);
  dispatchMessage(world, 'MESSAGE_UPDATE', message);
  world.state.events.emit('messageUpdate', message);
}

export function deleteMessage(world: World, message: MessageRecord): void {
  world.state.channels.get(message.channelId)?.messages.delete(message.id);
  dispatchMessageDelete(world, message);
  world.state.events.emit('messageDelete', message);
}

/** @param emoji a unicode emoji, or `name:id` */
export function addReaction(world: World, message: MessageRecord, emoji: string, userId: string): void {
  const reaction: ReactionRecord = message.reactions.get(emoji) ?? {
    emoji: parseEmoji(emoji),
    userIds: new Set(),
  };
  message.reactions.set(emoji, reaction);
  if (reaction.userIds.has(userId)) return;
  reaction.userIds.add(userId);
  dispatchReaction(world, 'MESSAGE_REACTION_ADD', message, {
    ...reactionEvent(world, message, reaction, userId),
    message_author_id: message.authorId,
  });
  world.state.events.emit('messageUpdate', message);
}

export function removeReaction(world: World, message: MessageRecord, emoji: string, userId: string): void {
  const reaction = message.reactions.get(emoji);
  if (reaction?.userIds.delete(userId) !== true) return;
  if (reaction.userIds.size === 0) message.reactions.delete(emoji);
  const { member: _, ...event } = reactionEvent(world, message, reaction, userId);
  dispatchReaction(world, 'MESSAGE_REACTION_REMOVE', message, event);
  world.state.events.emit('messageUpdate', message);
}

/** @param emoji undefined: all of them */
export function removeReactions(world: World, message: MessageRecord, emoji: string | undefined): void {
  const removed = emoji === undefined ? undefined : message.reactions.get(emoji);
  if (emoji === undefined) message.reactions.clear();
  else if (!message.reactions.delete(emoji)) return;
  dispatchReaction(
    world,
    emoji === undefined ? 'MESSAGE_REACTION_REMOVE_ALL' : 'MESSAGE_REACTION_REMOVE_EMOJI',
    message,
    {
      channel_id: message.channelId,
      message_id: message.id,
      ...(message.guildId === undefined ? {} : { guild_id: message.guildId }),
      ...(removed === undefined ? {} : { emoji: removed.emoji }),
    },
  );
  world.state.events.emit('messageUpdate', message);
}

function reactionEvent(world: World, message: MessageRecord, reaction: ReactionRecord, userId: string) {
  const member =
    message.guildId === undefined ? undefined : world.state.guilds.get(message.guildId)?.members.get(userId);
  return {
    user_id: userId,
    channel_id: message.channelId,
    message_id: message.id,
    ...(message.guildId === undefined ? {} : { guild_id: message.guildId }),
    ...(member === undefined ? {} : { member: memberWithUserPayload(world, member) }),
    emoji: reaction.emoji,
    burst: false,
    type: 0,
  };
}

function parseEmoji(emoji: string): ReactionRecord['emoji'] {
  const custom = /^([\w]+):(\d{17,20})$/.exec(emoji);
  return custom === null ? { id: null, name: emoji } : { id: custom[2] ?? null, name: custom[1] ?? '' };
}

async function storeFiles(
  world: World,
  channel: ChannelRecord,
  draft: MessageDraft,
  ephemeral: boolean,
): Promise<AttachmentRecord[]> {
  const owner = ephemeral ? world.application.id : channel.id;
  return await Promise.all(
    draft.newFiles.map((file) =>
      world.files.add(
        {
          filename: file.filename,
          content: file.bytes,
          contentType: file.contentType,
          description: file.description,
        },
        owner,
        ephemeral,
      ),
    ),
  );
}

function findMentions(
  world: World,
  message: MessageRecord,
  channel: ChannelRecord,
  draft: MessageDraft,
): void {
  const text = mentionableText(message.content, message.components);
  const { users, roles, everyone, repliedUser } = draft.mentions;
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  const userIds = new Set(
    found(/<@!?(\d+)>/g).filter((id) => world.state.users.has(id) && (users === undefined || users.has(id))),
  );
  const replied =
    message.referencedMessageId === undefined
      ? undefined
      : channel.messages.get(message.referencedMessageId)?.authorId;
  if (repliedUser && replied !== undefined) userIds.add(replied);
  message.mentionedUserIds = [...userIds];
  message.mentionedRoleIds = found(/<@&(\d+)>/g).filter((id) => roles === undefined || roles.has(id));
  message.mentionsEveryone =
    everyone &&
    /@(everyone|here)\b/.test(text) &&
    may(channelPermissions(world.state, channel, message.authorId), 'MentionEveryone');
}
