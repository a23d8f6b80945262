import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { closeConnection, openConnection } from './connection.ts';
import type { Generation } from './contract.ts';
import { createNames } from './names.ts';
import { draftSchema } from './people.ts';
import { removeRecords } from './remove-records.ts';
import { allModels } from './tickets.ts';

/** Takes a person out of Redis. Their artifacts are the caller's business. */
export interface Erasure {
  /** Keys that are about the person alone: defaults, limits and use, indexes, open forms, what was just done. */
  keysOf(userId: string): Promise<string[]>;
  /** Removes records that have ended, with all that points to them. @returns how many keys and entries went */
  removeRecords(generations: readonly Generation[]): Promise<number>;
  /** Removes the person's own keys, and what stands about them in lists of others. @returns how many keys and entries went */
  removePerson(userId: string): Promise<number>;
  /**
   * Has Redis write its append-only file anew: what was removed stands in the old one.
   *
   * @returns why it did not, for a person; null when nothing of it is left in the file
   */
  forget(): Promise<string | null>;
  close(): Promise<void>;
}

/** Redis writes all that it holds: with artifacts in it that may be some gigabytes. */
const rewriteTimeout = 10 * 60_000;

export function createErasure(config: CommonConfig, log: Logger): Erasure {
  const connection = openConnection(config.redis, 'producer', log);
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
    return [
      ...there.flat(),
      ...(await scan(names.ofPerson(userId))),
      ...(await scan(names.claim(`*:${userId}:*`))),
      ...(await draftsOf(userId)),
    ];
  }

  /** There are few: each is gone an hour after its form was opened. */
  async function draftsOf(userId: string): Promise<string[]> {
    const drafts = await Promise.all(
      (await scan(names.draft('*'))).map(async (key) => {
        const text = await connection.get(key);
        return text !== null && draftSchema.parse(JSON.parse(text)).userId === userId ? [key] : [];
      }),
    );
    return drafts.flat();
  }

  return {
    keysOf,
    removeRecords: (generations) => removeRecords(connection, names, generations),
    async removePerson(userId) {
      const keys = await keysOf(userId);
      let count = keys.length === 0 ? 0 : await connection.del(...keys);
      for (const key of await scan(names.reportsOf('*'))) count += await connection.hdel(key, userId);
      for (const model of allModels) count += await connection.hdel(names.shareUsers(model), userId);
      return count;
    },
    forget: () => rewrite(connection),
    close: () => Promise.resolve(closeConnection(connection)),
  };
}

async function rewrite(connection: Redis): Promise<string | null> {
  const end = Date.now() + rewriteTimeout;
  const atRest = async () => {
    for (;;) {
      const info = await connection.info('persistence');
      const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
      if (value('aof_rewrite_in_progress') !== '1' && value('aof_rewrite_scheduled') !== '1') return value;
      if (Date.now() > end) throw new Error('it takes longer than ten minutes');
      await pause(100);
    }
  };
  try {
    // One that is under way may have begun before the last key went.
    const before = await atRest();
    if (before('aof_enabled') !== '1') return null;
    await connection.bgrewriteaof();
    const after = await atRest();
    return after('aof_last_bgrewrite_status') === 'ok' ? null : 'it could not';
  } catch (error) {
    // Hosted servers often refuse the command.
    return error instanceof Error ? error.message : String(error);
  }
}
