import type { Limits } from './limits-schema.ts';
import type { GuildSettings } from './moderation.ts';

/** The limits in direct messages, and in a guild that has not set its own. */
export function deploymentLimits(maximumWaitingPerUser: number): Limits {
  return { waiting: maximumWaitingPerUser, gpuSecondsPerDay: null, cooldownSeconds: null, weight: 1 };
}

/**
 * What a person may use: what the roles say, else what the guild says for everyone, else the deployment's default; each limit
 * by itself. A role may allow less than everyone has; of several roles the most generous value counts, and null, no limit, is
 * more generous than any number.
 */
export function limitsOf(
  settings: GuildSettings['limits'],
  roleIds: readonly string[],
  defaults: Limits,
): Limits {
  const roles = roleIds.flatMap((roleId) => settings.roles[roleId] ?? []);
  const choose = (
    name: 'waiting' | 'gpuSecondsPerDay' | 'cooldownSeconds',
    mostGenerous: (...values: number[]) => number,
  ): number | null => {
    const given: (number | null | undefined)[] = roles.map((role) => role[name]);
    if (given.includes(null)) return null;
    const numbers = given.filter((value) => typeof value === 'number');
    if (numbers.length > 0) return mostGenerous(...numbers);
    const everyone = settings.everyone[name];
    return everyone === undefined ? defaults[name] : everyone;
  };
  const lengths = roles.map((role) => role.videoSeconds).filter((value) => value !== undefined);
  const videoSeconds =
    lengths.length > 0 ? Math.max(...lengths) : (settings.everyone.videoSeconds ?? defaults.videoSeconds);
  const weights = roles.map((role) => role.weight).filter((value) => value !== undefined);
  return {
    waiting: choose('waiting', Math.max),
    gpuSecondsPerDay: choose('gpuSecondsPerDay', Math.max),
    cooldownSeconds: choose('cooldownSeconds', Math.min),
    ...(videoSeconds === undefined ? {} : { videoSeconds }),
    weight: weights.length > 0 ? Math.max(...weights) : (settings.everyone.weight ?? defaults.weight),
  };
}
