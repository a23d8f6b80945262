import type { ChainableCommander, Redis } from 'ioredis';
import { monotonicFactory } from 'ulid';
import { z } from 'zod';
import type { Logger } from '../../log.ts';
import type { Names } from '../redis/names.ts';
import { runScript } from '../redis/script.ts';
import { auditEntrySchema } from './moderation.ts';
import type { AuditEntry, NewAuditEntry } from './moderation.ts';

/** What a change knows of its own entry in the log; the rest is null or empty. */
export type Note = Pick<AuditEntry, 'guildId' | 'actorId' | 'action'> & Partial<NewAuditEntry>;

/** What every part of moderation works with. */
export interface Stored {
  readonly connection: Redis;
  readonly names: Names;
  readonly log: Logger;
  /** @returns an id that sorts after all before it; `at`: milliseconds since 1970 */
  readonly newId: (at: number) => string;
  readonly run: (command: string, input: object) => Promise<unknown>;
  /** The whole of a note. */
  readonly note: (note: Note) => NewAuditEntry;
  /** An entry as the scripts write it. */
  readonly entry: (note: Note) => { readonly key: string; readonly id: string; readonly text: string };
}

export function createStored(connection: Redis, names: Names, log: Logger): Stored {
  const newId = monotonicFactory();
  const note = (given: Note): NewAuditEntry => ({
    ...{ targetUserId: null, generationId: null, reason: null, details: {} },
    ...given,
  });
  return {
    ...{ connection, names, log, newId, note },
    run: async (command, input) =>
      runScript(connection, names.prefix, command, { now: Date.now(), ...input }),
    entry(given) {
      const at = Date.now();
      const entry = auditEntrySchema.parse({ ...note(given), id: newId(at), at });
      return { key: names.auditOf(entry.guildId), id: entry.id, text: JSON.stringify(entry) };
    },
  };
}

/** Of an entry that concerns no guild. */
export function owners(actorId: string): { guildId: null; actorId: string } {
  return { guildId: null, actorId };
}

const idSchema = z.string().regex(/^\d{1,20}$/, 'must be a Discord id');

/** Ids become parts of names in Redis: nothing else may. */
export function checkedId(id: string): string {
  return idSchema.parse(id);
}

/** A pause or a ban that has not ended by itself. */
export function standing<T extends { readonly until: number | null }>(
  schema: z.ZodType<T>,
  text: string | null | undefined,
  now: number,
): T | null {
  if (text === null || text === undefined) return null;
  const value = schema.parse(JSON.parse(text));
  return value.until !== null && value.until <= now ? null : value;
}

/** What the commands of one step answer; what is no text is null. */
export async function answers(commands: ChainableCommander): Promise<(string | null | undefined)[]> {
  const results = (await commands.exec()) ?? [];
  return results.map(([error, value]) => {
    if (error !== null) throw error;
    return typeof value === 'string' ? value : null;
  });
}
