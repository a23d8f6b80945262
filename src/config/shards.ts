/** Which part of Discord's events one process hears. `auto`: all of them, over as many connections as Discord asks for. */
export type Shards = 'auto' | { readonly ids: readonly number[]; readonly count: number };

/** https://docs.discord.com/developers/events/gateway#sharding: a guild belongs to one shard; direct messages to the first. */
export function shardOf(guildId: string | null, count: number): number {
  return guildId === null ? 0 : Number((BigInt(guildId) >> 22n) % BigInt(count));
}

/** More than Discord's largest bots have. */
const mostShards = 16_384;

/**
 * Reads `auto`, or what one of several processes hears: `0,1/4` or `0-1/4` is the first two of four shards.
 *
 * @throws RangeError that says what is wrong
 */
export function parseShards(text: string): Shards {
  if (text === 'auto') return 'auto';
  const found = /^(\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*)\/(\d{1,5})$/.exec(
    text.replaceAll(/\s/g, ''),
  );
  const count = Number(found?.[2]);
  if (found === null || count < 1 || count > mostShards) {
    throw new RangeError('must be auto, or shards and how many there are in all, as 0,1/4 or 0-1/4');
  }
  const ids = (found[1] ?? '').split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
  if (ids.length === 0 || ids.some((id) => id >= count)) {
    throw new RangeError(`names shards that are none of ${count}: they are counted from 0`);
  }
  return { ids: [...new Set(ids)], count };
}
