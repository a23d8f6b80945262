import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { closeConnection, openConnection } from './connection.ts';
import type { Generation } from './contract.ts';
import { createNames } from './names.ts';
import { allModels } from './tickets.ts';

/** Takes a person out of Redis. Their artifacts are the caller's business. */
export interface Erasure {
  /** Keys that are about the person alone: defaults, limits and use, indexes. */
  keysOf(userId: string): Promise<string[]>;
  /** Removes records that have ended, with all that points to them. @returns how many keys and entries went */
  removeRecords(generations: readonly Generation[]): Promise<number>;
  /** Removes the person's own keys, and what stands about them in lists of others. @returns how many keys and entries went */
  removePerson(userId: string): Promise<number>;
  close(): Promise<void>;
}

export function createErasure(config: CommonConfig, log: Logger): Erasure {
  const connection = openConnection(config.redis.url, 'producer', log);
  const names = createNames(config.redis.prefix);

  async function scan(pattern: string): Promise<string[]> {
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, keys] = await connection.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
      cursor = next;
      found.push(...keys);
    } while (cursor !== '0');
    return [...new Set(found)];
  }

  async function keysOf(userId: string): Promise<string[]> {
    const own = [names.person(userId), names.indexOfUser(userId), names.waitingOf(userId)];
    const there = await Promise.all(
      own.map(async (key) => ((await connection.exists(key)) === 1 ? [key] : [])),
    );
    return [...there.flat(), ...(await scan(names.ofPerson(userId)))];
  }

  return {
    keysOf,
    async removeRecords(generations) {
      let count = 0;
      for (const { id, userId, guildId, reply } of generations) {
        const messages = [reply.statusMessageId, reply.finalMessageId].filter((message) => message !== null);
        count += await connection.del(names.record(id), ...messages.map((message) => names.message(message)));
        const lists = [names.indexOfTime, names.indexOfUser(userId), names.open, names.finished(null)];
        if (guildId !== null) lists.push(names.indexOfGuild(guildId), names.finished(guildId));
        for (const list of lists) count += await connection.zrem(list, id);
      }
      return count;
    },
    async removePerson(userId) {
      const keys = await keysOf(userId);
      let count = keys.length === 0 ? 0 : await connection.del(...keys);
      for (const model of allModels) count += await connection.hdel(names.shareUsers(model), userId);
      return count;
    },
    close: () => Promise.resolve(closeConnection(connection)),
  };
}
