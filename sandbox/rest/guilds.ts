import { refuse } from '../errors.ts';
import { channelPayload, guildPayload, memberWithUserPayload, rolePayload } from '../payloads.ts';
import type { World } from '../world.ts';
import { accessibleGuild } from './access.ts';
import type { Route } from './router.ts';

const rateLimit = { name: 'read', major: 'guild_id' } as const;

export const guildRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/guilds/{guild_id}',
    authenticated: true,
    rateLimit,
    handle({ world, param }) {
      return { status: 200, body: guildPayload(world, accessibleGuild(world, param('guild_id'))) };
    },
  },
  {
    method: 'GET',
    path: '/guilds/{guild_id}/channels',
    authenticated: true,
    rateLimit,
    handle({ world, param }) {
      const guild = accessibleGuild(world, param('guild_id'));
      const channels = world.state.channelsOf(guild.id);
      return { status: 200, body: channels.map((channel) => channelPayload(world, channel)) };
    },
  },
  {
    method: 'GET',
    path: '/guilds/{guild_id}/threads/active',
    authenticated: true,
    rateLimit,
    handle({ world, param }) {
      const guild = accessibleGuild(world, param('guild_id'));
      const threads = world.state.threadsOf(guild.id).map((thread) => channelPayload(world, thread));
      return { status: 200, body: { threads, members: [], has_more: false } };
    },
  },
  {
    method: 'GET',
    path: '/guilds/{guild_id}/roles',
    authenticated: true,
    rateLimit,
    handle({ world, param }) {
      const guild = accessibleGuild(world, param('guild_id'));
      return { status: 200, body: [...guild.roles.values()].map(rolePayload) };
    },
  },
  {
    method: 'GET',
    path: '/guilds/{guild_id}/roles/{role_id}',
    authenticated: true,
    rateLimit,
    handle({ world, param }) {
      const role = accessibleGuild(world, param('guild_id')).roles.get(param('role_id'));
      if (role === undefined) throw refuse.unknownRole();
      return { status: 200, body: rolePayload(role) };
    },
  },
  {
    method: 'GET',
    path: '/guilds/{guild_id}/members/{user_id}',
    authenticated: true,
    rateLimit,
    handle({ world, param }) {
      const guild = accessibleGuild(world, param('guild_id'));
      return { status: 200, body: memberOf(world, guild.id, param('user_id')) };
    },
  },
];

function memberOf(world: World, guildId: string, userId: string) {
  const id = userId === '@me' ? world.application.botId : userId;
  if (!world.state.users.has(id)) throw refuse.unknownUser();
  const member = world.state.guilds.get(guildId)?.members.get(id);
  if (member === undefined) throw refuse.unknownMember();
  return memberWithUserPayload(world, member);
}
