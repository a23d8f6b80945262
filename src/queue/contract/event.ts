import { z } from 'zod';
import { generationIdSchema, progressSchema, statusSchema } from './generation.ts';
import type { GenerationEvent } from './generation.ts';

/** What the transitions publish; see `lua/shared/records.lua`. */
const eventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status'), id: generationIdSchema, status: statusSchema }),
  z.strictObject({ kind: z.literal('progress'), id: generationIdSchema, progress: progressSchema }),
]);

/** @returns null for what this version does not understand: another version may publish on the same channel */
export function parseEvent(message: string): GenerationEvent | null {
  try {
    return eventSchema.safeParse(JSON.parse(message)).data ?? null;
  } catch {
    return null;
  }
}
