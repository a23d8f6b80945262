import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Generation } from '../contract/generation.ts';
import type { Ledger } from '../redis/ledger.ts';
import type { Names } from '../redis/names.ts';
import type { Tickets } from '../order/tickets.ts';
import type { Logger } from '../../log.ts';

export interface Reconciled {
  requeued: number;
  redelivered: number;
  failed: number;
}

interface Parts {
  readonly connection: Redis;
  readonly names: Names;
  readonly ledger: Ledger;
  readonly tickets: Tickets;
  readonly log: Logger;
  /** milliseconds for which a worker may be silent before its job goes to nobody in particular */
  readonly patience: number;
}

/**
 * Compares every generation that has not reached its person with BullMQ's jobs. Each step is a compare-and-set or adds a job
 * under an id that can exist only once, so it is safe beside running bots and workers.
 */
export async function reconcile(parts: Parts): Promise<Reconciled> {
  const done: Reconciled = { requeued: 0, redelivered: 0, failed: 0 };
  await parts.ledger.endPauses();
  for (const id of await parts.connection.zrange(parts.names.open, '0', '-1')) {
    try {
      const generation = await parts.ledger.get(id);
      if (generation === null) await parts.connection.zrem(parts.names.open, id);
      else await reconcileOne(parts, generation, done);
    } catch (error) {
      if (parts.connection.status !== 'ready') throw error;
      // One damaged record does not keep the others from being put right.
      parts.log.error(
        { generationId: id, error: error instanceof Error ? error.message : String(error) },
        'not reconciled',
      );
    }
  }
  return done;
}

async function reconcileOne(parts: Parts, generation: Generation, done: Reconciled): Promise<void> {
  const { ledger, tickets } = parts;
  const { id } = generation;
  const { model } = generation.request;
  switch (generation.status) {
    case 'queued': {
      if (await ledger.isHeld(id)) {
        // It is in no order of BullMQ's, only its job has to be there. Adding one that is changes nothing.
        await readd(parts, generation);
        return;
      }
      if (await tickets.isGenerationAlive(id, model)) return;
      await readd(parts, generation);
      done.requeued += 1;
      return;
    }
    case 'running': {
      const alive = await tickets.isGenerationAlive(id, model);
      if (generation.workerId === null) return;
      // A worker that is only cut off comes back and goes on. Where another one is there, BullMQ gives it the job long before.
      if (alive && (await wasSeenLately(parts, generation.workerId))) return;
      // `recover` does nothing while somebody holds the job's lock.
      const status = await ledger.recover({
        id,
        workerId: generation.workerId,
        attempts: generation.attempts,
      });
      if (status === 'queued' || status === 'held') {
        if (!alive) await readd(parts, generation);
        done.requeued += 1;
      } else if (status === 'cancelled') {
        await tickets.removeGeneration(id, model);
        if (await ledger.awaitsDelivery(id)) await tickets.addDelivery(id);
        done.failed += 1;
      }
      return;
    }
    case 'delivering':
    case 'failed':
    case 'cancelled': {
      if (await tickets.isDeliveryAlive(id)) return;
      await tickets.addDelivery(id);
      done.redelivered += 1;
      return;
    }
    case 'delivered':
      return;
  }
}

async function wasSeenLately({ connection, names, patience }: Parts, workerId: string): Promise<boolean> {
  const state = await connection.hget(names.machines, workerId);
  if (state === null) return false;
  const { at } = z.object({ at: z.number() }).parse(JSON.parse(state));
  return Date.now() - at < patience;
}

async function readd(parts: Parts, generation: Generation): Promise<void> {
  const { model } = generation.request;
  const level = await parts.ledger.level(generation.id);
  await parts.tickets.addGeneration(generation.id, model, level);
  await parts.ledger.settle(generation.id, model);
}
