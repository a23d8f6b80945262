import { day } from '../../units.ts';
import type { Generation } from '../contract/generation.ts';
import { isUndelivered, retryOf } from '../delivery/undelivered.ts';
import type { Tickets } from '../order/tickets.ts';
import type { Ledger } from '../redis/ledger.ts';
import type { Moderation } from './moderation.ts';
import { owners } from './stored.ts';
import type { Stored } from './stored.ts';

/** What failed, once more. */
export function createRetries(
  { connection, names, newId, note }: Stored,
  {
    ledger,
    tickets,
    readable,
    writeLog,
  }: {
    readonly ledger: Ledger;
    readonly tickets: Tickets;
    readonly readable: (ids: readonly string[]) => Promise<Generation[]>;
    readonly writeLog: Moderation['log'];
  },
): Pick<Moderation, 'retryFailed'> {
  return {
    async retryFailed(by: string, options: Parameters<Moderation['retryFailed']>[1]): Promise<string[]> {
      const { id, code, limit } = options;
      const now = Date.now();
      const ids = await connection.zrange(names.finished(null), String(now - day), String(now), 'BYSCORE');
      const wanted = id === undefined ? ids : ids.filter((other) => other === id);
      const retried: string[] = [];
      // Oldest first: who has waited longest is next.
      for (const generation of await readable(wanted)) {
        if (retried.length >= limit) break;
        if (generation.status !== 'failed') continue;
        if (code !== undefined && generation.failure?.code !== code) continue;
        if (isUndelivered(generation)) {
          // It is made already. Whoever retries what failed for want of a machine does not mean it.
          if (id === undefined && code === undefined) continue;
          if (!(await ledger.redeliver(generation.id))) continue;
          await tickets.isDeliveryAlive(generation.id);
          await tickets.addDelivery(generation.id);
          retried.push(generation.id);
          continue;
        }
        const next = retryOf(generation, newId(Date.now()));
        const accepted = await ledger.acceptRetry(next);
        if (accepted === null) continue;
        // A crash in between leaves a record without a job, which `reconcile` gives one.
        await tickets.addGeneration(next.id, next.request.model, accepted.level);
        await ledger.settle(next.id, next.request.model);
        retried.push(next.id);
      }
      const details = { retried: retried.length, ...(code === undefined ? {} : { code }) };
      if (retried.length > 0) {
        await writeLog(note({ ...owners(by), action: 'retry_failed', generationId: id ?? null, details }));
      }
      return retried;
    },
  };
}
