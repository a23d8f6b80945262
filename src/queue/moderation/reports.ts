import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { generationIdSchema } from '../contract/generation.ts';
import type { Generation } from '../contract/generation.ts';
import { recordRetention } from '../../retention.ts';
import { unansweredPause } from '../constants.ts';
import { isUnanswered } from '../redis/connection.ts';
import { reportsPerHour } from './moderation.ts';
import type { Moderation, Report, ReportOutcome } from './moderation.ts';
import { checkedId } from './stored.ts';
import type { Stored } from './stored.ts';

/** A report that got no answer may count all the same, and then its result has to be hidden: asked again for so long. Milliseconds. */
const reportPatience = 60_000;

/** Reported results that are looked through; more at a time is a raid, and the latest are what matters. */
const mostReports = 500;

const reportReply = z.enum(['hidden', 'counted', 'repeated', 'too_many', 'banned', 'looked_at', 'gone']);
const reportersReply = z.record(z.string(), z.coerce.number()).default({});

/** What people report of the results of a guild. */
export function createReports(
  { connection, names, run, entry }: Stored,
  readable: (ids: readonly string[]) => Promise<Generation[]>,
): Pick<Moderation, 'report' | 'unreport' | 'reports'> {
  return {
    async report({
      guildId,
      generationId,
      targetUserId,
      by,
      details,
      withoutRecord = false,
    }: Parameters<Moderation['report']>[0]): Promise<ReportOutcome> {
      const input = {
        scope: checkedId(guildId),
        id: generationIdSchema.parse(generationId),
        user: checkedId(by),
        perHour: reportsPerHour,
        retention: recordRetention,
        withoutRecord,
        log: entry({ guildId, actorId: by, action: 'report', targetUserId, generationId, details }),
      };
      const end = Date.now() + reportPatience;
      for (let wasSent = false; ; wasSent = true) {
        try {
          const outcome = reportReply.parse(await run('report', input));
          // The answer to it was lost, and nobody has hidden what the record says is hidden.
          return wasSent && outcome === 'repeated' ? 'hidden' : outcome;
        } catch (error) {
          if (!isUnanswered(error) || Date.now() > end) throw error;
          await delay(unansweredPause);
        }
      }
    },

    async unreport(guildId: string, generationId: string, by: string): Promise<void> {
      const [scope, user, id] = [checkedId(guildId), checkedId(by), generationIdSchema.parse(generationId)];
      await run('unreport', { scope, user, id });
    },

    async reports(guildId: string): Promise<Report[]> {
      const key = names.reports(checkedId(guildId));
      const ids = await connection.zrevrange(key, 0, mostReports - 1);
      const whole = connection.pipeline();
      for (const id of ids) whole.hgetall(names.reportsOf(id)).hget(names.record(id), 'lookedAt');
      const answered = (await whole.exec()) ?? [];
      const reporters = ids.map((_, index) => reportersReply.parse(answered[2 * index]?.[1]));
      const totals = new Map<string, number>();
      for (const who of reporters)
        for (const userId of Object.keys(who)) totals.set(userId, (totals.get(userId) ?? 0) + 1);
      const known = new Map((await readable(ids)).map((generation) => [generation.id, generation]));
      const found = ids.flatMap((id, index): Report[] => {
        const generation = known.get(id);
        if (generation === undefined) return [];
        const by = Object.entries(reporters[index] ?? {})
          .map(([userId, at]) => ({ userId, at, reports: totals.get(userId) ?? 1 }))
          .sort((one, other) => one.at - other.at);
        const lookedAt = z.coerce
          .number()
          .nullable()
          .parse(answered[2 * index + 1]?.[1] ?? null);
        return [{ generation, lookedAt, by }];
      });
      const isOpen = ({ generation }: Report) =>
        generation.hiddenAt !== null && generation.deletedAt === null;
      return [...found.filter(isOpen), ...found.filter((report) => !isOpen(report))];
    },
  };
}
