import { z } from 'zod';
import { banSchema } from './moderation.ts';
import type { Ban, Moderation } from './moderation.ts';
import { checkedId, standing } from './stored.ts';
import type { Stored } from './stored.ts';

/** Who may not ask: in a guild, or in the whole deployment (null). */
export function createBans({
  connection,
  names,
  run,
  entry,
}: Stored): Pick<Moderation, 'ban' | 'unban' | 'bans'> {
  function bansOf(guildId: string | null): string {
    return guildId === null ? names.deploymentBans : names.bans(checkedId(guildId));
  }

  return {
    async ban(guildId: string | null, ban: Omit<Ban, 'since'>): Promise<void> {
      const since = Date.now();
      const text = JSON.stringify(banSchema.parse({ ...ban, since }));
      const { userId, by, reason, until } = ban;
      await run('ban', {
        key: bansOf(guildId),
        user: userId,
        text,
        entry: entry({
          ...{ guildId, actorId: by, action: 'ban', targetUserId: userId, reason },
          details: { until },
        }),
      });
    },

    async unban(guildId: string | null, userId: string, by: string): Promise<boolean> {
      const ended = await run('unban', {
        key: bansOf(guildId),
        user: checkedId(userId),
        entry: entry({ guildId, actorId: by, action: 'unban', targetUserId: userId }),
      });
      return z.boolean().parse(ended);
    },

    async bans(guildId: string | null): Promise<Ban[]> {
      const stored = await connection.hvals(bansOf(guildId));
      const now = Date.now();
      return stored
        .map((text) => standing(banSchema, text, now))
        .filter((ban) => ban !== null)
        .sort((left, right) => right.since - left.since);
    },
  };
}
