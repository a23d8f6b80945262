import type { Redis } from 'ioredis';
import type { Generation } from './contract.ts';
import type { Ledger } from './ledger.ts';
import type { Names } from './names.ts';
import type { Tickets } from './tickets.ts';
import type { Logger } from '../log.ts';

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
      if (alive && (await parts.connection.exists(parts.names.worker(generation.workerId))) === 1) return;
      // `recover` does nothing while somebody holds the job's lock.
      const status = await ledger.recover({
        id,
        workerId: generation.workerId,
        attempts: generation.attempts,
      });
      if (status === 'queued' || status === 'held') {
        if (!alive) await readd(parts, generation);
        done.requeued += 1;
      } else if (status === 'failed' || status === 'cancelled') {
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

async function readd(parts: Parts, generation: Generation): Promise<void> {
  const { model } = generation.request;
  const level = await parts.ledger.level(generation.id);
  await parts.tickets.addGeneration(generation.id, model, level);
  await parts.ledger.settle(generation.id, model);
}
