import { ChannelType } from 'discord-api-types/v10';
import { FormErrors, refuse } from '../errors.ts';
import type { ChannelRecord } from '../model.ts';
import { channelPayload } from '../payloads.ts';
import type { World } from '../world.ts';
import { accessibleChannel } from './access.ts';
import { objectBody } from './body.ts';
import type { Route } from './router.ts';

export const channelRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/channels/{channel_id}',
    authenticated: true,
    rateLimit: { name: 'read', major: 'channel_id' },
    handle({ world, param }) {
      return { status: 200, body: channelPayload(world, accessibleChannel(world, param('channel_id'))) };
    },
  },
  {
    method: 'POST',
    path: '/users/@me/channels',
    authenticated: true,
    rateLimit: { name: 'createConversation' },
    handle({ world, body }) {
      const recipient = objectBody(body)['recipient_id'];
      if (typeof recipient !== 'string' && typeof recipient !== 'number') {
        const errors = new FormErrors();
        errors.add('recipient_id', 'BASE_TYPE_REQUIRED', 'This field is required');
        errors.throwIfAny();
      }
      const user = world.state.users.get(String(recipient));
      if (user === undefined) throw refuse.unknownUser();
      if (user.bot) throw refuse.cannotMessageUser();
      return { status: 200, body: channelPayload(world, openDirectMessage(world, user.id)) };
    },
  },
];

/** The direct message between the bot and a person; made when it does not exist yet. */
export function openDirectMessage(world: World, userId: string): ChannelRecord {
  const { state } = world;
  const existing = [...state.channels.values()].find(
    (channel) => channel.type === ChannelType.DM && channel.recipientIds[0] === userId,
  );
  if (existing !== undefined) return existing;
  const channel: ChannelRecord = {
    id: world.ids.next(),
    type: ChannelType.DM,
    guildId: undefined,
    name: '',
    parentId: undefined,
    ownerId: undefined,
    createdAt: world.clock.now(),
    overwrites: new Map(),
    recipientIds: [userId],
    messages: new Map(),
    lastMessageId: null,
    archived: false,
    locked: false,
  };
  state.channels.set(channel.id, channel);
  return channel;
}
