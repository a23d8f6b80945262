import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { shortcutsSchema } from './shortcuts.ts';
import type { Shortcuts } from './shortcuts.ts';
import { modelIdSchema } from './model-id.ts';
import type { ModelId } from './model-id.ts';

/** Number of lines of a size: the shorter side of the official sizes, in pixels. */
const linesSchema = z.enum(['480', '720']);
export type Lines = z.infer<typeof linesSchema>;

export const shapeSchema = z.enum(['landscape', 'portrait', 'square']);
export type Shape = z.infer<typeof shapeSchema>;

/**
 * A rule that JSON Schema has no words for. The schema names it under `x-rule`, with its words under `x-message`; the engine looks the name
 * up in `humo_engine/grammar.py`. As in zod, it is asked only of a value that is otherwise right.
 */
function ruled<Schema extends z.ZodType>(
  schema: Schema,
  rule: string,
  message: string,
  holds: (value: z.output<Schema>) => boolean,
): Schema {
  return schema.refine(holds, message).meta({ 'x-rule': rule, 'x-message': message });
}

const dimension = z
  .number()
  .int()
  .min(16)
  .max(2048)
  .multipleOf(16, 'must be a multiple of 16, the VAE stride times the patch size');
const frameCount = (bounds: { readonly min: number; readonly max?: number }) =>
  ruled(
    bounds.max === undefined
      ? z.number().int().min(bounds.min)
      : z.number().int().min(bounds.min).max(bounds.max),
    'frame-count',
    'must be 4k + 1: the VAE packs four frames into one latent frame after the first',
    (count) => count % 4 === 1,
  );
const sizesSchema = z.record(
  linesSchema,
  z.strictObject({
    landscape: z.tuple([dimension, dimension]),
    portrait: z.tuple([dimension, dimension]),
    square: z.tuple([dimension, dimension]),
  }),
);
const secondsPerPass = z.record(linesSchema, z.number().positive());
const precisionSchema = z.enum(['bf16', 'fp8', 'fp32']);

// As the engine bounds it: far beyond, latents overflow and the clip is black.
const scale = z.number().min(0).max(100);
const text = z.string().regex(/\S/, 'must not be empty');

/** What a model's weights are: HuMo's own, the small demonstration model's, or drawn at random. */
const weightsSchema = z.enum(['official', 'mini', 'random']);
export type Weights = z.infer<typeof weightsSchema>;

// Only 1.7B combines a pass with and one without the image; for 17B the engine refuses a scale that it would ignore.
const scalesSchema = z.strictObject({
  '17b': z.strictObject({ audio: scale, text: scale }),
  '1_7b': z.strictObject({ audio: scale, text: scale, image: scale }),
});

const modelSchema = z.strictObject({
  title: text,
  parameters: z.number().int().positive(),
  scales: scalesSchema.shape['17b'],
  passes: z.number().int().min(2).max(4),
  secondsPerPass,
});
const modelsSchema = z.strictObject({
  '17b': modelSchema,
  '1_7b': modelSchema.extend({ scales: scalesSchema.shape['1_7b'] }),
});

const presetSchema = z.strictObject({
  title: text.max(100),
  description: text.max(100),
  model: modelIdSchema,
  lines: z.literal([480, 720]),
  steps: z.number().int().min(1).max(200),
  ...shortcutsSchema.shape,
});

/** No sound is longer. Seconds. */
const longest = 600;
const lengthSchema = ruled(
  z.strictObject({ default: z.number().min(1).max(longest), maximum: z.number().min(1).max(longest) }),
  'length',
  'default must not be more than maximum',
  (length) => length.default <= length.maximum,
);

const latentMultiple = z.number().int().multipleOf(4, 'must be a multiple of 4: the VAE packs four into one');
const takesSchema = ruled(
  z.strictObject({
    take: z.enum(['auto', 'one', 'shots']),
    window: frameCount({ min: 5, max: 1001 }),
    overlap: latentMultiple.min(4).max(1000),
    continuous: z.number().min(1).max(longest),
    // A pause may lie just beyond the longest shot: halves of what is left have to be long enough.
    shot: ruled(
      z.strictObject({
        minimum: z.number().min(0.5).max(longest),
        maximum: z.number().min(1).max(longest),
      }),
      'shot',
      'maximum must be at least twice minimum',
      (shot) => shot.maximum >= 2 * shot.minimum,
    ),
    preRoll: latentMultiple.min(0).max(100),
  }),
  'overlap',
  'overlap must be less than window - 1',
  ({ window, overlap }) => overlap < window - 1,
);

const profileSchema = z.strictObject({
  weights: weightsSchema.default('official'),
  precision: precisionSchema.optional(),
  maximumSteps: z.number().int().min(1).optional(),
  previewEverySteps: z.number().int().min(1).optional(),
  loras: z.boolean().default(true),
  gating: z.boolean().default(true),
  caching: z.boolean().default(true),
  secondsPerPass: secondsPerPass.optional(),
  length: lengthSchema.optional(),
  takes: takesSchema.optional(),
  sizes: sizesSchema.optional(),
  scales: scalesSchema.optional(),
});

const framesSchema = ruled(
  z.strictObject({
    default: frameCount({ min: 1 }),
    minimum: frameCount({ min: 1 }),
    maximum: z.record(linesSchema, frameCount({ min: 1 })),
    warnAbove: frameCount({ min: 1 }),
  }),
  'frames',
  'default must lie between minimum and the least maximum',
  (frames) =>
    frames.minimum <= frames.default && frames.default <= Math.min(...Object.values(frames.maximum)),
);

/** How many presets there may be: Discord shows at most 25 choices for one option. */
const mostPresets = 25;
const tooManyPresets = `at most ${mostPresets}: Discord shows no more choices`;
const presetsSchema = z
  .record(
    z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/)
      .meta({ 'x-message': 'the name must have 1 to 32 of a-z, 0-9 and -' }),
    presetSchema,
  )
  .refine((presets) => Object.keys(presets).length <= mostPresets, tooManyPresets)
  .meta({ maxProperties: mostPresets, 'x-message': tooManyPresets });

const otherVersion = 'only version 1 is understood; update this program or the file';
const fileSchema = z
  .strictObject({
    version: z.literal(1, otherVersion).meta({ 'x-message': otherVersion }),
    fps: z.number().int().positive(),
    frames: framesSchema,
    length: lengthSchema,
    takes: takesSchema,
    sampler: z.strictObject({
      shift: z.number().min(0.01).max(100),
      firstSigma: z.number().positive().max(1),
    }),
    guidanceSwitchTimestep: z.number().int().min(0).max(1000),
    models: modelsSchema,
    sizes: sizesSchema,
    presets: presetsSchema,
    defaultPreset: z.string(),
    defaultShape: shapeSchema,
    precision: precisionSchema,
    memoryLimitGiB: z.number().positive().nullable(),
    previewEverySteps: z.number().int().min(1),
    negativePrompt: text.max(2000),
    profiles: z.record(z.string(), profileSchema),
  })
  .superRefine((file, context) => {
    if (file.defaultPreset in file.presets) return;
    const message = `must name one of the presets: ${Object.keys(file.presets).join(', ')}`;
    context.addIssue({ code: 'custom', path: ['defaultPreset'], message });
  })
  .meta({ 'x-rule': 'default-preset', 'x-message': 'must name one of the presets' });

/** The grammar of `generate.yaml` as JSON Schema: what the engine holds the file against, and editors. */
export function generateFileSchema(): object {
  return z.toJSONSchema(fileSchema, { io: 'input' });
}

export type GenerateFile = z.infer<typeof fileSchema>;

/** A preset with everything it implies, for one shape and the active profile. */
export interface ResolvedPreset {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly model: ModelId;
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
  readonly steps: number;
  readonly shift: number;
  readonly scales: { readonly audio: number; readonly text: number; readonly image?: number | undefined };
  /** first guess of one pass at the default number of frames, in seconds */
  readonly secondsPerPass: number;
  readonly passes: number;
  /** what it does otherwise than the published procedure; undefined: nothing */
  readonly shortcuts: Shortcuts | undefined;
  /** what goes through the model at once, in frames; longer videos are made of windows */
  readonly framesAtOnce: number;
}

/** `generate.yaml` with one profile applied. */
export interface GenerateSettings {
  readonly profile: string;
  readonly weights: Weights;
  readonly fps: number;
  readonly frames: GenerateFile['frames'];
  /** of a video, in seconds: until moderators say otherwise, and at all */
  readonly length: GenerateFile['length'];
  readonly takes: GenerateFile['takes'];
  readonly presetNames: readonly string[];
  readonly defaultPreset: string;
  readonly defaultShape: Shape;
  readonly precision: z.infer<typeof precisionSchema>;
  readonly memoryLimitGiB: number | null;
  readonly previewEverySteps: number;
  readonly negativePrompt: string;
  readonly models: GenerateFile['models'];
  /** @throws RangeError if there is no such preset */
  preset(name: string, shape: Shape): ResolvedPreset;
}

/** Every problem of a configuration, one line each, each naming the variable or the path in the file. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/**
 * Reads and validates `generate.yaml` and applies a profile.
 *
 * @param path    the file
 * @param profile a key of the file's `profiles`
 * @throws ConfigurationError that lists every problem with its path in the file
 */
export function loadGenerateSettings(path: string, profile: string): GenerateSettings {
  let written: string;
  let document: unknown;
  const key = JSON.stringify([path, profile]);
  try {
    written = readFileSync(path, 'utf8');
    const known = loaded.get(key);
    if (known?.written === written) return known.settings;
    document = parse(written);
  } catch (error) {
    throw new ConfigurationError([`${path}: cannot be read as YAML: ${String(error)}`]);
  }
  const settings = parseGenerateSettings(document, profile, path);
  loaded.set(key, { written, settings });
  return settings;
}

/** By file and profile: bot, worker and API each ask where they run in one process, and a file that says the same means the same. */
const loaded = new Map<string, { readonly written: string; readonly settings: GenerateSettings }>();

/** As {@link loadGenerateSettings}, on an already parsed document. `name` stands before every problem. */
export function parseGenerateSettings(
  document: unknown,
  profile: string,
  name = 'generate.yaml',
): GenerateSettings {
  const parsed = fileSchema.safeParse(document);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map(
        (issue) => `${name}: ${issue.path.join('.') || '(top level)'}: ${issue.message}`,
      ),
    );
  }
  const file = parsed.data;
  const overrides = file.profiles[profile];
  if (overrides === undefined) {
    throw new ConfigurationError([
      `HUMO_PROFILE: ${name} has no profile '${profile}'; there are: ${Object.keys(file.profiles).join(', ')}`,
    ]);
  }
  const sizes = overrides.sizes ?? file.sizes;
  return {
    profile,
    weights: overrides.weights,
    fps: file.fps,
    frames: file.frames,
    length: overrides.length ?? file.length,
    takes: overrides.takes ?? file.takes,
    presetNames: Object.keys(file.presets),
    defaultPreset: file.defaultPreset,
    defaultShape: file.defaultShape,
    precision: overrides.precision ?? file.precision,
    memoryLimitGiB: file.memoryLimitGiB,
    previewEverySteps: overrides.previewEverySteps ?? file.previewEverySteps,
    negativePrompt: file.negativePrompt,
    models: file.models,
    preset(presetName, shape) {
      const preset = file.presets[presetName];
      if (preset === undefined) throw new RangeError(`no preset '${presetName}' in ${name}`);
      const lines = linesSchema.parse(String(preset.lines));
      const model = file.models[preset.model];
      const [width, height] = sizes[lines][shape];
      return {
        name: presetName,
        title: preset.title,
        description: preset.description,
        model: preset.model,
        width,
        height,
        steps: Math.min(preset.steps, overrides.maximumSteps ?? preset.steps),
        shift: file.sampler.shift,
        scales: overrides.scales?.[preset.model] ?? model.scales,
        secondsPerPass: (overrides.secondsPerPass ?? model.secondsPerPass)[lines],
        passes: model.passes,
        shortcuts: shortcutsOf(preset, overrides),
        framesAtOnce: file.frames.maximum[lines],
      };
    },
  };
}

/** The title of a preset, or its name where the settings no longer have it. */
export function titleOfPreset(settings: GenerateSettings, name: string): string {
  return settings.presetNames.includes(name) ? settings.preset(name, settings.defaultShape).title : name;
}

/** The names of the presets that these models make. */
export function presetsOf(models: readonly ModelId[], settings: GenerateSettings): string[] {
  return settings.presetNames.filter((name) =>
    models.includes(settings.preset(name, settings.defaultShape).model),
  );
}

/**
 * What of a preset is a shortcut; undefined where it is the published procedure. A profile may refuse some: LoRAs of the official weights fit
 * no others, and what gating and caching do was measured for some numbers of steps only.
 */
function shortcutsOf(
  preset: z.infer<typeof presetSchema>,
  { loras: withLoras, gating: withGating, caching: withCaching }: z.infer<typeof profileSchema>,
): Shortcuts | undefined {
  const { sampler, guidance, gating, caching, audioStrength, loras } = preset;
  const own = {
    ...(sampler === undefined ? {} : { sampler }),
    ...(guidance === undefined ? {} : { guidance }),
    ...(withGating && gating !== undefined ? { gating } : {}),
    ...(withCaching && caching !== undefined ? { caching } : {}),
    ...(audioStrength === undefined ? {} : { audioStrength }),
    ...(withLoras && loras !== undefined && loras.length > 0 ? { loras } : {}),
  };
  return Object.keys(own).length === 0 ? undefined : own;
}
