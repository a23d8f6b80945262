import type { CommonConfig } from '../../config/environment.ts';
import { passesOfStep } from '../../config/shortcuts.ts';
import type { Logger } from '../../log.ts';
import { closeConnection, openConnection, requireWritable } from '../redis/connection.ts';
import { Consumer } from './consumer.ts';
import { Marks } from '../provenance/marks.ts';
import { createNames } from '../redis/names.ts';
import type { WorkQueue } from '../interfaces.ts';
import { Signers } from '../provenance/signers.ts';

/** Connects a worker to the queue. Commands wait for Redis to come back: a finished video is not dropped for an outage. */
export function createWorkQueue(config: CommonConfig, log: Logger): WorkQueue {
  const names = createNames(config.redis.prefix);
  const probe = openConnection(config.redis, 'producer', log);
  const consumers = new Set<Consumer>();
  return {
    async consume(options) {
      const consumer = await Consumer.start({
        server: config.redis,
        names,
        lockDuration: config.redis.lockSeconds * 1000,
        passesOf: ({ model, mode, shortcuts }) =>
          passesOfStep(model, mode, config.generate.models[model].passes, shortcuts),
        log,
        ...options,
        prepare: options.prepare ?? (async () => undefined),
        recall: options.recall ?? (async () => null),
        describe: options.describe ?? (() => ({})),
        machine: options.machine ?? (() => null),
      });
      consumers.add(consumer);
      return consumer;
    },
    markOf: (generationId) => new Marks(probe, names).register(generationId),
    registerSigner: (chain) => new Signers(probe, names).register(chain),
    async health() {
      await requireWritable(probe, names);
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.close()));
      closeConnection(probe);
    },
  };
}
