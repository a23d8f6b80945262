import { z } from 'zod';
import type { CommonConfig } from '../../config/environment.ts';
import type { Logger } from '../../log.ts';
import { day } from '../../units.ts';
import { generationIdSchema } from '../contract/generation.ts';
import { readableRecords } from '../contract/readable.ts';
import { Tickets } from '../order/tickets.ts';
import { closeConnection, openConnection } from '../redis/connection.ts';
import { Ledger } from '../redis/ledger.ts';
import { createNames } from '../redis/names.ts';
import { createAdmission } from './admission-state.ts';
import { createAnnouncements } from './announcements.ts';
import { createAuditLog } from './audit-log.ts';
import { createBans } from './bans.ts';
import { addBlock, readBlocks, removeBlock } from './blocked-inputs.ts';
import type { Block } from './blocked-inputs.ts';
import type { GuildStats, Moderation } from './moderation.ts';
import { createPauses } from './pauses.ts';
import { deploymentLimits } from './role-limits.ts';
import { createReports } from './reports.ts';
import { createRetries } from './retry-failed.ts';
import { createSettings } from './settings.ts';
import { statsOf } from './stats.ts';
import { checkedId, createStored } from './stored.ts';
import { createFilters } from './stored-filters.ts';
import { createWorkers } from './workers.ts';

/** Connects to what keeps order. Without `maximumWaitingPerUser` it is the environment's default. */
export function createModeration(
  config: CommonConfig & { readonly maximumWaitingPerUser?: number },
  log: Logger,
): Moderation & { close(): Promise<void> } {
  const names = createNames(config.redis.prefix);
  const connection = openConnection(config.redis, 'producer', log);
  const ledger = new Ledger(connection, names);
  const tickets = new Tickets(connection, names, log);
  const defaultLimits = deploymentLimits(config.maximumWaitingPerUser ?? 10);
  const readable = async (ids: readonly string[]) => readableRecords({ connection, ledger, log }, ids);

  const stored = createStored(connection, names, log);
  const { run, entry, note } = stored;
  const settings = createSettings(stored);
  const auditLog = createAuditLog(stored, config.redis);
  const pauses = createPauses(stored);
  return {
    defaultLimits,
    ...settings,
    ...createAdmission(stored, { defaultLimits, ...settings }),
    ...createBans(stored),
    ...createFilters(stored, settings),
    ...auditLog,
    ...pauses,
    ...createAnnouncements(stored),
    ...createReports(stored, readable),
    ...createWorkers(stored),
    ...createRetries(stored, { ledger, tickets, readable, writeLog: auditLog.log }),

    async bump(guildId: string, id: string, by: string): ReturnType<Moderation['bump']> {
      return z.enum(['bumped', 'not_waiting', 'unknown']).parse(
        await run('bump', {
          scope: checkedId(guildId),
          id: generationIdSchema.parse(id),
          entry: entry({ guildId, actorId: by, action: 'bump', generationId: id }),
        }),
      );
    },

    async block(guildId: string, block: Block): Promise<boolean> {
      return addBlock(connection, names, checkedId(guildId), block);
    },

    async unblock(guildId: string, generationId: string, by: string): Promise<boolean> {
      const id = generationIdSchema.parse(generationId);
      const there = await removeBlock(connection, names, checkedId(guildId), id);
      if (there) await auditLog.log(note({ guildId, actorId: by, action: 'unblock', generationId: id }));
      return there;
    },

    async blocks(guildId: string): Promise<Block[]> {
      return readBlocks(connection, names, checkedId(guildId));
    },

    async stats(guildId: string): Promise<GuildStats> {
      const now = Date.now();
      const guild = checkedId(guildId);
      const [openIds, endedIds] = await Promise.all([
        connection.zinter(2, names.open, names.indexOfGuild(guild)),
        connection.zrange(names.finished(guild), String(now - day), String(now), 'BYSCORE'),
      ]);
      const [open, ended] = await Promise.all([readable(openIds), readable(endedIds)]);
      return statsOf(open, ended, now);
    },

    async close(): Promise<void> {
      pauses.close();
      await auditLog.close();
      await tickets.close().catch(() => undefined);
      closeConnection(connection);
    },
  };
}
