import { z } from 'zod';
import { shapeSchema } from '../../config/generate.ts';
import {
  generationIdSchema,
  generationRequestSchema,
  lineageSchema,
  modeSchema,
} from '../../queue/contract/generation.ts';
import { cleanSchema } from '../../intake/clean.ts';
import type { GivenFiles } from '../../intake/intake.ts';
import type { Choices } from '../../intake/request.ts';
import type { Wish } from './ask.ts';

/** A wish as it waits in Redis for a word of the person's, so that nothing has to be typed again. */

const file = z.strictObject({ option: z.string(), url: z.url(), size: z.number() });
const stored = z.strictObject({
  option: z.string(),
  stored: z.string(),
  seconds: z.number().positive().optional(),
});
const sound = generationRequestSchema.pick({
  ...{ audio: true, soundtrack: true, originalAudio: true, audioWindow: true, frames: true, speech: true },
});
const words = z.strictObject({
  words: z.string(),
  voice: z.string().nullable(),
  language: z.string().nullable(),
  locale: z.string(),
});

// Each names every field that there is, or does not compile: what it left out would be lost without a word.
const choices = {
  prompt: z.string(),
  mode: modeSchema,
  preset: z.string(),
  shape: shapeSchema,
  seed: z.number(),
  clean: cleanSchema.optional(),
  negativePrompt: z.string().optional(),
  scales: z.strictObject({ audio: z.number().optional(), text: z.number().optional() }).optional(),
} satisfies Record<keyof Choices, z.ZodType>;
const files = {
  images: z.union([z.array(z.union([file, stored])), z.strictObject({ kept: z.array(z.string()) })]),
  audio: z.union([file, stored, z.strictObject({ kept: sound }), words]).nullable(),
  audioStart: z.number(),
  audioEnd: z.number().nullish(),
  seconds: z.number().nullish(),
} satisfies Record<keyof GivenFiles, z.ZodType>;

const wishSchema = z.strictObject({
  // Commands hand in more than that: what they read beside it.
  choices: z.object(choices),
  files: z.strictObject(files),
  private: z.boolean(),
  parent: z.strictObject({ id: generationIdSchema, lineage: lineageSchema }).optional(),
} satisfies Record<keyof Wish, z.ZodType>);

const waitingSchema = z.strictObject({
  version: z.literal(1),
  wish: wishSchema,
  /** of the interaction that the question answered; null: it stands in a channel */
  token: z.string().nullable(),
  /** of the question, as they read it; older ones did not say */
  wording: z.string().max(32).default(''),
});
export interface WaitingWish {
  readonly wish: Wish;
  readonly token: string | null;
  readonly wording: string;
}

export function writeWish(waiting: WaitingWish): string {
  return JSON.stringify(waitingSchema.parse({ version: 1, ...waiting }));
}

export function readWish(text: string): WaitingWish {
  return waitingSchema.parse(JSON.parse(text));
}
