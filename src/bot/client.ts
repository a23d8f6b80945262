import { Client, GatewayIntentBits, Options, Partials } from 'discord.js';
import type { RateLimitData } from 'discord.js';
import { shardOf } from '../config/shards.ts';
import type { Shards } from '../config/shards.ts';

/** Of every connection over REST. */
export const restOptions = {
  // Every interaction has a route of its own, for which discord.js keeps a queue: forget the finished ones soon.
  handlerSweepInterval: 5 * 60_000,
  hashSweepInterval: 10 * 60_000,
  hashLifetime: 30 * 60_000,
  // The process counts its requests that Discord refused; whoever sends each hundredth says so. Without this, nobody does.
  invalidRequestWarningInterval: 100,
  // A 429 that says no time comes from something in between: the library would ask again fifty times a second, for as long as it lasts.
  rejectOnRateLimit: ({ retryAfter }: Pick<RateLimitData, 'retryAfter'>) => retryAfter === 0,
} as const;

/**
 * A client that keeps almost nothing: answers go out over REST with the ids of the record, so the caches are only what
 * discord.js itself needs. Whatever would grow with use has a limit.
 */
export function createClient(apiUrl: string, shards: Shards): Client {
  return new Client({
    ...(shards === 'auto' ? { shards } : { shards: [...shards.ids], shardCount: shards.count }),
    intents: [
      GatewayIntentBits.Guilds,
      // Only to hear which messages are deleted: no message of others is read, and none is kept.
      GatewayIntentBits.GuildMessages,
      GatewayIntentBits.GuildMessageReactions,
      GatewayIntentBits.DirectMessageReactions,
    ],
    partials: [Partials.Message, Partials.Channel, Partials.Reaction, Partials.User],
    allowedMentions: { parse: [], repliedUser: false },
    rest: { api: apiUrl, ...restOptions },
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      ApplicationCommandManager: 0,
      ApplicationEmojiManager: 0,
      AutoModerationRuleManager: 0,
      BaseGuildEmojiManager: 0,
      DMMessageManager: 0,
      EntitlementManager: 0,
      GuildBanManager: 0,
      GuildEmojiManager: 0,
      GuildForumThreadManager: 50,
      GuildInviteManager: 0,
      GuildMemberManager: { maxSize: 50, keepOverLimit: (member) => member.id === member.client.user.id },
      GuildMessageManager: 0,
      GuildScheduledEventManager: 0,
      GuildStickerManager: 0,
      GuildTextThreadManager: 50,
      MessageManager: 0,
      PresenceManager: 0,
      ReactionManager: 0,
      ReactionUserManager: 0,
      StageInstanceManager: 0,
      ThreadManager: 50,
      ThreadMemberManager: 0,
      UserManager: { maxSize: 200, keepOverLimit: (user) => user.id === user.client.user.id },
      VoiceStateManager: 0,
    }),
  });
}

/** Whether this process hears what happens in a guild, or in direct messages (null): what happens elsewhere is another process's. */
export function isOwn(client: Client<true>, guildId: string | null): boolean {
  return client.ws.shards.has(shardOf(guildId, client.options.shardCount ?? 1));
}
