import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import type { APIApplicationCommandBasicOption, Attachment, ChatInputCommandInteraction } from 'discord.js';
import { shapeSchema } from '../config/generate.ts';
import type { GenerateSettings, Shape } from '../config/generate.ts';
import { latestAudioStart, promptCharacters, sayCharacters, shortestVideo } from '../intake/bounds.ts';
import { meantPrompt } from '../intake/prompt.ts';
import type { GivenFile } from '../intake/intake.ts';
import { chooseMode } from '../intake/mode.ts';
import { reachable } from '../queue/reachable.ts';
import type { Preferences } from '../queue/people/people.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { newSeed } from '../intake/request.ts';
import { presetWords } from './render/preset.ts';
import { ask } from './support/ask.ts';
import type { SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { inAllLanguages, localised, localisedChoice } from './support/localise.ts';
import { preferredPreset } from './support/preferred.ts';
import { cleanSchema } from '../intake/clean.ts';
import type { Clean } from '../intake/clean.ts';
import { voiceChoices } from './support/voices.ts';
import { beginning } from '../text/format.ts';
import { Failure } from '../failure.ts';

const imageOptions = ['image', 'image2', 'image3', 'image4'] as const;

export default {
  kind: 'slash',
  name: 'humo',

  declare(settings: GenerateSettings) {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('humo', 'command.humo'),
      ...everywhere(),
      options: options(settings),
    };
  },

  async execute(interaction, services) {
    const preferences = await reachable(services.people.preferences(interaction.user.id));
    const chosen = readOptions(interaction, services.settings, preferences);
    const mode = chooseMode({
      images: chosen.images.length,
      hasAudio: chosen.audio !== null,
      hasAudioStart: chosen.audioStart !== null || chosen.audioEnd !== null,
      hasWords: chosen.words !== null,
    });
    if (chosen.prompt === '') throw new Refusal('refused.prompt_empty');
    if (chosen.words === '') throw new Failure('invalid_input', 'speech_empty');
    if (chosen.voice !== null && chosen.words === null) throw new Refusal('refused.voice_without_say');
    const { images, audio, audioStart, audioEnd, seconds, words, voice, ...choices } = chosen;
    const said = words === null ? null : { words, voice, language: null, locale: interaction.locale };
    await ask(
      interaction,
      {
        choices: { ...choices, mode },
        files: { images, audio: said ?? audio, audioStart: audioStart ?? 0, audioEnd, seconds },
        private: chosen.private,
      },
      services,
    );
  },

  async autocomplete(interaction, services) {
    const { value } = interaction.options.getFocused(true);
    const voices = await services.speech.voices();
    await interaction.respond(voiceChoices(voices, value, textsFor(interaction.locale)));
  },
} satisfies SlashCommand;

function options(settings: GenerateSettings): APIApplicationCommandBasicOption[] {
  const {
    String: string,
    Number: number,
    Integer,
    Boolean: boolean,
    Attachment: file,
  } = ApplicationCommandOptionType;
  return [
    {
      type: string,
      ...localised('prompt', 'command.humo.prompt'),
      required: true,
      min_length: 1,
      max_length: promptCharacters,
    },
    ...imageOptions.map((name) => ({ type: file, ...localised(name, `command.humo.${name}`) }) as const),
    { type: file, ...localised('audio', 'command.humo.audio') },
    {
      type: string,
      ...localised('say', 'command.humo.say'),
      min_length: 1,
      max_length: sayCharacters,
    },
    { type: string, ...localised('voice', 'command.humo.voice'), autocomplete: true },
    {
      type: number,
      ...localised('audio_start', 'command.humo.audio_start'),
      min_value: 0,
      max_value: latestAudioStart,
    },
    {
      type: number,
      ...localised('audio_end', 'command.humo.audio_end'),
      min_value: shortestVideo,
      max_value: latestAudioStart,
    },
    {
      type: string,
      ...localised('clean', 'command.humo.clean'),
      choices: cleanSchema.options.map((clean) => localisedChoice(clean, `clean.${clean}`)),
    },
    {
      type: number,
      ...localised('seconds', 'command.humo.seconds'),
      min_value: shortestVideo,
      max_value: settings.length.maximum,
    },
    {
      type: string,
      ...localised('preset', 'command.humo.preset'),
      choices: settings.presetNames.map((name) => {
        const { title, description } = settings.preset(name, settings.defaultShape);
        const inLanguage = (texts: Texts) =>
          beginning(`${presetWords(title, texts)}: ${presetWords(description, texts)}`, 100);
        return { ...inAllLanguages(inLanguage), value: name };
      }),
    },
    {
      type: string,
      ...localised('shape', 'command.humo.shape'),
      choices: shapeSchema.options.map((shape) => localisedChoice(shape, `shape.${shape}`)),
    },
    {
      type: Integer,
      ...localised('seed', 'command.humo.seed'),
      min_value: 0,
      max_value: Number.MAX_SAFE_INTEGER,
    },
    { type: boolean, ...localised('private', 'command.humo.private') },
  ];
}

interface ChosenOptions {
  readonly prompt: string;
  readonly images: readonly GivenFile[];
  readonly audio: GivenFile | null;
  readonly audioStart: number | null;
  readonly audioEnd: number | null;
  readonly seconds: number | null;
  readonly words: string | null;
  readonly voice: string | null;
  readonly clean: Clean;
  readonly preset: string;
  readonly shape: Shape;
  readonly seed: number;
  readonly negativePrompt: string | undefined;
  readonly private: boolean;
}

/** What is not said is as the person has set it, else as this deployment has it. */
function readOptions(
  { options: given, locale }: ChatInputCommandInteraction,
  settings: GenerateSettings,
  preferences: Preferences,
): ChosenOptions {
  const audio = given.getAttachment('audio');
  const words = given.getString('say');
  const texts = textsFor(locale);
  return {
    prompt: meantPrompt(given.getString('prompt', true)),
    images: imageOptions.flatMap((name) => {
      const attachment = given.getAttachment(name);
      return attachment === null ? [] : [toFile(attachment, name, texts)];
    }),
    audio: audio === null ? null : toFile(audio, 'audio', texts),
    audioStart: given.getNumber('audio_start'),
    audioEnd: given.getNumber('audio_end'),
    seconds: given.getNumber('seconds'),
    words: words === null ? null : meantPrompt(words),
    voice: given.getString('voice'),
    clean: cleanSchema.parse(given.getString('clean') ?? 'auto'),
    preset: given.getString('preset') ?? preferredPreset(preferences, settings),
    shape: shapeSchema.parse(given.getString('shape') ?? preferences.shape ?? settings.defaultShape),
    negativePrompt: preferences.negativePrompt ?? undefined,
    seed: given.getInteger('seed') ?? newSeed(),
    private: given.getBoolean('private') ?? preferences.private,
  };
}

function toFile(
  { url, size }: Attachment,
  option: (typeof imageOptions)[number] | 'audio',
  texts: Texts,
): GivenFile {
  return { url, size, option: texts.say(`command.humo.${option}.name`) };
}
