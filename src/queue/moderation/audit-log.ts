import type { RedisServer } from '../../config/redis-url.ts';
import { closeConnection, openConnection } from '../redis/connection.ts';
import { auditEntrySchema } from './moderation.ts';
import type { AuditEntry, Moderation, NewAuditEntry } from './moderation.ts';
import { checkedId } from './stored.ts';
import type { Stored } from './stored.ts';

/** Of a ULID. */
const idLength = 26;

function parseEntry(message: string): AuditEntry | null {
  try {
    return auditEntrySchema.safeParse(JSON.parse(message)).data ?? null;
  } catch {
    return null;
  }
}

/** What was done, by whom: of a guild, or the owners' own (null). */
export function createAuditLog(
  { connection, names, log, run, entry }: Stored,
  server: RedisServer,
): Pick<Moderation, 'log' | 'audit' | 'watchAudit'> & { close(): Promise<void> } {
  const watching = new Set<{ close(): Promise<void> }>();
  return {
    async log(given: NewAuditEntry): Promise<AuditEntry> {
      const full = entry(given);
      await run('log', { entry: full });
      return auditEntrySchema.parse(JSON.parse(full.text));
    },

    async audit({ guildId, limit, before }: Parameters<Moderation['audit']>[0]): Promise<AuditEntry[]> {
      const key = names.auditOf(guildId === null ? null : checkedId(guildId));
      // An entry begins with its id, so everything before it sorts below the bare id.
      const from = before === undefined ? '+' : `(${auditEntrySchema.shape.id.parse(before)}`;
      const stored = await connection.zrevrangebylex(key, from, '-', 'LIMIT', 0, limit);
      return stored.map((member) => auditEntrySchema.parse(JSON.parse(member.slice(idLength))));
    },

    async watchAudit(listener: (entry: AuditEntry) => void): Promise<{ close(): Promise<void> }> {
      const subscriber = openConnection(server, 'subscriber', log);
      subscriber.on('message', (_channel, message) => {
        try {
          const heard = parseEntry(message);
          if (heard !== null) listener(heard);
        } catch (error) {
          log.error({ error: String(error) }, 'a listener of the audit log failed');
        }
      });
      const listening = {
        close: async () => {
          watching.delete(listening);
          closeConnection(subscriber);
        },
      };
      try {
        await connection.ping();
        await subscriber.subscribe(names.audit);
      } catch (error) {
        closeConnection(subscriber);
        throw error;
      }
      watching.add(listening);
      return listening;
    },

    async close(): Promise<void> {
      await Promise.all([...watching].map(async (listening) => listening.close()));
    },
  };
}
