import type { RedisServer } from '../../config/redis-url.ts';
import type { Closable } from '../interfaces.ts';
import { subscribe } from '../redis/subscription.ts';
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

/** Where an entry stands. */
interface Place {
  /** of all entries that were ever written, from 1 */
  readonly number: number;
  readonly id: string;
  /** the key of its log */
  readonly log: string;
}

function parsePlace(member: string): Place {
  const [number = '', id = '', ...log] = member.split(' ');
  return { number: Number(number), id, log: log.join(' ') };
}

/** What was done, by whom: of a guild, or the owners' own (null). */
export function createAuditLog(
  { connection, names, log, run, entry }: Stored,
  server: RedisServer,
): Pick<Moderation, 'log' | 'audit' | 'watchAudit'> & Closable {
  const watching = new Set<Closable>();

  /** What was written since, oldest first. */
  async function after(heard: Place | null): Promise<Place[]> {
    const from = async (number: number | '-inf') =>
      (await connection.zrangebyscore(names.recentAudit, number, '+inf')).map(parsePlace);
    if (heard === null) return from('-inf');
    const [same, ...next] = await from(heard.number);
    if (same?.id === heard.id) return next;
    // More was missed than is remembered, or a replica took over that did not have all of it: what is there now and came later.
    return (await from('-inf')).filter(({ id }) => id > heard.id);
  }

  /** null: so much has been written since that it is gone, or a newer program wrote it. */
  async function entryAt({ id, log: key }: Place): Promise<AuditEntry | null> {
    // `~` sorts after the brace with which the JSON begins.
    const [stored] = await connection.zrevrangebylex(key, `(${id}~`, `[${id}`, 'LIMIT', 0, 1);
    return stored === undefined ? null : parseEntry(stored.slice(idLength));
  }

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

    async watchAudit(listener: (entry: AuditEntry) => void): Promise<Closable> {
      const [newest] = await connection.zrevrange(names.recentAudit, 0, 0);
      let heard = newest === undefined ? null : parsePlace(newest);
      const subscription = await subscribe(server, {
        channels: [names.audit],
        async catchUp() {
          for (const place of await after(heard)) {
            const written = await entryAt(place);
            heard = place;
            try {
              if (written !== null) listener(written);
            } catch (error) {
              log.error({ error: String(error) }, 'a listener of the audit log failed');
            }
          }
        },
        log,
      });
      const listening = {
        close: async () => {
          watching.delete(listening);
          await subscription.close();
        },
      };
      watching.add(listening);
      return listening;
    },

    async close(): Promise<void> {
      await Promise.all([...watching].map(async (listening) => listening.close()));
    },
  };
}
