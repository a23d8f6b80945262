import { Queue } from 'bullmq';
import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { closeConnection, errorTeller, openConnection } from './redis/connection.ts';
import { createNames } from './redis/names.ts';
import { allModels } from './order/tickets.ts';

/** BullMQ's queues for a board that shows them, on a connection of its own. */
export function createBoardQueues(
  config: CommonConfig,
  log: Logger,
): { readonly queues: readonly Queue[]; close(): Promise<void> } {
  const names = createNames(config.redis.prefix);
  const connection = openConnection(config.redis, 'producer', log);
  const queues = [...allModels.map((model) => names.generations(model)), names.deliveries].map((name) => {
    const queue = new Queue(name, { connection, prefix: names.prefix });
    queue.on('error', errorTeller(log, 'queue connection', { queue: name }));
    return queue;
  });
  return {
    queues,
    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
      closeConnection(connection);
    },
  };
}
