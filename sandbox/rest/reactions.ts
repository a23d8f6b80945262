import { RESTJSONErrorCodes } from 'discord-api-types/v10';
import { DiscordError, refuse } from '../errors.ts';
import { limits } from '../limits.ts';
import { addReaction, removeReaction, removeReactions } from '../messaging.ts';
import { userPayload } from '../payloads.ts';
import { accessibleChannel, requireOpenThread, requirePermissions, visibleMessage } from './access.ts';
import type { RestRequest, Route } from './router.ts';

const path = '/channels/{channel_id}/messages/{message_id}/reactions';
const rateLimit = { name: 'reaction', major: 'channel_id' } as const;

export const reactionRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: `${path}/{emoji_name}/@me`,
    authenticated: true,
    rateLimit,
    handle(request) {
      const { world } = request;
      const { channel, message, emoji } = target(request);
      requireOpenThread(channel);
      requirePermissions(world, channel, ['ReadMessageHistory']);
      if (!message.reactions.has(emoji)) {
        requirePermissions(world, channel, ['AddReactions']);
        if (message.reactions.size >= limits.reactionsPerMessage) {
          throw new DiscordError(
            400,
            RESTJSONErrorCodes.MaximumNumberOfReactionsReached,
            'Maximum number of reactions reached (20)',
          );
        }
      }
      addReaction(world, message, emoji, world.application.botId);
      return { status: 204 };
    },
  },
  {
    method: 'DELETE',
    path: `${path}/{emoji_name}/@me`,
    authenticated: true,
    rateLimit,
    handle(request) {
      const { message, emoji } = target(request);
      removeReaction(request.world, message, emoji, request.world.application.botId);
      return { status: 204 };
    },
  },
  {
    method: 'DELETE',
    path: `${path}/{emoji_name}/{user_id}`,
    authenticated: true,
    rateLimit,
    handle(request) {
      const { channel, message, emoji } = target(request);
      requirePermissions(request.world, channel, ['ManageMessages']);
      removeReaction(request.world, message, emoji, request.param('user_id'));
      return { status: 204 };
    },
  },
  ...[path, `${path}/{emoji_name}`].map((of): Route => ({
    method: 'DELETE',
    path: of,
    authenticated: true,
    rateLimit,
    handle({ world, param, params }) {
      const channel = accessibleChannel(world, param('channel_id'));
      const message = visibleMessage(world, channel.id, param('message_id'));
      requirePermissions(world, channel, ['ManageMessages']);
      removeReactions(world, message, params['emoji_name']);
      return { status: 204 };
    },
  })),
  {
    method: 'GET',
    path: `${path}/{emoji_name}`,
    authenticated: true,
    rateLimit: { name: 'read', major: 'channel_id' },
    handle(request) {
      const { message, emoji } = target(request);
      const limit = Number(request.query.get('limit') ?? 25);
      const after = BigInt(request.query.get('after') ?? 0);
      const users = [...(message.reactions.get(emoji)?.userIds ?? [])]
        .filter((id) => BigInt(id) > after)
        .sort((left, right) => (BigInt(left) < BigInt(right) ? -1 : 1))
        .slice(0, limit)
        .flatMap((id) => request.world.state.users.get(id) ?? []);
      return { status: 200, body: users.map(userPayload) };
    },
  },
];

function target({ world, param }: RestRequest) {
  const channel = accessibleChannel(world, param('channel_id'));
  const message = visibleMessage(world, channel.id, param('message_id'));
  const emoji = param('emoji_name');
  const isUnicode = /^\p{Emoji}/u.test(emoji) && !/^[\d#*]+$/.test(emoji);
  if (!isUnicode && !/^\w+:\d{17,20}$/.test(emoji)) throw refuse.unknownEmoji();
  return { channel, message, emoji };
}
