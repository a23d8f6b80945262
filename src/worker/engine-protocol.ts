import { z } from 'zod';
import { modelIdSchema } from '../config/model-id.ts';
import type { Shortcuts } from '../config/shortcuts.ts';
import { isMeasured } from '../finite-number.ts';

/** The version of the line protocol that this worker speaks. */
export const protocolVersion = 1;

/** What the engine is asked to make. Paths are absolute and lie in the job's scratch folder. */
export interface EngineRequest extends Shortcuts {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly mode: string;
  readonly images: readonly string[];
  readonly audio?: string;
  readonly model: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly steps: number;
  readonly shift: number;
  readonly scales: { readonly audio: number; readonly text: number; readonly image?: number | undefined };
  readonly seed: number;
  readonly preview: boolean;
  readonly vocals: boolean | 'auto';
  /** the frame of the sound at which the clip begins; its beginning without */
  readonly audioOffset?: number;
  /** frames leave in pieces while the rest is decoded */
  readonly pieces?: boolean;
}

/** To the engine, one JSON object per line. */
export type EngineMessage =
  | {
      readonly type: 'generate';
      readonly id: string;
      readonly request: EngineRequest;
      readonly outputDir: string;
    }
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'shutdown' };

const count = z.number().int().nonnegative();
/** What was measured and is no number, or below zero, is not known: nobody loses a video for it. */
const measured = z.unknown().transform((value) => (isMeasured(value) ? value : null));

// Fields that are not named here pass: a newer engine of the same protocol version may say more.
const readySchema = z.object({
  type: z.literal('ready'),
  protocol: z.number().int(),
  models: z.array(modelIdSchema).min(1),
  device: z.string(),
  torch: z.string(),
  weights: z.enum(['official', 'mini', 'random']),
  /** what it can do beyond the first form of this version */
  features: z.array(z.string()).optional(),
  /** that make each clip together; not said by an engine of one */
  gpus: z.number().int().min(1).optional(),
});
const framesSchema = z.object({
  type: z.literal('frames'),
  id: z.string(),
  path: z.string().min(1),
  first: count,
  count: z.number().int().positive(),
});
const progressSchema = z.object({
  type: z.literal('progress'),
  id: z.string(),
  stage: z.enum(['encode', 'denoise', 'decode']),
  step: count,
  steps: count,
  secondsPerStep: measured.optional(),
  etaSeconds: measured.optional(),
});
const previewSchema = z.object({
  type: z.literal('preview'),
  id: z.string(),
  path: z.string().min(1),
  step: count,
});
const doneSchema = z.object({
  type: z.literal('done'),
  id: z.string(),
  frames: z.object({
    /** absent where they have left in pieces */
    path: z.string().min(1).optional(),
    pixelFormat: z.literal('rgb24'),
    width: z.number().int().positive(),
    height: z.number().int().positive(),
    fps: z.number().positive(),
    count: z.number().int().positive(),
  }),
  /** by stage */
  seconds: z
    .record(z.string(), z.unknown())
    .transform((stages) =>
      Object.fromEntries(
        Object.entries(stages).flatMap(([stage, value]) => (isMeasured(value) ? [[stage, value]] : [])),
      ),
    )
    .pipe(z.record(z.string(), z.number())),
  peakGiB: measured.optional(),
  /** music and noise were taken out of the sound before it was listened to */
  isVoiceAlone: z.boolean().optional(),
  spared: z.object({ passes: count, gatedPasses: count, cachedSteps: count }).optional(),
  seed: z.number().int(),
});
const failedSchema = z.object({
  type: z.literal('failed'),
  /** absent when the engine could not read the line, or cannot start at all */
  id: z.string().nullish(),
  code: z.string(),
  message: z.string(),
});

const eventSchema = z.discriminatedUnion('type', [
  readySchema,
  progressSchema,
  previewSchema,
  framesSchema,
  doneSchema,
  failedSchema,
]);
export type EngineEvent = z.infer<typeof eventSchema>;
export type EngineReady = z.infer<typeof readySchema>;
export type EngineProgress = z.infer<typeof progressSchema>;
export type EnginePreview = z.infer<typeof previewSchema>;
export type EngineFrames = z.infer<typeof framesSchema>;
export type EngineDone = z.infer<typeof doneSchema>;
export type EngineFailed = z.infer<typeof failedSchema>;

/** A line of the engine's output that is not an event of this protocol. */
export interface Unreadable {
  readonly type: 'unreadable';
  /** a JSON object with a `type`: the engine meant something. Otherwise a library printed where it should not. */
  readonly meant: string | null;
  /** paths of the fields that are wrong, never their values */
  readonly problems: readonly string[];
}

/** Reads one line of the engine's output. Never throws. */
export function parseEngineLine(line: string): EngineEvent | Unreadable {
  const value = parsePython(line);
  if (value === undefined) return { type: 'unreadable', meant: null, problems: ['not JSON'] };
  const parsed = eventSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const meant =
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
      ? value.type
      : null;
  return {
    type: 'unreadable',
    meant,
    problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`),
  };
}

/** Python writes numbers that are none as no JSON has them. @returns undefined for what is no JSON all the same */
function parsePython(line: string): unknown {
  for (const text of [line, line.replaceAll(/(?<=[:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, 'null')]) {
    try {
      return JSON.parse(text);
    } catch {
      // The second time it is none.
    }
  }
  return undefined;
}
