import { z } from 'zod';
import { modelIdSchema } from '../../config/model-id.ts';
import { wakingKey } from '../rented-gpus.ts';
import { banSchema, drainSchema, pauseSchema } from './moderation.ts';
import type { Admission, Allowance, DeploymentSettings, Moderation, StandingBan, Use } from './moderation.ts';
import { limitsOf } from './role-limits.ts';
import { parseDeployment, parseSettings } from './settings.ts';
import { answers, checkedId, standing } from './stored.ts';
import { aliveWorkers } from '../redis/alive-workers.ts';
import type { Stored } from './stored.ts';

const useReply = z
  .strictObject({ waiting: z.number(), used: z.number(), last: z.number().nullable() })
  .transform(({ waiting, used, last }): Use => ({ waiting, gpuSeconds: used / 1000, lastAt: last }));
const usageReply = z.strictObject({
  queued: z.number(),
  here: useReply,
  everywhere: useReply,
  spent: z.number(),
});

/** As the queue sees it when it accepts; asked before, so that nobody waits for a refusal. */
function unlistedIn(
  { allowed: { guilds, people } }: DeploymentSettings,
  { userId, guildId }: { readonly userId: string; readonly guildId: string | null },
): Admission['unlisted'] {
  if (people.includes(userId)) return null;
  if (guilds.length > 0) return guildId !== null && guilds.includes(guildId) ? null : 'server';
  return people.length > 0 ? 'person' : null;
}

function standingBan(
  stored: Parameters<typeof standing>[1],
  isEverywhere: boolean,
  now: number,
): StandingBan | null {
  const ban = standing(banSchema, stored, now);
  return ban === null ? null : { ...ban, isEverywhere };
}

/** What stands between a person and the queue, and what they have left. */
export function createAdmission(
  { connection, names, run }: Stored,
  { defaultLimits, deployment }: Pick<Moderation, 'defaultLimits' | 'deployment'>,
): Pick<Moderation, 'admission' | 'allowance'> {
  async function admission({
    userId,
    guildId,
    roleIds,
  }: Parameters<Moderation['admission']>[0]): ReturnType<Moderation['admission']> {
    const models = modelIdSchema.options;
    const whole = connection
      .multi()
      .hget(names.pauses, 'deployment')
      .get(names.drain)
      .get(names.maintenance)
      .get(wakingKey(names.prefix))
      .hget(names.deploymentBans, checkedId(userId))
      .hget(names.deploymentSettings, 'text');
    if (guildId !== null) {
      const guild = checkedId(guildId);
      whole
        .hget(names.pauses, guild)
        .hget(names.bans(guild), checkedId(userId))
        .hget(names.settings(guild), 'text');
    }
    const [told, alive] = await Promise.all([answers(whole), aliveWorkers(connection, names)]);
    const [globalPause, drain, maintenance, waking, everywhereBan, deploymentText] = told;
    const [pause, ban, text] = told.slice(6);
    const now = Date.now();
    const settings = parseSettings(text);
    const everywhere = parseDeployment(deploymentText);
    return {
      ban: standingBan(everywhereBan, true, now) ?? standingBan(ban, false, now),
      unlisted: unlistedIn(everywhere, { userId, guildId }),
      pause: standing(pauseSchema, pause, now),
      globalPause: standing(pauseSchema, globalPause, now),
      draining: typeof drain === 'string' ? { message: drainSchema.parse(JSON.parse(drain)).message } : null,
      maintenance: maintenance ?? null,
      wakingUntil: typeof waking === 'string' ? Number(waking) : null,
      modelsAtWork: models.filter((model) => alive[model].length > 0),
      limits: guildId === null ? defaultLimits : limitsOf(settings.limits, roleIds, defaultLimits),
      queueLength: guildId === null ? null : settings.queueLength,
      askEachTime: settings.askEachTime,
      label: everywhere.label ? settings.label : null,
    };
  }

  return {
    admission,

    async allowance(person: Parameters<Moderation['allowance']>[0]): Promise<Allowance> {
      const { userId, guildId } = person;
      const [{ limits, queueLength }, owners, usage] = await Promise.all([
        admission(person),
        deployment(),
        run('usage', {
          scope: guildId === null ? 'direct' : checkedId(guildId),
          user: checkedId(userId),
        }),
      ]);
      const { queued, here, everywhere, spent } = usageReply.parse(usage);
      const budget = owners.budgetGpuSecondsPerDay;
      return {
        here: { ...here, limits },
        everywhere: { ...everywhere, limits: owners.limits },
        queue: queueLength === null ? null : { length: queueLength, waiting: queued },
        budget: budget === null ? null : { gpuSeconds: budget, used: spent / 1000 },
      };
    },
  };
}
