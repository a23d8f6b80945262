import { cleanSchema } from '../intake/clean.ts';
import { z } from 'zod';
import { shapeSchema } from '../config/generate.ts';
import { modelIdSchema } from '../config/model-id.ts';
import type { GenerateSettings } from '../config/generate.ts';
import {
  latestAudioStart,
  mostImages,
  promptCharacters,
  sayCharacters,
  scaleBounds,
  shortestVideo,
} from '../intake/bounds.ts';
import { audioLimits } from '../media/audio.ts';
import { voiceSchema } from '../queue/jobs/speech.ts';
import { meantPrompt } from '../intake/prompt.ts';
import {
  generationIdSchema,
  modeSchema,
  progressSchema,
  statusSchema,
} from '../queue/contract/generation.ts';

/** The shapes of the API. Its OpenAPI document is made from these, so descriptions stand here. */

const time = z.iso.datetime().meta({ description: 'UTC' });
const scale = z.number().min(scaleBounds.minimum).max(scaleBounds.maximum);
const size = z.object({ width: z.int(), height: z.int() }).meta({ description: 'In pixels.' });

/** What can be chosen for a video. Presets come from the settings, so the schemas do, too. */
function createChoices(settings: GenerateSettings) {
  return {
    prompt: z
      .string()
      .overwrite(meantPrompt)
      .min(1)
      .max(promptCharacters)
      .meta({ description: 'What is to be seen: the person, the place, what they do.' }),
    negativePrompt: z.string().overwrite(meantPrompt).max(promptCharacters).optional().meta({
      description: 'What is not to be seen. Without it, or empty, the words of this deployment.',
    }),
    preset: z.enum(settings.presetNames),
    shape: shapeSchema,
    seed: z.int().min(0).optional().meta({
      description: 'The same number with the same input gives the same video. Without it, one is drawn.',
    }),
    say: z.string().overwrite(meantPrompt).min(1).max(sayCharacters).optional().meta({
      description: 'Words that a voice says, instead of a file `audio`.',
    }),
    voice: voiceSchema.shape.name.optional().meta({
      description: 'Who says them: a name of `/v1/voices`. Without it, the first voice of the language.',
    }),
    language: voiceSchema.shape.language.optional().meta({
      description: 'The language of the words; without it, it is found from them.',
    }),
    audioStart: z
      .number()
      .min(0)
      .max(latestAudioStart)
      .optional()
      .meta({ description: 'Where in the sound to start, in seconds; only together with a sound.' }),
    audioEnd: z
      .number()
      .min(shortestVideo)
      .max(latestAudioStart)
      .optional()
      .meta({ description: 'Where in the sound to end, in seconds; without, at its end.' }),
    clean: cleanSchema.optional().meta({
      description:
        'Whether HuMo hears the voice alone, without music and noise; without, or `auto`, where there is music. The video keeps the sound as it is.',
    }),
    seconds: z.number().min(shortestVideo).max(settings.length.maximum).optional().meta({
      description:
        'How long the video is, above all without sound; with one, as long as the sound without it.',
    }),
    scales: z.strictObject({ audio: scale.optional(), text: scale.optional() }).optional().meta({
      description: 'How strongly sound and prompt guide the model; without them, as the model likes best.',
    }),
    webhook: z.url().max(2000).optional().meta({
      description:
        'An https address that is told when the generation has ended, as Standard Webhooks has it; `GET /v1/webhook-secret` checks its signature.',
    }),
  };
}

const agreed = z.boolean().default(false).meta({
  description:
    'That the person in the pictures and in the sound knows of it and agrees, and that the caller may use these files. Without it a request with a picture or a sound is refused (`not_agreed`, 422); words alone need none, nor does a dry run.',
});

/** The part `request` of a new generation. */
export function createOrderSchema(settings: GenerateSettings) {
  const { preset, shape, ...rest } = createChoices(settings);
  return z.strictObject({
    ...rest,
    preset: preset.default(settings.defaultPreset),
    shape: shape.default(settings.defaultShape),
    agreed,
  });
}
export type Order = z.output<ReturnType<typeof createOrderSchema>>;

/** An order whose files are only told of. */
export function createSketchSchema(settings: GenerateSettings) {
  return createOrderSchema(settings)
    .omit({ agreed: true })
    .extend({
      images: z
        .int()
        .min(0)
        .max(mostImages)
        .default(0)
        .meta({ description: 'How many pictures there will be.' }),
      audioSeconds: z
        .number()
        .positive()
        .max(audioLimits.seconds)
        .optional()
        .meta({ description: 'How long the sound is, as `POST /v1/sounds` counts it; none without.' }),
    });
}

/** What is different when a generation is run again. */
export function createChangesSchema(settings: GenerateSettings) {
  return changedChoices(settings)
    .nullish()
    .meta({ description: 'What is to be different; all else stays, but the seed.' });
}

export type Changes = NonNullable<z.output<ReturnType<typeof createChangesSchema>>>;

/** The part `request` where other files come along. */
export function createFormChangesSchema(settings: GenerateSettings) {
  return changedChoices(settings).extend({ agreed });
}

function changedChoices(settings: GenerateSettings) {
  const { prompt, preset, shape, ...rest } = createChoices(settings);
  return z.strictObject({
    ...rest,
    prompt: prompt.optional(),
    preset: preset.optional(),
    shape: shape.optional(),
  });
}

/** `true`: nothing is made, and the answer says what it would be. */
export const createQuery = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false').meta({
    description: '`true`: checks it all, answers with price and wait, and makes nothing.',
  }),
});

/** What is sent as it is, and not made of an object. */
export const streamed = z.any().meta({ type: 'string' });

export const idParameters = z.object({ id: generationIdSchema });

export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  before: generationIdSchema.optional().meta({ description: '`next` of the page before.' }),
  status: statusSchema.optional(),
  user: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional()
    .meta({ description: 'Only this person’s; for tokens with the scope `admin`, which see everybody’s.' }),
});

const note = z.object({ code: z.string(), message: z.string() });

export const generationViewSchema = z
  .object({
    id: generationIdSchema,
    status: statusSchema,
    userId: z.string(),
    parentId: generationIdSchema
      .nullable()
      .meta({ description: 'The generation that was run again; null: none was.' }),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    deletedAt: time.nullable().meta({ description: 'Its video was deleted, in Discord.' }),
    request: z.object({
      prompt: z.string(),
      negativePrompt: z
        .string()
        .nullable()
        .meta({ description: 'null: the words of this deployment, which are the model’s own.' }),
      mode: modeSchema.meta({ description: 'T: prompt, I: images, A: audio.' }),
      preset: z.string(),
      shape: shapeSchema,
      model: modelIdSchema,
      images: z.int(),
      width: z.int(),
      height: z.int(),
      frames: z.int(),
      seconds: z.number(),
      steps: z.int(),
      seed: z.int(),
      scales: z.object({ audio: z.number(), text: z.number(), image: z.number().optional() }),
      audio: z
        .object({ startSeconds: z.number(), endSeconds: z.number(), sourceSeconds: z.number() })
        .nullable()
        .meta({ description: 'The seconds of the sound that are used.' }),
      take: z
        .object({ shots: z.array(z.number()), windows: z.int() })
        .nullable()
        .meta({
          description:
            'How it is made where it is longer than the model sees at once: the seconds of each shot, one for a continuous take, and the windows of all.',
        }),
      speech: z
        .object({ text: z.string(), voice: z.string().nullable(), language: z.string().nullable() })
        .nullable()
        .meta({
          description: 'Words that are said, and who says them: null while nobody has said them yet.',
        }),
    }),
    gpuSeconds: z.number().meta({ description: 'What it is expected to take on the GPU.' }),
    position: z
      .object({
        position: z.int().meta({ description: '1 is next.' }),
        waiting: z.int(),
        expectedStartAt: time,
        expectedEndAt: time,
        workers: z.int().meta({ description: '0: no machine is at work, and the times are guesses.' }),
        guess: z.boolean().meta({ description: 'Whether the times are guesses.' }),
        held: z
          .object({
            by: z.enum(['guild', 'deployment']).meta({
              description: '`guild`: the Discord server that it was asked for in; `deployment`: everything.',
            }),
            until: time.nullable().meta({ description: 'null: until somebody ends the pause.' }),
            reason: z.string().nullable(),
          })
          .nullable()
          .meta({ description: 'A pause that keeps it from starting.' }),
      })
      .nullable()
      .meta({ description: 'While it waits.' }),
    progress: progressSchema
      .omit({ preview: true })
      .extend({ preview: z.boolean().meta({ description: 'Whether there is a picture to fetch.' }) })
      .nullable()
      .meta({ description: 'While it runs.' }),
    result: z
      .object({
        bytes: z.int(),
        width: z.int(),
        height: z.int(),
        seconds: z.number(),
        downscaled: z.boolean(),
        weights: z.enum(['official', 'mini', 'random']),
        seed: z.int(),
        engineSeconds: z.number(),
      })
      .nullable()
      .meta({ description: 'The video is there.' }),
    failure: note.nullable(),
    maintenance: z
      .string()
      .nullable()
      .meta({ description: 'What the people who run this want to be known, while it waits or runs.' }),
    links: z.object({
      self: z.string(),
      events: z.string(),
      video: z.string().nullable(),
      preview: z.string().nullable(),
      thumbnail: z.string().nullable(),
    }),
  })
  .meta({ id: 'Generation' });
export type GenerationView = z.infer<typeof generationViewSchema>;

const advice = z
  .array(note)
  .meta({ description: 'What could be better next time, and what it waits for when no machine is there.' });

/** What a dry run answers. */
export const estimateSchema = generationViewSchema
  .pick({ request: true, gpuSeconds: true })
  .extend({ position: generationViewSchema.shape.position.unwrap(), advice })
  .meta({ id: 'Estimate' });

/** What is heard in a sound. */
export const soundSchema = z
  .object({
    seconds: z.number().meta({ description: 'How long it is, counted.' }),
    peaks: z.array(z.number().min(0).max(1)).meta({
      description: 'The loudest moment of each of as many equal parts, 0 to 1: to draw it.',
    }),
    advice,
  })
  .meta({ id: 'Sound' });

export const webhookSecretSchema = z
  .object({
    secret: z.string().meta({ description: 'Of this token, as the libraries of Standard Webhooks take it.' }),
  })
  .meta({ id: 'WebhookSecret' });

/** What a webhook is sent. */
export const webhookMessageSchema = z
  .object({
    type: z.enum(['generation.delivered', 'generation.failed', 'generation.cancelled']),
    timestamp: time.meta({ description: 'When it ended, UTC.' }),
    data: generationViewSchema,
  })
  .meta({ id: 'WebhookMessage' });
export type WebhookMessage = z.infer<typeof webhookMessageSchema>;

/** Of the operations that are carried out once for each key. */
export const onceHeaders = z.object({
  'idempotency-key': z.string().optional().meta({
    description:
      'Whoever asks again within 24 hours with the same key and the same request gets the same answer.',
  }),
});

export const acceptedSchema = generationViewSchema.extend({ advice }).meta({ id: 'AcceptedGeneration' });

export const pageSchema = z
  .object({
    items: z.array(generationViewSchema),
    next: generationIdSchema.nullable().meta({ description: 'Give it as `before`; null on the last page.' }),
  })
  .meta({ id: 'GenerationPage' });

export const cancelledSchema = z
  .object({
    outcome: z.enum(['cancelled', 'signalled']).meta({
      description: '`cancelled`: it never ran. `signalled`: it stops before its next step.',
    }),
  })
  .meta({ id: 'Cancelled' });

export const voicesSchema = z
  .object({ voices: z.array(voiceSchema.meta({ id: 'Voice' })) })
  .meta({ id: 'Voices' });

export const presetsSchema = z
  .object({
    profile: z.string(),
    weights: z.enum(['official', 'mini', 'random']),
    fps: z.number(),
    frames: z.object({ default: z.int(), minimum: z.int(), maximum: z.int() }),
    length: z
      .object({ default: z.number(), maximum: z.number() })
      .meta({ description: 'Seconds of a video: unless an owner allows otherwise, and at all.' }),
    defaultPreset: z.string(),
    defaultShape: shapeSchema,
    presets: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        description: z.string(),
        model: modelIdSchema,
        steps: z.int(),
        scales: z.object({ audio: z.number(), text: z.number(), image: z.number().optional() }),
        sizes: z.object({ landscape: size, portrait: size, square: size }),
      }),
    ),
    models: z.array(z.object({ id: modelIdSchema, title: z.string(), parameters: z.int() })),
    limits: z.object({
      promptCharacters: z.int(),
      negativePromptCharacters: z.int(),
      requestBytes: z.int().meta({ description: 'Of the part `request`.' }),
      uploadBytes: z.int().meta({ description: 'Of a whole form.' }),
      bodyBytes: z.int().meta({ description: 'Of a body that is no form.' }),
      sayCharacters: z.int(),
      images: z.int(),
      imageBytes: z.int(),
      imagePixels: z.int(),
      imageSide: z.int().meta({ description: 'The longer side, in pixels.' }),
      audioBytes: z.int(),
      audioSeconds: z.int(),
      scales: z.object({ minimum: z.number(), maximum: z.number() }),
      seconds: z.object({ minimum: z.number(), maximum: z.number() }).meta({ description: 'Of a video.' }),
      seed: z.object({ minimum: z.int(), maximum: z.int() }),
      waiting: z.int().meta({ description: 'Generations that one person may have waiting or running.' }),
      requestsPerMinute: z.int(),
    }),
  })
  .meta({ id: 'Presets' });

const code = z.string();

export const verdictSchema = z
  .object({
    origin: z.enum(['here', 'elsewhere', 'unknown']).meta({
      description:
        '`here`: this deployment made it. `elsewhere`: its marks name something else. `unknown`: nothing can be said, which proves nothing.',
    }),
    changed: z.boolean().nullable().meta({
      description:
        'Whether the file is another than the one that was signed here or elsewhere; null: nobody can say.',
    }),
    madeWithAi: z
      .literal(true)
      .nullable()
      .meta({ description: 'Whether it is known to be made by a model; null: nothing says so.' }),
    signature: z
      .object({
        signer: z.enum(['own', 'trusted', 'untrusted']).meta({
          description:
            '`own`: this deployment. `trusted`: somebody whom the list of trusted authorities knows. `untrusted`: anybody.',
        }),
        name: z.string().nullable().meta({ description: 'Whom the certificate names.' }),
        issuer: z.string().nullable(),
        intact: z
          .boolean()
          .meta({ description: 'The signature is right, and nothing has been changed since.' }),
        expired: z.boolean().meta({
          description: 'The certificate has ended, and no time stamp says that it was made before.',
        }),
        createdAt: time.nullable().meta({ description: 'As the signer says.' }),
        stampedAt: time.nullable().meta({ description: 'As a time stamp authority says.' }),
        certificateEnds: time.nullable(),
        generator: z.string().nullable().meta({ description: 'The program that made it.' }),
        model: z.string().nullable(),
        weights: z.string().nullable().meta({
          description:
            '`official`: HuMo’s. `mini`: a small demonstration model’s in its form. `random`: none.',
        }),
        preset: z.string().nullable(),
        generationId: z.string().nullable(),
        parentId: z
          .string()
          .nullable()
          .meta({ description: 'The generation that was run again to make this one.' }),
        problems: z
          .array(code)
          .meta({ description: 'What is wrong with it, as codes of the C2PA specification.' }),
      })
      .nullable()
      .meta({ description: 'Content Credentials (C2PA) in the file; null: there are none.' }),
    watermark: z
      .object({
        deployment: z.enum(['own', 'other', 'unknown']).meta({
          description: '`unknown`: whoever was asked cannot tell; the API always can.',
        }),
        generationId: z
          .string()
          .nullable()
          .meta({ description: 'null: it is not known any more, or somebody else’s.' }),
      })
      .nullable()
      .meta({ description: 'In the pixels, also of a copy that was encoded again; null: none can be read.' }),
    generation: z
      .object({
        id: generationIdSchema,
        createdAt: time,
        model: modelIdSchema,
        weights: z
          .string()
          .nullable()
          .meta({ description: 'As in a signature; null: not made by then, or before that was noted.' }),
        preset: z.string(),
        userId: z
          .string()
          .nullable()
          .meta({ description: 'Who asked for it; for tokens with the scope `admin` alone.' }),
      })
      .nullable()
      .meta({ description: 'What this deployment has on record about it; null: nothing.' }),
  })
  .meta({ id: 'Verdict' });
export type VerdictView = z.infer<typeof verdictSchema>;
