import { ComponentType, TextInputStyle } from 'discord.js';
import type {
  APILabelComponent,
  APIModalInteractionResponseCallbackData,
  Attachment,
  ModalSubmitInteraction,
} from 'discord.js';
import { shapeSchema } from '../../config/generate.ts';
import type { GenerateSettings, Shape } from '../../config/generate.ts';
import { presetTitle } from '../render/preset.ts';
import { latestAudioStart, mostImages, promptCharacters, sayCharacters } from '../../intake/bounds.ts';
import { meantPrompt } from '../../intake/prompt.ts';
import { Refusal } from '../../refusal.ts';
import { textsFor } from '../../text/texts.ts';
import type { Texts } from '../../text/texts.ts';
import { beginning } from '../../text/format.ts';

/** What a form begins with. */
export interface FormValues {
  readonly prompt: string;
  readonly preset: string;
  readonly shape: Shape;
  /** null where there is no sound yet */
  readonly audioStart: number | null;
  /** words for a voice; in what a form begins with, null leaves the field out in favour of the start of the sound */
  readonly say: string | null;
  /** null: a new one */
  readonly seed: number | null;
}

/** An uploaded file, as Discord describes it. */
export interface FormFile {
  readonly url: string;
  readonly size: number;
  readonly name: string;
}

export interface FormAnswers extends FormValues {
  readonly images: readonly FormFile[];
  readonly audio: FormFile | null;
}

const fields = {
  prompt: 'prompt',
  look: 'look',
  start: 'start',
  say: 'say',
  seed: 'seed',
  files: 'files',
} as const;

/** Discord shows at most 25 choices, and five fields: preset and shape share one as long as they fit. */
const mostChoices = 25;

/** The form for making a video out of something: five fields, filled with what there is. */
export function renderForm(
  {
    customId,
    title,
    values,
    filesNote,
  }: { customId: string; title: string; values: FormValues; filesNote?: string },
  texts: Texts,
  settings: GenerateSettings,
): APIModalInteractionResponseCallbackData {
  return {
    custom_id: customId,
    title,
    components: [
      {
        type: ComponentType.Label,
        label: texts.say('form.prompt'),
        component: {
          type: ComponentType.TextInput,
          custom_id: fields.prompt,
          style: TextInputStyle.Paragraph,
          min_length: 1,
          max_length: promptCharacters,
          required: true,
          ...(values.prompt === '' ? {} : { value: beginning(values.prompt, promptCharacters) }),
        },
      },
      {
        type: ComponentType.Label,
        label: texts.say('form.look'),
        component: {
          type: ComponentType.StringSelect,
          custom_id: fields.look,
          required: true,
          options: looks(values.shape, settings).map(({ preset, shape }) => ({
            label: beginning(`${presetTitle(settings, preset, texts)} · ${texts.say(`shape.${shape}`)}`, 100),
            value: `${preset}/${shape}`,
            default: preset === values.preset && shape === values.shape,
          })),
        },
      },
      values.say === null ? startField(values, texts) : sayField(values.say, texts),
      {
        type: ComponentType.Label,
        label: texts.say('form.seed'),
        description: texts.say('form.seed_description'),
        component: {
          type: ComponentType.TextInput,
          custom_id: fields.seed,
          style: TextInputStyle.Short,
          max_length: 16,
          required: false,
          ...(values.seed === null ? {} : { value: String(values.seed) }),
        },
      },
      {
        type: ComponentType.Label,
        label: texts.say('form.files'),
        description: filesNote ?? texts.say('form.files_description'),
        component: {
          type: ComponentType.FileUpload,
          custom_id: fields.files,
          min_values: 0,
          max_values: mostImages + 1,
          required: false,
        },
      },
    ],
  };
}

function startField({ audioStart }: FormValues, texts: Texts): APILabelComponent {
  return {
    type: ComponentType.Label,
    label: texts.say('form.start'),
    description: texts.say('form.start_description'),
    component: {
      type: ComponentType.TextInput,
      custom_id: fields.start,
      style: TextInputStyle.Short,
      max_length: 10,
      required: false,
      ...(audioStart === null ? {} : { value: String(audioStart) }),
    },
  };
}

function sayField(say: string, texts: Texts): APILabelComponent {
  return {
    type: ComponentType.Label,
    label: texts.say('form.say'),
    description: texts.say('form.say_description'),
    component: {
      type: ComponentType.TextInput,
      custom_id: fields.say,
      style: TextInputStyle.Paragraph,
      max_length: sayCharacters,
      required: false,
      ...(say === '' ? {} : { value: say }),
    },
  };
}

function looks(shape: Shape, settings: GenerateSettings): { preset: string; shape: Shape }[] {
  const all = settings.presetNames.flatMap((preset) =>
    shapeSchema.options.map((one) => ({ preset, shape: one })),
  );
  return all.length <= mostChoices ? all : settings.presetNames.map((preset) => ({ preset, shape }));
}

/** What a person sent. @throws Refusal that names the field and says what it takes */
export function readForm(interaction: ModalSubmitInteraction): FormAnswers {
  const { fields: given } = interaction;
  // Which of the two fields for the sound the form has depends on what it was opened for.
  const textOf = (name: string): string => (given.fields.has(name) ? given.getTextInputValue(name) : '');
  const prompt = meantPrompt(given.getTextInputValue(fields.prompt));
  if (prompt === '') throw new Refusal('refused.prompt_empty');
  const [preset = '', shape] = (given.getStringSelectValues(fields.look)[0] ?? '').split('/');
  const uploaded = [...(given.getUploadedFiles(fields.files)?.values() ?? [])];
  return {
    prompt,
    preset,
    shape: shapeSchema.parse(shape),
    audioStart: readStart(textOf(fields.start)),
    say: meantPrompt(textOf(fields.say)) || null,
    seed: readSeed(given.getTextInputValue(fields.seed)),
    ...sortFiles(uploaded),
  };
}

/** Seconds, or minutes and seconds: `12.5`, `12,5`, `1:02.5`. Empty is null. @throws Refusal */
function readStart(text: string): number | null {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return null;
  const match = /^(?:(\d{1,3}):)?(\d{1,3}(?:\.\d{1,3})?)$/.exec(trimmed);
  const seconds = match === null ? Number.NaN : Number(match[1] ?? 0) * 60 + Number(match[2]);
  if (!(seconds >= 0 && seconds <= latestAudioStart)) {
    throw new Refusal('refused.audio_start_invalid', { most: latestAudioStart });
  }
  return seconds;
}

/** A whole number from 0; empty is null: a new one. @throws Refusal */
function readSeed(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const seed = /^\d{1,16}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (!Number.isSafeInteger(seed))
    throw new Refusal('refused.seed_invalid', { most: String(Number.MAX_SAFE_INTEGER) });
  return seed;
}

type DescribedFile = Pick<Attachment, 'url' | 'size' | 'name' | 'contentType'>;

/**
 * Tells pictures from sound by what Discord says of the files. The intake looks at their contents: this only decides which of
 * them is which.
 *
 * @throws Refusal for what is neither, and for more than fits
 */
function sortFiles(files: readonly DescribedFile[]): Pick<FormAnswers, 'images' | 'audio'> {
  const { images, sounds } = byKind(files);
  if (images.length > mostImages) throw new Refusal('refused.images_too_many', { most: mostImages });
  if (sounds.length > 1) throw new Refusal('refused.sounds_too_many');
  return { images, audio: sounds[0] ?? null };
}

/**
 * The same for files that somebody else has put together: of more than fits, the first ones, and of what is neither, nothing.
 *
 * @returns null when nothing is of use; `isPart`: there is more of use
 */
export function firstFiles(
  files: readonly DescribedFile[],
): (Pick<FormAnswers, 'images' | 'audio'> & { readonly isPart: boolean }) | null {
  const usable = files.filter(({ contentType }) => /^(image|audio|video)\//.test(contentType ?? ''));
  if (usable.length === 0) return null;
  const { images, sounds } = byKind(usable);
  const isPart = images.length > mostImages || sounds.length > 1;
  return { images: images.slice(0, mostImages), audio: sounds[0] ?? null, isPart };
}

/** @throws Refusal for what is neither */
function byKind(files: readonly DescribedFile[]): { images: FormFile[]; sounds: FormFile[] } {
  const images: FormFile[] = [];
  const sounds: FormFile[] = [];
  for (const { url, size, name, contentType } of files) {
    const kind = (contentType ?? '').split('/')[0];
    if (kind === 'image') images.push({ url, size, name });
    else if (kind === 'audio' || kind === 'video') sounds.push({ url, size, name });
    else throw new Refusal('refused.file_kind', { name: beginning(name, 100) });
  }
  return { images, sounds };
}

/** Names of the uploaded files, for errors about them: the form has one field for all. */
export function givenFile({ url, size, name }: FormFile, locale: string) {
  return { url, size, option: name === '' ? textsFor(locale).say('form.files') : beginning(name, 100) };
}
