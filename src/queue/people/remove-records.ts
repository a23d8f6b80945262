import type { Redis } from 'ioredis';
import type { Generation } from '../contract/generation.ts';
import type { Names } from '../redis/names.ts';

/** Removes records that have ended, with all that points to them. @returns how many keys and entries went */
export async function removeRecords(
  connection: Redis,
  names: Names,
  generations: readonly Generation[],
): Promise<number> {
  let count = 0;
  for (const { id, userId, guildId, reply } of generations) {
    const messages = [reply.statusMessageId, reply.finalMessageId].filter((message) => message !== null);
    count += await connection.del(names.record(id), ...messages.map((message) => names.message(message)));
    count += await connection.del(names.reportsOf(id), names.copiesOf(id), names.answer(id));
    count += await connection.hdel(names.webhooks, id);
    const lists = [names.indexOfTime, names.indexOfUser(userId), names.open, names.finished(null)];
    if (guildId !== null)
      lists.push(names.indexOfGuild(guildId), names.finished(guildId), names.reports(guildId));
    for (const list of lists) count += await connection.zrem(list, id);
  }
  return count;
}
