import type { Redis } from 'ioredis';
import type { Generation } from './contract.ts';
import type { Ledger } from './ledger.ts';
import type { Names } from './names.ts';
import type { GenerationQueue } from './queue.ts';

type Filter = Parameters<GenerationQueue['list']>[0];

const pageSize = 100;

/** Newest first. Goes through the narrowest index in pages until enough match; `before` is an id of an earlier answer. */
export async function listGenerations(
  connection: Redis,
  names: Names,
  ledger: Ledger,
  filter: Filter,
): Promise<Generation[]> {
  const limit = filter.limit ?? 50;
  const index =
    filter.userId !== undefined
      ? names.indexOfUser(filter.userId)
      : filter.guildId !== undefined
        ? names.indexOfGuild(filter.guildId)
        : names.indexOfTime;
  const found: Generation[] = [];
  let start = 0;
  if (filter.before !== undefined) {
    const rank = await connection.zrevrank(index, filter.before);
    if (rank === null) return [];
    start = rank + 1;
  }
  for (; found.length < limit; start += pageSize) {
    const ids = await connection.zrevrange(index, start, start + pageSize - 1);
    for (const generation of await Promise.all(ids.map((id) => ledger.get(id)))) {
      if (generation !== null && matches(generation, filter)) found.push(generation);
    }
    if (ids.length < pageSize) break;
  }
  return found.slice(0, limit);
}

function matches(generation: Generation, filter: Filter): boolean {
  return (
    (filter.userId === undefined || generation.userId === filter.userId) &&
    (filter.guildId === undefined || generation.guildId === filter.guildId) &&
    (filter.statuses === undefined || filter.statuses.includes(generation.status))
  );
}
