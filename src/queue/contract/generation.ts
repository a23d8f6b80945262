import { z } from 'zod';
import { storedSnowflakeSchema } from '../../snowflake.ts';
import { shapeSchema } from '../../config/generate.ts';
import { modelIdSchema } from '../../config/model-id.ts';
import { shortcutsSchema, sparedSchema } from '../../config/shortcuts.ts';
import { failureCodes } from '../../failure.ts';
import { defaultLabelStyle, labelSchema } from '../../marking/label.ts';
import type { Label } from '../../marking/label.ts';
import { takeSchema } from './take.ts';

/** Version of the stored request, record and result. A record of another version is refused, never guessed at. */
export const contractVersion = 1;

const version = z.literal(contractVersion);
const artifactKey = z.string().min(1).max(200);
/** milliseconds since 1970 */
const timestamp = z.number().int().nonnegative();

/** A ULID: sortable by time, and never all digits, which BullMQ refuses as part of a job id in some places. */
export const generationIdSchema = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);

/** What drives the face: text + image + audio, text + audio, or text + image. */
export const modeSchema = z.enum(['TIA', 'TA', 'TI']);
export type Mode = z.infer<typeof modeSchema>;

/** What to generate. Everything the engine and the encoder need, and nothing of Discord but the upload limit. */
export const generationRequestSchema = z.strictObject({
  version,
  mode: modeSchema,
  prompt: z.string().min(1).max(4000),
  negativePrompt: z.string().max(4000),
  /** artifact keys of normalised PNG images, in order */
  images: z.array(artifactKey).max(4),
  /** artifact key of the 16 kHz mono WAV of exactly the chosen window */
  audio: artifactKey.nullable(),
  /** artifact key of the chosen window in full quality, for the sound track */
  soundtrack: artifactKey.nullable(),
  /** artifact key of the sound as it was given, so that another part of it can be used; null without, and in older records */
  originalAudio: artifactKey.nullable().default(null),
  /** seconds of the person's file that are used; null without audio */
  audioWindow: z
    .strictObject({ startSeconds: z.number(), endSeconds: z.number(), sourceSeconds: z.number() })
    .nullable(),
  /**
   * Words that a voice says; null where the sound was given. `spoken` is who said them in which language: null while nobody has, and
   * then `audio` is null, too, and the worker that makes the video says them.
   */
  speech: z
    .strictObject({
      text: z.string().min(1).max(1000),
      voice: z.string().max(32).nullable(),
      language: z.string().max(8).nullable(),
      spoken: z.strictObject({ voice: z.string(), language: z.string() }).nullable(),
    })
    .nullable()
    .default(null),
  preset: z.string(),
  shape: shapeSchema,
  model: modelIdSchema,
  width: z.number().int(),
  height: z.number().int(),
  frames: z.number().int(),
  /** how it is made where the model does not see all of it at once; null: it does */
  take: takeSchema.nullable().default(null),
  steps: z.number().int(),
  shift: z.number(),
  scales: z.strictObject({ audio: z.number(), text: z.number(), image: z.number().optional() }),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** what is done otherwise than published; absent, as in older records: nothing */
  shortcuts: shortcutsSchema.optional(),
  /** the voice alone is listened to; `auto`: where there is music */
  vocals: z.union([z.boolean(), z.literal('auto')]).default(false),
  /** words in a corner of the video; null: none, by choice of the deployment's owners; absent in older records */
  label: labelSchema.nullable().optional(),
  /** the largest file that the channel takes, in bytes: the video is compressed to fit it */
  limitBytes: z.number().int().positive(),
});
export type GenerationRequest = z.infer<typeof generationRequestSchema>;

/** What stands in a corner of the video. A request from before there were labels has the usual one. */
export function labelOf({ label }: Pick<GenerationRequest, 'label'>): Label | null {
  return label === undefined ? { ...defaultLabelStyle, language: 'en' } : label;
}

/**
 * Where answers go.
 *
 * - `channel`: the bot can post in the channel; the status message is edited, and the result posted, as the bot.
 * - `direct`: the bot cannot post there, or the request is private and may outlive the interaction: the result goes to the
 *   person's direct messages once the interaction token is dead.
 * - `api`: nobody is written to. The record is all there is: a generation is delivered in the moment its result is stored, and
 *   whoever asked for it fetches the video. Every field about Discord is null.
 */
export const replyTargetSchema = z
  .strictObject({
    kind: z.enum(['channel', 'direct', 'api']),
    /** the channel of the command; null for `api` alone */
    channelId: storedSnowflakeSchema.nullable(),
    guildId: storedSnowflakeSchema.nullable(),
    /** only the person sees the answers */
    private: z.boolean(),
    /** usable until `tokenExpiresAt`; the only way to edit an ephemeral answer */
    interactionToken: z.string().nullable(),
    tokenExpiresAt: timestamp.nullable(),
    /** channel of the status message: `channelId`, or the direct-message channel */
    statusMessageId: storedSnowflakeSchema.nullable(),
    /** set when a result or a failure has been posted */
    finalChannelId: storedSnowflakeSchema.nullable(),
    finalMessageId: storedSnowflakeSchema.nullable(),
    /** what was posted there is a smaller copy that the bot made, which has no key: it carries no signature */
    finalIsSmaller: z.boolean().optional(),
  })
  .refine(({ kind, channelId }) => (kind === 'api') === (channelId === null), {
    path: ['channelId'],
    error: 'belongs to everything but api',
  });
export type ReplyTarget = z.infer<typeof replyTargetSchema>;

/** The reply target of whatever was asked for over HTTP. */
export const apiReply: ReplyTarget = {
  kind: 'api',
  channelId: null,
  guildId: null,
  private: true,
  interactionToken: null,
  tokenExpiresAt: null,
  statusMessageId: null,
  finalChannelId: null,
  finalMessageId: null,
};

export const statusSchema = z.enum(['queued', 'running', 'delivering', 'delivered', 'failed', 'cancelled']);
export type GenerationStatus = z.infer<typeof statusSchema>;

/** Whether a worker has it, or may still get it. */
export function isOpen({ status }: { readonly status: GenerationStatus }): boolean {
  return status === 'queued' || status === 'running';
}

/** Whether nothing more becomes of it: neither made nor delivered any more. */
export function hasEnded({ status }: { readonly status: GenerationStatus }): boolean {
  return status === 'delivered' || status === 'failed' || status === 'cancelled';
}

export const progressSchema = z.strictObject({
  stage: z.enum(['prepare', 'encode', 'denoise', 'decode', 'compress']),
  step: z.number().int().nonnegative(),
  steps: z.number().int().nonnegative(),
  /** of the engine's work; null while it is not known */
  etaSeconds: z.number().nonnegative().nullable(),
  /** artifact key of the newest preview, a JPEG */
  preview: artifactKey.nullable(),
  /** which shot of how many, from 1; absent for a single take */
  shot: z.strictObject({ number: z.number().int().positive(), of: z.number().int().positive() }).optional(),
});
export type GenerationProgress = z.infer<typeof progressSchema>;

/** By what a video can be told to be made with AI. What is false is missing from it: by choice, or because it is older. */
export const markingSchema = z.strictObject({
  /** words in a corner of the picture */
  label: z.boolean(),
  /** an invisible mark in the pixels */
  watermark: z.boolean(),
  /** a C2PA manifest in the file */
  signature: z.boolean(),
});
export type Marking = z.infer<typeof markingSchema>;

export const generationResultSchema = z.strictObject({
  version,
  /** artifact key of the MP4 */
  video: artifactKey,
  bytes: z.number().int().positive(),
  width: z.number().int(),
  height: z.number().int(),
  /** length of the video */
  seconds: z.number().positive(),
  /** the video was made smaller than asked for so that it fits `limitBytes` */
  downscaled: z.boolean(),
  weights: z.enum(['official', 'mini', 'random']),
  seed: z.number().int(),
  /** GPU time: from the request to the engine to its last frame */
  engineSeconds: z.number().nonnegative(),
  encodeSeconds: z.number().nonnegative(),
  peakGiB: z.number().nonnegative().nullable(),
  /** what the engine left out, and how many passes it made; absent where nothing was to be left out, and in older records */
  spared: sparedSchema.optional(),
  /** `alone`: music and noise were taken out before HuMo listened; `not_isolated`: so it was wished, and this worker cannot */
  voice: z.enum(['alone', 'not_isolated']).optional(),
  /** absent in results from before it was noted */
  marking: markingSchema.optional(),
  /** what could have been better, as identifiers of texts */
  warnings: z.array(z.string()).default([]),
});
export type GenerationResult = z.infer<typeof generationResultSchema>;

export const storedFailureSchema = z.strictObject({
  code: z.enum(failureCodes),
  identifier: z.string(),
  context: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type StoredFailure = z.infer<typeof storedFailureSchema>;

/** What a person changed against the generation that they ran again. Long texts are not repeated here. */
export const changeSchema = z.strictObject({
  what: z.enum(['seed', 'preset', 'shape', 'prompt', 'audio_start', 'images', 'audio', 'speech']),
  from: z.string().max(100).nullable(),
  to: z.string().max(100).nullable(),
});
export type Change = z.infer<typeof changeSchema>;

/** The first one, and the latest. */
export const mostAncestors = 40;

/** Where a generation comes from that was made by running another one again. */
export const lineageSchema = z.strictObject({
  /** the parent's final message, while it had one */
  parentMessage: z
    .strictObject({
      guildId: storedSnowflakeSchema.nullable(),
      channelId: storedSnowflakeSchema,
      messageId: storedSnowflakeSchema,
    })
    .nullable(),
  changes: z.array(changeSchema).max(10),
  /**
   * what it comes from, oldest first, its parent last: whoever is erased in between leaves no gap. Not in records of earlier versions
   */
  ancestors: z.array(generationIdSchema).max(mostAncestors).optional(),
});
export type Lineage = z.infer<typeof lineageSchema>;

/** The record of one generation: the source of truth. Jobs carry only its id. */
export const generationSchema = z.strictObject({
  version,
  id: generationIdSchema,
  parentId: generationIdSchema.nullable(),
  lineage: lineageSchema.nullable(),
  userId: storedSnowflakeSchema,
  guildId: storedSnowflakeSchema.nullable(),
  /** BCP 47, as Discord names it, for every later message */
  locale: z.string(),
  status: statusSchema,
  request: generationRequestSchema,
  reply: replyTargetSchema,
  /** estimated GPU seconds, the cost in the fair share */
  costSeconds: z.number().positive(),
  /** how often a worker has taken it */
  attempts: z.number().int().nonnegative(),
  workerId: z.string().nullable(),
  progress: progressSchema.nullable(),
  result: generationResultSchema.nullable(),
  failure: storedFailureSchema.nullable(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  /** the engine and the encoder are done, or it failed or was cancelled */
  finishedAt: timestamp.nullable(),
  /** the final message stands in Discord, or, for `api`, the result can be fetched */
  deliveredAt: timestamp.nullable(),
  /** a member reported the result: it stands behind a spoiler */
  hiddenAt: timestamp.nullable(),
  /** the result's message was deleted, and its video with it */
  deletedAt: timestamp.nullable(),
});
export type Generation = z.infer<typeof generationSchema>;

/** What the bot knows when it accepts a request. */
export type NewGeneration = Pick<
  Generation,
  'id' | 'parentId' | 'userId' | 'guildId' | 'locale' | 'request' | 'reply' | 'costSeconds'
> & { readonly lineage?: Lineage | null | undefined };

export interface QueuePosition {
  /** 1 is next; 0 is running or done */
  readonly position: number;
  readonly waiting: number;
  /** milliseconds since 1970 */
  readonly expectedStartAt: number;
  readonly expectedEndAt: number;
  /** workers that take this model now; 0 means that nobody works and the expected start is a guess */
  readonly workers: number;
  /** why it cannot start now though it may be next: its guild is paused, or the deployment is; null: it can */
  readonly held: 'guild' | 'deployment' | null;
  /** when the pause that holds it ends by itself; null: when somebody resumes, or it is not held */
  readonly heldUntil: number | null;
  /** whether this deployment has measured such a clip; without, the lengths are first guesses */
  readonly measured: boolean;
  /**
   * The times are a guess: this deployment has not measured such a clip yet, nobody works, or a pause without an end holds it (then the
   * times say how it would be if it ended now).
   */
  readonly guess: boolean;
}

/** Something the bot may want to show. Sent for every change of status and, at most once a second, progress. */
export type GenerationEvent =
  | { readonly kind: 'status'; readonly id: string; readonly status: GenerationStatus }
  | { readonly kind: 'progress'; readonly id: string; readonly progress: GenerationProgress }
  /** its record is not there any more: it was erased, or Redis has lost it */
  | { readonly kind: 'gone'; readonly id: string };

/** What a generation comes from, oldest first, also where those are no longer on record. */
export function ancestorsOf({
  lineage,
  parentId,
}: Pick<Generation, 'lineage' | 'parentId'>): readonly string[] {
  return lineage?.ancestors ?? (parentId === null ? [] : [parentId]);
}
