import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { closeConnection, openConnection, requireWritable } from './redis/connection.ts';
import { consumeDeliveries } from './delivery/delivery-consumer.ts';
import { readDepth, readServer } from './order/depth.ts';
import { Ledger } from './redis/ledger.ts';
import type { Pace } from './redis/ledger.ts';
import { endedSince, listGenerations } from './list-generations.ts';
import { Marks } from './provenance/marks.ts';
import { createNames } from './redis/names.ts';
import { paceKey } from './order/pace.ts';
import type { Closable, GenerationQueue } from './interfaces.ts';
import { reconcile } from './delivery/reconcile.ts';
import { removeRecords } from './people/remove-records.ts';
import { recordRetention } from '../retention.ts';
import { reconcileInterval, silentLocks } from './constants.ts';
import { Signers } from './provenance/signers.ts';
import { Tickets } from './order/tickets.ts';
import { watchGenerations } from './watch-generations.ts';

const unmeasured: Pace = { seconds: null, isTheirs: false, gpus: 1 };

/** Connects the bot to the queue. Nothing waits here: an unreachable Redis shows in the first call, or in `health`. */
export function createGenerationQueue(config: CommonConfig, log: Logger): GenerationQueue {
  const server = config.redis;
  const lockDuration = config.redis.lockSeconds * 1000;
  const names = createNames(config.redis.prefix);
  const connection = openConnection(server, 'producer', log);
  const ledger = new Ledger(connection, names);
  const tickets = new Tickets(connection, names, log);
  const open = new Set<Closable>();
  const track = (closable: Closable): Closable => {
    open.add(closable);
    return {
      async close() {
        open.delete(closable);
        await closable.close();
      },
    };
  };
  const patience = lockDuration * silentLocks;
  const parts = { connection, names, ledger, tickets, log, patience };
  const estimate: GenerationQueue['estimate'] = async (work) => {
    const { units = 1, usualFrames, take = null } = work;
    const passes = work.steps * work.passes;
    const usual = usualFrames === undefined ? [] : [paceKey({ ...work, frames: usualFrames, take: null })];
    const [exact = unmeasured, atUsualLength = unmeasured] = await ledger.paces(work.model, [
      paceKey(work),
      ...usual,
    ]);
    // The pace of a take is that of a pass of the usual length.
    const exactly = exact.seconds === null ? null : exact.seconds * passes * (take === null ? 1 : units);
    if (exactly !== null && exact.isTheirs) return { seconds: exactly, guess: false };
    // Better than a guess: the same passes at the usual length on these machines, then what others needed.
    const likely = atUsualLength.seconds === null ? null : atUsualLength.seconds * passes * units;
    const seconds = atUsualLength.isTheirs ? (likely ?? exactly) : (exactly ?? likely);
    // A first guess is for one GPU. Several share a clip's passes, and leave windows to the first of them.
    const hasWindows = take !== null && take.windows > take.shots.length;
    const firstGuess = (work.firstGuessSecondsPerPass * passes * units) / (hasWindows ? 1 : exact.gpus);
    return { seconds: seconds ?? firstGuess, guess: true };
  };

  return {
    async accept(draft, admission) {
      const { level, generation } = await ledger.accept(draft, admission);
      const { id, request, status } = generation;
      if (status !== 'queued') return generation;
      try {
        await tickets.addGeneration(id, request.model, level);
        await ledger.settle(id, request.model);
      } catch (error) {
        // It is accepted: nobody may be told otherwise now. `reconcile` adds what is missing.
        log.warn({ generationId: id, error: String(error) }, 'accepted, and its job is not added yet');
      }
      return generation;
    },
    requireAcceptable: (draft, admission) => ledger.requireAcceptable(draft, admission),
    get: (id) => ledger.get(id),
    byMessage: (messageId) => ledger.byMessage(messageId),
    wasMessage: (messageId) => ledger.wasMessage(messageId),
    async noteCopy(id, { channelId, messageId }) {
      const name = names.copiesOf(id);
      await connection.multi().sadd(name, `${channelId}:${messageId}`).pexpire(name, recordRetention).exec();
    },
    async copies(id) {
      return (await connection.smembers(names.copiesOf(id))).map((copy) => {
        const [channelId = '', messageId = ''] = copy.split(':');
        return { channelId, messageId };
      });
    },
    updateReply: (id, change) => ledger.updateReply(id, change),
    position: (id) => ledger.position(id),
    order: (ids) => ledger.order(ids),
    forecast: (userId, model, costSeconds, options) => ledger.forecast(userId, model, costSeconds, options),
    estimate,
    estimateSeconds: async (work) => (await estimate(work)).seconds,
    async cancel(id, reason) {
      const outcome = await ledger.cancel(id, reason);
      if (outcome === 'cancelled') {
        const generation = await ledger.get(id);
        if (generation !== null) await tickets.removeGeneration(id, generation.request.model);
        if (await ledger.awaitsDelivery(id)) await tickets.addDelivery(id);
      }
      return outcome;
    },
    async abandon(id, reason) {
      if (await ledger.abandon(id, reason)) await tickets.hurryDelivery(id);
    },
    list: (filter) => listGenerations(parts, names, filter),
    endedSince: (since) => endedSince(parts, names, since),
    markResult: (id, mark) => ledger.markResult(id, mark),
    async claim(key, milliseconds, claimant) {
      const name = names.claim(key);
      if ((await connection.set(name, claimant ?? '', 'PX', milliseconds, 'NX')) === 'OK') return true;
      return claimant !== undefined && (await connection.get(name)) === claimant;
    },
    async unclaim(key) {
      await connection.del(names.claim(key));
    },
    countWaiting: (userId, where) => ledger.countWaiting(userId, where),
    async watch(listener) {
      return track(await watchGenerations({ server, names, ledger, connection, listener, log }));
    },
    async consumeDeliveries(deliver, options) {
      const own = openConnection(server, 'worker', log);
      const consumer = consumeDeliveries({
        connection: own,
        names,
        deliver,
        lockDuration,
        log,
        // Marking a delivery as done waits for Redis: the message already stands in Discord.
        ledger: new Ledger(own, names),
        concurrency: options?.concurrency ?? 4,
      });
      const timer = setInterval(() => {
        void reconcileQuietly(parts);
      }, reconcileInterval);
      return track({
        async close() {
          clearInterval(timer);
          await consumer.close();
          closeConnection(own);
        },
      });
    },
    reconcile: () => reconcile(parts),
    async forget(generation) {
      await removeRecords(connection, names, [generation]);
    },
    findMark: (payload) => new Marks(connection, names).find(payload),
    markOf: (generationId) => new Marks(connection, names).register(generationId),
    ownMarks: () => new Marks(connection, names).own(),
    signers: () => new Signers(connection, names).all(),
    async keepMessageKey(key) {
      await connection.sadd(names.messageKeys, key);
      return connection.smembers(names.messageKeys);
    },
    depth: () => readDepth(connection, names, Date.now()),
    server: () => readServer(connection),
    async health() {
      await requireWritable(connection, names);
      await tickets.ready();
    },
    async close() {
      await Promise.all([...open].map((closable) => closable.close()));
      await tickets.close().catch(() => undefined);
      closeConnection(connection);
    },
  };
}

async function reconcileQuietly(parts: Parameters<typeof reconcile>[0]): Promise<void> {
  try {
    const done = await reconcile(parts);
    if (done.requeued + done.redelivered + done.failed > 0) parts.log.info(done, 'records and jobs compared');
  } catch (error) {
    parts.log.warn({ error: String(error) }, 'records and jobs could not be compared');
  }
}
