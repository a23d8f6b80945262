import { z } from 'zod';
import type { ModelId } from './model-id.ts';

const share = z.number().min(0).max(1);
const text = z.string().regex(/\S/, 'must not be empty').max(500);

/** A LoRA: a file, relative to the weights folder unless absolute, and how strongly it counts. */
const loraSchema = z.strictObject({ file: text, strength: z.number().min(-10).max(10).default(1) });

/**
 * How a video is made with less work than the published procedure does. What is absent is as published; the engine's README describes
 * each. Keys of a preset in `generate.yaml`, and part of a stored request.
 */
export const shortcutsSchema = z.strictObject({
  /** `lcm` is for LoRAs that were distilled to few steps */
  sampler: z.enum(['unipc', 'lcm']).optional(),
  /** which passes a step makes: as published, those that tell what the sound does, or one */
  guidance: z.enum(['full', 'audio', 'none']).optional(),
  /** from these shares of the steps on, what the text or the sound does is kept, not computed */
  gating: z.strictObject({ text: share.default(1), audio: share.default(1) }).optional(),
  /** steps are skipped whose velocity changes by less than `threshold`, at most `inARow` one after another */
  caching: z
    .strictObject({ threshold: share, inARow: z.number().int().min(1).max(200).default(1) })
    .optional(),
  /** scales what the video takes from the sound; 1 is as the model was trained */
  audioStrength: z.number().min(0).max(4).optional(),
  /** fused into the weights, in this order */
  loras: z.array(loraSchema).max(8).optional(),
});
export type Shortcuts = z.infer<typeof shortcutsSchema>;

/** What gating and caching came to: passes that were made, passes that gating left out, steps that caching skipped. */
export const sparedSchema = z.strictObject({
  passes: z.number().int().nonnegative(),
  gatedPasses: z.number().int().nonnegative(),
  cachedSteps: z.number().int().nonnegative(),
});
export type Spared = z.infer<typeof sparedSchema>;

/** What several parts of one video came to together; undefined where none of them says anything. */
export function sumOfSpared(parts: readonly (Spared | undefined)[]): Spared | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length === 0) return undefined;
  const sum = (name: keyof Spared) => known.reduce((total, part) => total + part[name], 0);
  return { passes: sum('passes'), gatedPasses: sum('gatedPasses'), cachedSteps: sum('cachedSteps') };
}

/** What a generation is given: text, image and audio. */
export type GivenInputs = 'TIA' | 'TA' | 'TI';

/**
 * Forward passes of one step: those of the engine's guidance table, less what gating leaves out on average. What caching will skip
 * shows only while it runs.
 *
 * @param ofAll passes of a step of the published procedure that is given everything: `passes` in `generate.yaml`
 */
export function passesOfStep(
  model: ModelId,
  mode: GivenInputs,
  ofAll: number,
  { guidance = 'full', gating }: Shortcuts = {},
): number {
  const hearsTwice = mode !== 'TI' && guidance !== 'none';
  const gated =
    (guidance === 'full' ? 1 - (gating?.text ?? 1) : 0) + (hearsTwice ? 1 - (gating?.audio ?? 1) : 0);
  if (guidance !== 'full') return (hearsTwice ? 2 : 1) - gated;
  // Without an image 17B makes as many, and 1.7B saves the pass that drops it; without sound both save the one that drops that.
  const saves = mode === 'TI' || (mode === 'TA' && model === '1_7b');
  return (saves ? ofAll - 1 : ofAll) - gated;
}
