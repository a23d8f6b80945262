import { z } from 'zod';
import { modelIdSchema } from '../../config/model-id.ts';
import { day } from '../../units.ts';
import { generationIdSchema } from '../contract/generation.ts';
import type { Moderation, WorkerState } from './moderation.ts';
import type { Stored } from './stored.ts';

/** What a worker says about itself; see `jobs/heartbeat.ts`. */
const machineSchema = z.object({
  models: z.array(modelIdSchema),
  device: z.string().nullable().default(null),
  generation: generationIdSchema.nullable().default(null),
  at: z.number().int(),
});

/** The machines at work. */
export function createWorkers({ connection, names }: Stored): Pick<Moderation, 'workers'> {
  return {
    async workers(): Promise<WorkerState[]> {
      const { machines } = names;
      const states: WorkerState[] = [];
      for (const [id, text] of Object.entries(await connection.hgetall(machines))) {
        const said = machineSchema.safeParse(JSON.parse(text));
        if (!said.success) continue;
        const { models, device, generation, at } = said.data;
        const alive = (await connection.exists(names.worker(id))) === 1;
        if (!alive && at < Date.now() - day) {
          await connection.hdel(machines, id);
          continue;
        }
        const runningId = alive ? generation : null;
        states.push({ id, models, device, runningId, lastSeenAt: at, alive });
      }
      return states.sort((left, right) => left.id.localeCompare(right.id));
    },
  };
}
