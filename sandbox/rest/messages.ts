import { ChannelType, MessageFlags, MessageType, RESTJSONErrorCodes } from 'discord-api-types/v10';
import { DiscordError, FormErrors, refuse } from '../errors.ts';
import { limits } from '../limits.ts';
import { createMessage, deleteMessage, editMessage } from '../messaging.ts';
import type { ChannelRecord, MessageRecord } from '../model.ts';
import { messagePayload } from '../payloads.ts';
import { channelPermissions, may } from '../permissions.ts';
import { isThread } from '../state.ts';
import type { World } from '../world.ts';
import {
  accessibleChannel,
  canMessage,
  channelUploadLimit,
  holdsMessages,
  requireOpenThread,
  requirePermissions,
  visibleMessage,
} from './access.ts';
import { objectBody } from './body.ts';
import { readMessageDraft } from './message-schema.ts';
import type { MessageDraft } from './message-schema.ts';
import type { Route } from './router.ts';

export const messageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/channels/{channel_id}/messages',
    authenticated: true,
    rateLimit: { name: 'read', major: 'channel_id' },
    handle({ world, query, param }) {
      const channel = accessibleChannel(world, param('channel_id'));
      const permissions = channelPermissions(world.state, channel, world.application.botId);
      // Without the right to read history the list is empty, not refused.
      const found = may(permissions, 'ReadMessageHistory') ? page(channel, query) : [];
      return { status: 200, body: found.map((message) => messagePayload(world, message)) };
    },
  },
  {
    method: 'GET',
    path: '/channels/{channel_id}/messages/{message_id}',
    authenticated: true,
    rateLimit: { name: 'read', major: 'channel_id' },
    handle({ world, param }) {
      const channel = accessibleChannel(world, param('channel_id'));
      requirePermissions(world, channel, ['ReadMessageHistory']);
      return {
        status: 200,
        body: messagePayload(world, visibleMessage(world, channel.id, param('message_id'))),
      };
    },
  },
  {
    method: 'POST',
    path: '/channels/{channel_id}/messages',
    authenticated: true,
    rateLimit: { name: 'messageCreate', major: 'channel_id' },
    async handle({ world, body, param }) {
      const channel = accessibleChannel(world, param('channel_id'));
      requireSending(world, channel);
      const draft = readMessageDraft(objectBody(body), body.files, {
        existing: undefined,
        uploadLimit: channelUploadLimit(world, channel),
      });
      const message = await oncePerNonce(world, channel, draft, async () => {
        if (draft.newFiles.length > 0) requirePermissions(world, channel, ['AttachFiles']);
        // Observed: a person's links merely stay plain, a bot's embeds are refused.
        if ((draft.embeds ?? []).length > 0) requirePermissions(world, channel, ['EmbedLinks']);
        const referenced = findReferenced(world, channel, draft);
        return await createMessage(world, {
          channel,
          authorId: world.application.botId,
          draft,
          type: referenced === undefined ? MessageType.Default : MessageType.Reply,
          referencedMessageId: referenced?.id,
        });
      });
      return { status: 200, body: messagePayload(world, message) };
    },
  },
  {
    method: 'PATCH',
    path: '/channels/{channel_id}/messages/{message_id}',
    authenticated: true,
    rateLimit: { name: 'messageEdit', major: 'channel_id' },
    async handle({ world, body, param }) {
      const channel = accessibleChannel(world, param('channel_id'));
      const message = visibleMessage(world, channel.id, param('message_id'));
      if (message.authorId !== world.application.botId) throw refuse.foreignMessage();
      requireOpenThread(channel);
      if (world.clock.now() - message.createdAt > limits.oldMessage) {
        world.rateLimiter.takeOldMessageEdit(channel.id);
      }
      const draft = readMessageDraft(objectBody(body), body.files, {
        existing: message,
        uploadLimit: channelUploadLimit(world, channel),
      });
      if (draft.newFiles.length > 0) requirePermissions(world, channel, ['AttachFiles']);
      await editMessage(world, message, draft);
      return { status: 200, body: messagePayload(world, message) };
    },
  },
  {
    method: 'DELETE',
    path: '/channels/{channel_id}/messages/{message_id}',
    authenticated: true,
    rateLimit: { name: 'messageDelete', major: 'channel_id' },
    handle({ world, param }) {
      const channel = accessibleChannel(world, param('channel_id'));
      const message = visibleMessage(world, channel.id, param('message_id'));
      if (message.authorId !== world.application.botId) {
        requirePermissions(world, channel, ['ManageMessages']);
      }
      deleteMessage(world, message);
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/channels/{channel_id}/typing',
    authenticated: true,
    rateLimit: { name: 'messageCreate', major: 'channel_id' },
    handle({ world, param }) {
      requireSending(world, accessibleChannel(world, param('channel_id')));
      return { status: 204 };
    },
  },
];

/** @throws DiscordError 50013, 50008, 50083 or 50007, unless the bot may post in the channel */
function requireSending(world: World, channel: ChannelRecord): void {
  if (!holdsMessages(channel)) {
    throw new DiscordError(
      400,
      RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel,
      'Cannot send messages in a non-text channel',
    );
  }
  if (channel.type === ChannelType.DM) {
    const [userId = ''] = channel.recipientIds;
    if (world.state.users.get(userId)?.acceptsDirectMessages !== true) throw refuse.cannotMessageUser();
    if (!canMessage(world, userId)) throw refuse.noMutualGuild();
    return;
  }
  requirePermissions(world, channel, [isThread(channel) ? 'SendMessagesInThreads' : 'SendMessages']);
  if (channel.locked) requireOpenThread(channel);
  // A message wakes an archived thread that is not locked.
  channel.archived = false;
}

function page(channel: ChannelRecord, query: URLSearchParams): MessageRecord[] {
  const limit = Math.min(100, Math.max(1, Number(query.get('limit') ?? 50)));
  const visible = [...channel.messages.values()].filter(({ ephemeralFor }) => ephemeralFor === undefined);
  const [before, after, around] = ['before', 'after', 'around'].map((name) => query.get(name));
  if (after != null) {
    const newer = visible.filter(({ id }) => BigInt(id) > BigInt(after));
    return newer.slice(0, limit).toReversed();
  }
  if (around != null) {
    const index = visible.findIndex(({ id }) => BigInt(id) >= BigInt(around));
    const start = Math.max(0, (index < 0 ? visible.length : index) - Math.floor(limit / 2));
    return visible.slice(start, start + limit).toReversed();
  }
  const older = before == null ? visible : visible.filter(({ id }) => BigInt(id) < BigInt(before));
  return older.slice(-limit).toReversed();
}

/** Messages with a nonce that are being made at this moment, by channel and nonce. */
const inTheMaking = new WeakMap<World, Map<string, Promise<MessageRecord>>>();

/** Makes a message unless its nonce, when it is to be enforced, made one within the last minutes or is making one now. */
async function oncePerNonce(
  world: World,
  channel: ChannelRecord,
  draft: MessageDraft,
  make: () => Promise<MessageRecord>,
): Promise<MessageRecord> {
  if (!draft.enforceNonce || draft.nonce === undefined) return await make();
  const earlier = findByNonce(world, channel, draft.nonce);
  if (earlier !== undefined) return earlier;
  const pending = inTheMaking.get(world) ?? new Map<string, Promise<MessageRecord>>();
  inTheMaking.set(world, pending);
  const key = `${channel.id} ${draft.nonce}`;
  const making = pending.get(key) ?? make();
  pending.set(key, making);
  try {
    return await making;
  } finally {
    pending.delete(key);
  }
}

function findByNonce(world: World, channel: ChannelRecord, nonce: string): MessageRecord | undefined {
  const since = world.clock.now() - limits.nonceMemory;
  return [...channel.messages.values()].findLast(
    (message) =>
      message.createdAt >= since && message.authorId === world.application.botId && message.nonce === nonce,
  );
}

function findReferenced(
  world: World,
  channel: ChannelRecord,
  draft: MessageDraft,
): MessageRecord | undefined {
  if (draft.reference === undefined) return undefined;
  const permissions = channelPermissions(world.state, channel, world.application.botId);
  if (!may(permissions, 'ReadMessageHistory')) throw refuse.replyWithoutHistory();
  const message = world.state.findMessage(channel.id, draft.reference.messageId);
  const usable =
    message !== undefined &&
    message.ephemeralFor === undefined &&
    (message.flags & MessageFlags.Loading) === 0;
  if (usable) return message;
  if (!draft.reference.failIfMissing) return undefined;
  const errors = new FormErrors();
  errors.add('message_reference', 'MESSAGE_REFERENCE_UNKNOWN_MESSAGE', 'Unknown message');
  errors.throwIfAny();
  return undefined;
}
