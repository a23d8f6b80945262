import { isOpen } from './contract/generation.ts';
import type { Generation } from './contract/generation.ts';
import type { Names } from './redis/names.ts';
import type { GenerationQueue } from './interfaces.ts';
import { readableRecords } from './contract/readable.ts';
import type { RecordSource } from './contract/readable.ts';

type Filter = Parameters<GenerationQueue['list']>[0];

const pageSize = 100;

/** Newest first. Goes through the narrowest index in pages until enough match; `before` is an id of an earlier answer. */
export async function listGenerations(
  source: RecordSource,
  names: Names,
  filter: Filter,
): Promise<Generation[]> {
  const { connection } = source;
  const limit = filter.limit ?? 50;
  const index = narrowestIndex(names, filter);
  const found: Generation[] = [];
  let start = 0;
  if (filter.before !== undefined) {
    const rank = await connection.zrevrank(index, filter.before);
    if (rank === null) return [];
    start = rank + 1;
  }
  for (; found.length < limit; start += pageSize) {
    const ids = await connection.zrevrange(index, start, start + pageSize - 1);
    const records = await readableRecords(source, ids);
    found.push(...records.filter((generation) => matches(generation, filter)));
    if (ids.length < pageSize) break;
  }
  return found.slice(0, limit);
}

/**
 * What waits and runs stands in an index of its own, in the same order: a guild's list of a month is not gone through for it. One that
 * has ended meanwhile is not in there, so paging by `before` takes the others.
 */
function narrowestIndex(names: Names, { userId, guildId, statuses, before }: Filter): string {
  if (userId !== undefined) return names.indexOfUser(userId);
  const onlyOpen = statuses?.every((status) => isOpen({ status })) === true;
  if (onlyOpen && before === undefined) return names.open;
  return guildId === undefined ? names.indexOfTime : names.indexOfGuild(guildId);
}

function matches(generation: Generation, filter: Filter): boolean {
  return (
    (filter.userId === undefined || generation.userId === filter.userId) &&
    (filter.guildId === undefined || generation.guildId === filter.guildId) &&
    (filter.statuses === undefined || filter.statuses.includes(generation.status))
  );
}

/** Whose work ended since then, however it ended: milliseconds since 1970, at most a day ago. Oldest first. */
export async function endedSince(source: RecordSource, names: Names, since: number): Promise<Generation[]> {
  const ids = await source.connection.zrange(names.finished(null), String(since), '+inf', 'BYSCORE');
  return readableRecords(source, ids);
}
