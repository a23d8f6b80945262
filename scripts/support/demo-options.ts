import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { parseArgs } from 'node:util';
import { file } from '../../sandbox/start.ts';
import { projectRoot } from '../../src/config/environment.ts';
import { loadGenerateSettings, shapeSchema } from '../../src/config/generate.ts';

const { presetNames } = loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'mini');

export const usage = `npm run demo -- [options]

  --prompt TEXT        what happens in the clip
  --image FILE         an image of the person; up to four times
  --audio FILE         what they say; without --image and --audio both examples are used
  --say TEXT           what a voice says, instead of --audio
  --voice NAME         who says it, such as joe
  --audio-start SECS   where in the audio the clip begins
  --preset NAME        a preset of generate.yaml: ${presetNames.join(', ')}
  --shape NAME         landscape, portrait or square
  --seed NUMBER        the same seed gives the same video
  --out DIR            where the video and its contact sheet go; demo-output unless given
  --record FILE        every REST request of the bot, one JSON object per line
  --json               end with one line that a program can read
  --help`;

/** Something that a person can mend or has to know; no trace is shown. */
export class DemoError extends Error {}

export const options = {
  prompt: { type: 'string' },
  image: { type: 'string', multiple: true },
  audio: { type: 'string' },
  say: { type: 'string' },
  voice: { type: 'string' },
  'audio-start': { type: 'string' },
  preset: { type: 'string' },
  shape: { type: 'string' },
  seed: { type: 'string' },
  out: { type: 'string' },
  record: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;
export type DemoValues = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

const imageOptions = ['image', 'image2', 'image3', 'image4'] as const;

export type Entered = Record<string, string | number | ReturnType<typeof file>>;

/** The command's options, as a member fills them in. DemoError that names what is wrong. */
export function commandOptions(values: DemoValues): Entered {
  const ownFiles = values.image !== undefined || values.audio !== undefined;
  const images = ownFiles ? (values.image ?? []) : [join(projectRoot, 'examples', 'person.png')];
  if (values.say !== undefined && values.audio !== undefined)
    throw new DemoError('--say and --audio cannot be combined.');
  const example = values.say === undefined ? join(projectRoot, 'examples', 'speech.ogg') : undefined;
  const audio = ownFiles ? values.audio : example;
  if (images.length > imageOptions.length)
    throw new DemoError(`/humo takes ${imageOptions.length} images at most.`);
  for (const path of [...images, ...(audio === undefined ? [] : [audio])])
    if (!existsSync(path)) throw new DemoError(`There is no file ${path}.`);
  if (values.preset !== undefined && !presetNames.includes(values.preset))
    throw new DemoError(`--preset must be one of ${presetNames.join(', ')}, not ${values.preset}.`);
  if (values.shape !== undefined && !shapeSchema.safeParse(values.shape).success)
    throw new DemoError(`--shape must be one of ${shapeSchema.options.join(', ')}, not ${values.shape}.`);
  const number = (name: 'audio-start' | 'seed'): number | undefined => {
    const text = values[name];
    if (text !== undefined && (text.trim() === '' || !Number.isFinite(Number(text))))
      throw new DemoError(`--${name} must be a number, not ${text}.`);
    return text === undefined ? undefined : Number(text);
  };
  const entered: Record<string, Entered[string] | undefined> = {
    prompt: values.prompt ?? 'A woman on the beach talks to the camera',
    audio: audio === undefined ? undefined : file(resolve(audio)),
    say: values.say,
    voice: values.voice,
    audio_start: number('audio-start'),
    // As much as the model sees at once: the quickest way to a whole video.
    audio_end: ownFiles || values.say !== undefined || values['audio-start'] !== undefined ? undefined : 3.88,
    preset: values.preset,
    shape: values.shape,
    // The same video each time, unless something of one's own is in it. In this one she blinks, with both eyes.
    seed: number('seed') ?? (ownFiles || values.prompt !== undefined ? undefined : 3),
  };
  const chosen: Entered = {};
  for (const [index, path] of images.entries()) chosen[imageOptions[index] ?? ''] = file(resolve(path));
  for (const [key, value] of Object.entries(entered)) if (value !== undefined) chosen[key] = value;
  return chosen;
}
