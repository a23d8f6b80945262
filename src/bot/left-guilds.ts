import { Events } from 'discord.js';
import type { Client } from 'discord.js';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { Moderation } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { isOwn } from './client.ts';
import { readReadyGuilds } from './gateway-events.ts';

/** More than any server has waiting. */
const mostWaiting = 100_000;

export interface LeftGuildsParts {
  readonly queue: Pick<GenerationQueue, 'list' | 'cancel'>;
  readonly moderation: Pick<Moderation, 'guildLeft' | 'guildsJoined' | 'guildsWithSettings'>;
  readonly logger: Logger;
}

/**
 * Puts away what belongs to servers that the bot was thrown out of, also while it was not running: what waits there is cancelled, and
 * costs nobody anything; its settings go after a month. Where it comes back, all is as it was. A server that is only unavailable is
 * still one of its own.
 *
 * @returns what was begun for the servers of now
 */
export function followGuilds(client: Client<true>, parts: LeftGuildsParts): Promise<void> {
  client.on(Events.GuildDelete, ({ id }) => void leave(id, parts));
  // After a session that could not be resumed nobody says what was missed: a server that was left meanwhile is only not there any more.
  client.on(Events.Raw, (packet: unknown, shardId: number) => {
    const here = readReadyGuilds(packet);
    if (here === null) return;
    for (const { id } of client.guilds.cache.filter((guild) => guild.shardId === shardId).values()) {
      if (here.has(id)) continue;
      client.guilds.cache.delete(id);
      void leave(id, parts);
    }
  });
  client.on(Events.GuildCreate, ({ id }) => {
    parts.moderation.guildsJoined([id]).catch((error: unknown) => {
      parts.logger.warn({ guildId: id, error: errorFields(error) }, 'a server could not be taken up again');
    });
  });
  return compare(client, parts);
}

async function compare(client: Client<true>, parts: LeftGuildsParts): Promise<void> {
  const { queue, moderation, logger } = parts;
  try {
    const here = client.guilds.cache;
    await moderation.guildsJoined([...here.keys()]);
    // Where the bot was asked as somebody's own app it was no member before, either.
    const open = await queue.list({ statuses: ['queued'], limit: mostWaiting });
    const waiting = open.flatMap(({ guildId, reply }) =>
      guildId !== null && reply.kind === 'channel' ? [guildId] : [],
    );
    const known = new Set([...waiting, ...(await moderation.guildsWithSettings())]);
    for (const guildId of known)
      if (!here.has(guildId) && isOwn(client, guildId)) await leave(guildId, parts);
  } catch (error) {
    logger.warn({ error: errorFields(error) }, 'it is not known which servers were left');
  }
}

/** Never rejects: what is left is done when the bot starts again. */
async function leave(guildId: string, { queue, moderation, logger }: LeftGuildsParts): Promise<void> {
  try {
    await moderation.guildLeft(guildId);
    const waiting = await queue.list({ guildId, statuses: ['queued'], limit: mostWaiting });
    const theirs = waiting.filter(({ reply }) => reply.kind === 'channel');
    for (const { id } of theirs) {
      await queue.cancel(id, { code: 'cancelled', identifier: 'cancelled_bot_removed', context: {} });
    }
    logger.info({ guildId, cancelled: theirs.length }, 'no longer a member of a server');
  } catch (error) {
    logger.warn({ guildId, error: errorFields(error) }, 'a server that was left could not be put away');
  }
}
