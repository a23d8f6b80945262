import type { Redis } from 'ioredis';

/**
 * Keys that one holder has until a time. Each command is one step: between two, what ran out would be kept, given back or taken by who no
 * longer has it.
 */
const keep = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const release = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
const takeOrKeep = `
  local held = redis.call('GET', KEYS[1])
  if held and held ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1`;

/** Goes on holding a key for so many milliseconds; nothing where it is not `holder`'s. */
export async function keepKey(
  redis: Redis,
  key: string,
  holder: string,
  milliseconds: number,
): Promise<void> {
  await redis.eval(keep, 1, key, holder, milliseconds);
}

/** Gives a key back; nothing where it is not `holder`'s. */
export async function releaseKey(redis: Redis, key: string, holder: string): Promise<void> {
  await redis.eval(release, 1, key, holder);
}

/** Takes a key that nobody has, or goes on holding it, for so many milliseconds. @returns whether `holder` has it */
export async function takeOrKeepKey(
  redis: Redis,
  key: string,
  holder: string,
  milliseconds: number,
): Promise<boolean> {
  return (await redis.eval(takeOrKeep, 1, key, holder, milliseconds)) === 1;
}
