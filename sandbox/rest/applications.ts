import { ApplicationFlags, ApplicationIntegrationType } from 'discord-api-types/v10';
import { refuse } from '../errors.ts';
import type { JsonObject } from '../model.ts';
import { ownUserPayload, userPayload } from '../payloads.ts';
import { guildPermissions } from '../permissions.ts';
import type { World } from '../world.ts';
import type { Route } from './router.ts';

const rateLimit = { name: 'read' } as const;

export const applicationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/gateway',
    authenticated: false,
    handle: ({ world }) => ({ status: 200, body: { url: world.urls.gateway } }),
  },
  {
    method: 'GET',
    path: '/gateway/bot',
    authenticated: true,
    rateLimit,
    handle: ({ world }) => ({
      status: 200,
      body: {
        url: world.urls.gateway,
        shards: world.shards,
        session_start_limit: {
          ...{ total: 1000, remaining: 999, reset_after: 86_400_000 },
          max_concurrency: world.shards,
        },
      },
    }),
  },
  {
    method: 'GET',
    path: '/users/@me',
    authenticated: true,
    rateLimit,
    handle: ({ world }) => ({ status: 200, body: ownUserPayload(botUser(world)) }),
  },
  {
    method: 'GET',
    path: '/users/@me/guilds',
    authenticated: true,
    rateLimit,
    handle: ({ world }) => ({
      status: 200,
      body: [...world.state.guilds.values()]
        .filter((guild) => guild.botIsMember)
        .map((guild) => ({
          id: guild.id,
          name: guild.name,
          icon: null,
          banner: null,
          owner: false,
          permissions: guildPermissions(guild, world.application.botId).toString(),
          features: [],
        })),
    }),
  },
  {
    method: 'GET',
    path: '/users/{user_id}',
    authenticated: true,
    rateLimit,
    handle({ world, param }) {
      const user = world.state.users.get(param('user_id'));
      if (user === undefined) throw refuse.unknownUser();
      return { status: 200, body: userPayload(user) };
    },
  },
  {
    method: 'GET',
    path: '/applications/@me',
    authenticated: true,
    rateLimit,
    handle: ({ world }) => ({ status: 200, body: applicationPayload(world) }),
  },
  {
    method: 'GET',
    path: '/oauth2/applications/@me',
    authenticated: true,
    rateLimit,
    handle: ({ world }) => ({ status: 200, body: applicationPayload(world) }),
  },
];

function botUser(world: World) {
  const user = world.state.users.get(world.application.botId);
  if (user === undefined) throw new Error('the bot user does not exist');
  return user;
}

function applicationPayload(world: World): JsonObject {
  const { application, state } = world;
  const owner = state.users.get(application.ownerId);
  const flags = ApplicationFlags.GatewayMessageContentLimited;
  return {
    id: application.id,
    name: application.name,
    icon: null,
    description: '',
    type: null,
    bot: userPayload(botUser(world)),
    owner: owner === undefined ? null : userPayload(owner),
    team: null,
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags,
    flags_new: String(flags),
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    approximate_guild_count: [...state.guilds.values()].filter((guild) => guild.botIsMember).length,
    approximate_user_install_count: [...state.users.values()].filter((user) => user.hasInstalledApplication)
      .length,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    eligible_oauth2_scopes: [],
    integration_types_config: {
      [ApplicationIntegrationType.GuildInstall]: {
        oauth2_install_params: { scopes: ['applications.commands', 'bot'], permissions: '274877991936' },
      },
      [ApplicationIntegrationType.UserInstall]: {
        oauth2_install_params: { scopes: ['applications.commands'], permissions: '0' },
      },
    },
  };
}
