import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { CommonConfig } from '../../config/environment.ts';
import type { Logger } from '../../log.ts';
import { closeConnection, openConnection } from '../redis/connection.ts';
import type { Generation } from '../contract/generation.ts';
import { createNames } from '../redis/names.ts';
import { draftSchema } from './people.ts';
import { removeRecords } from './remove-records.ts';
import { allModels } from '../order/tickets.ts';

/** What is kept of a person in Redis beside their generations, by kind. */
export type ErasableName =
  'settings' | 'use' | 'greeting' | 'agreement' | 'lists' | 'forms' | 'claims' | 'reports' | 'share';

/** A key that is about one person, or, with a field, an entry about them in a hash of many. */
export interface ErasableEntry {
  readonly key: string;
  readonly field?: string;
}

/** Whatever stores a new kind of entry about a person adds how to find it here: whoever erases goes through the list. */
interface ErasableKind {
  readonly name: ErasableName;
  readonly find: (userId: string) => Promise<readonly ErasableEntry[]>;
}

/** Takes a person out of Redis. Their artifacts are the caller's business. */
export interface Erasure {
  /** What there is about the person, beside their generations. */
  entriesOf(userId: string): Promise<Readonly<Record<ErasableName, readonly ErasableEntry[]>>>;
  /** Removes records that have ended, with all that points to them. @returns how many keys and entries went */
  removeRecords(generations: readonly Generation[]): Promise<number>;
  /**
   * Removes the person's own keys, and what stands about them in lists of others.
   *
   * @param kept kinds that stay
   * @returns how many keys and entries went
   */
  removePerson(userId: string, kept?: readonly ErasableName[]): Promise<number>;
  /** From now on nothing is accepted of the person, until {@link end}; should this process die, for some minutes. */
  begin(userId: string): Promise<void>;
  /**
   * @param isErased what they asked for up to now, and is still being read, is not accepted any more; if not, it is, as if nothing had
   *   been
   */
  end(userId: string, isErased: boolean): Promise<void>;
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

/** Of a person of whom much is stored, and whose work does not stop at once. */
const erasingTimeout = 10 * 60_000;
/** Longer than the files of a request are read, whatever they are. */
const readingTimeout = 60 * 60_000;
/** After every id that will be made, in milliseconds since 1970. */
const latest = Number.MAX_SAFE_INTEGER;

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

  const keys = async (...wanted: string[]): Promise<ErasableEntry[]> => {
    const there = await Promise.all(wanted.map((key) => connection.exists(key)));
    return wanted.flatMap((key, index) => (there[index] === 1 ? [{ key }] : []));
  };
  const fields = async (hashes: readonly string[], field: string): Promise<ErasableEntry[]> => {
    const there = await Promise.all(hashes.map((key) => connection.hexists(key, field)));
    return hashes.flatMap((key, index) => (there[index] === 1 ? [{ key, field }] : []));
  };
  const kinds: readonly ErasableKind[] = [
    { name: 'settings', find: (userId) => keys(names.person(userId)) },
    { name: 'greeting', find: (userId) => keys(names.greeted(userId)) },
    { name: 'agreement', find: (userId) => keys(names.agreement(userId)) },
    {
      // Whatever of a person is none of the other kinds: what limits count on, which they cannot set back.
      name: 'use',
      async find(userId) {
        const known = [names.greeted(userId), names.agreement(userId)];
        const beginnings = [names.waitingWish(userId, ''), names.idempotency(userId, '')];
        const isOther = (key: string) =>
          known.includes(key) || beginnings.some((beginning) => key.startsWith(beginning));
        return (await scan(names.ofPerson(userId))).filter((key) => !isOther(key)).map((key) => ({ key }));
      },
    },
    { name: 'lists', find: (userId) => keys(names.indexOfUser(userId), names.waitingOf(userId)) },
    {
      // and requests that wait for an answer of theirs
      name: 'forms',
      async find(userId) {
        const found = [await draftsOf(userId), await scan(names.waitingWish(userId, '*'))];
        return found.flat().map((key) => ({ key }));
      },
    },
    {
      name: 'claims',
      async find(userId) {
        const found = [await scan(names.claim(`*:${userId}:*`)), await scan(names.idempotency(userId, '*'))];
        return found.flat().map((key) => ({ key }));
      },
    },
    { name: 'reports', find: async (userId) => fields(await scan(names.reportsOf('*')), userId) },
    {
      name: 'share',
      find: (userId) =>
        fields(
          allModels.map((model) => names.shareUsers(model)),
          userId,
        ),
    },
  ];

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
    async entriesOf(userId) {
      const found: Record<ErasableName, readonly ErasableEntry[]> = {
        ...{ settings: [], use: [], greeting: [], agreement: [], lists: [] },
        ...{ forms: [], claims: [], reports: [], share: [] },
      };
      for (const { name, find } of kinds) found[name] = await find(userId);
      return found;
    },
    removeRecords: (generations) => removeRecords(connection, names, generations),
    async removePerson(userId, kept = []) {
      let count = 0;
      for (const { name, find } of kinds) {
        if (kept.includes(name)) continue;
        for (const { key, field } of await find(userId)) {
          count += field === undefined ? await connection.del(key) : await connection.hdel(key, field);
        }
      }
      return count;
    },
    async begin(userId) {
      await connection.set(names.erased(userId), latest, 'PX', erasingTimeout);
    },
    async end(userId, isErased) {
      const name = names.erased(userId);
      if (isErased) await connection.set(name, Date.now(), 'PX', readingTimeout);
      else await connection.del(name);
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
