import type { Redis } from 'ioredis';
import { z } from 'zod';
import { modelIdSchema } from '../../config/model-id.ts';
import type { ModelId } from '../../config/model-id.ts';
import type { Names } from './names.ts';
import { runScript } from './script.ts';

const reply = z.record(
  modelIdSchema,
  z.string().transform((lines) => lines.split('\n').filter((id) => id !== '')),
);

/** Ids of the workers that live and take each model, by Redis' clock. */
export async function aliveWorkers(
  connection: Redis,
  { prefix }: Pick<Names, 'prefix'>,
): Promise<Readonly<Record<ModelId, string[]>>> {
  return reply.parse(await runScript(connection, prefix, 'workers', {}));
}
