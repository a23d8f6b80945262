/**
 * The whole thing on one machine, without an account, a GPU or a weight file: Redis, a local Discord, the bot, the worker and
 * the engine with its `mini` profile. A member runs `/humo`, and the video that comes back is checked and kept.
 */
import { enginePython } from '../src/config/python.ts';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';
import { agree, isEnding, saysItsId } from './support/first-request.ts';
import { file, ScenarioError, startSandbox } from '../sandbox/start.ts';
import type { Interaction, Message, Sandbox } from '../sandbox/start.ts';
import { projectRoot } from '../src/config/environment.ts';
import { loadGenerateSettings, shapeSchema } from '../src/config/generate.ts';
import { DiskFull, isDiskFull, namingFullDisk } from '../src/full-disk.ts';
import { probeVideo } from '../src/media/probe.ts';
import type { ProbedVideo } from '../src/media/probe.ts';
import { Conversation } from './support/conversation.ts';
import { readableTail, startPart } from './support/part.ts';
import type { Part } from './support/part.ts';
import { startPrivateRedis } from './support/private-redis.ts';
import { minute } from '../src/units.ts';

const { presetNames } = loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'mini');

const usage = `npm run demo -- [options]

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
class DemoError extends Error {}

const options = {
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
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

/** for everything between the command and the video; the mini profile takes a minute on a slow machine */
const patience = 15 * 60_000;
const imageOptions = ['image', 'image2', 'image3', 'image4'] as const;

const print = (line: string): void => console.log(line);

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options, allowPositionals: false });
    if (values.help === true) {
      print(usage);
      return 0;
    }
    const command = commandOptions(values);
    const stop = stopOnSignal();
    const result = await withEverything(stop, values.record, (discord) =>
      converse(discord, command, resolve(values.out ?? 'demo-output')),
    );
    if (values.json === true) print(JSON.stringify(result));
    return 0;
  } catch (error) {
    if (error instanceof DiskFull) {
      console.error(`\n${error.message}.`);
      return 1;
    }
    if (!(error instanceof DemoError) && !isArgumentError(error)) throw error;
    console.error(`\n${error.message}${isArgumentError(error) ? `\n\n${usage}` : ''}`);
    return error.message === interrupted ? 130 : 1;
  }
}

const interrupted = 'Stopped.';

/** A promise that fails when someone wants the demo to end. A second Ctrl+C ends it at once. */
function stopOnSignal(): Promise<never> {
  const stopped = Promise.withResolvers<never>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    let asked = false;
    process.on(signal, () => {
      if (asked) process.exit(130);
      asked = true;
      stopped.reject(new DemoError(interrupted));
    });
  }
  stopped.promise.catch(() => undefined);
  return stopped.promise;
}

type Entered = Record<string, string | number | ReturnType<typeof file>>;

/** The command's options, as a member fills them in. */
function commandOptions(values: Values): Entered {
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
    // The same video each time, unless something of one's own is in it.
    seed: number('seed') ?? (ownFiles || values.prompt !== undefined ? undefined : 1),
  };
  const chosen: Entered = {};
  for (const [index, path] of images.entries()) chosen[imageOptions[index] ?? ''] = file(resolve(path));
  for (const [key, value] of Object.entries(entered)) if (value !== undefined) chosen[key] = value;
  return chosen;
}

/** All that is made on the way lies there. */
async function inTemporary<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error) || error instanceof DiskFull) throw error;
    throw new DiskFull(tmpdir(), error, otherTemporary);
  }
}

const otherTemporary = 'set TMPDIR to a folder on a larger disk';

/** Starts all parts, lets `act` play, and stops them again whatever happens. */
async function withEverything<T>(
  stop: Promise<never>,
  record: string | undefined,
  act: (discord: Sandbox) => Promise<T>,
): Promise<T> {
  const folder = await inTemporary(() => mkdtemp(join(tmpdir(), 'humo-demo-')));
  const parts: Part[] = [];
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const started = performance.now();
    print('Starting Redis, a local Discord, the bot, the worker and the engine (profile mini) …');
    const redis = await namingFullDisk(
      folder,
      () => startPrivateRedis(join(folder, 'redis')),
      otherTemporary,
    );
    ends.push(() => redis.stop());
    // Discord gives a bot three seconds; a machine that is busy with something else may have more to show what it can.
    const discord = await startSandbox({ firstResponse: minute });
    ends.push(() => closeSandbox(discord));
    if (record !== undefined) {
      writeFileSync(record, '');
      discord.onRequest((request) => appendFileSync(record, `${JSON.stringify(request)}\n`));
    }
    const environment = {
      // Not all of this terminal's variables: some may be meant for a bot that is really in use.
      ...Object.fromEntries(['PATH', 'HOME', 'LANG', 'TMPDIR'].map((name) => [name, process.env[name]])),
      ...discord.environment,
      REDIS_URL: redis.url,
      DATA_DIRECTORY: join(folder, 'data'),
      HUMO_PROFILE: 'mini',
      HUMO_CACHE: join(folder, 'cache'),
      LOG_LEVEL: 'info',
    };
    const start = (name: string) => startPart({ name, file: `src/${name}/main.ts`, environment });
    const [bot, worker] = [start('bot'), start('worker')];
    parts.push(bot, worker);
    ends.push(() => Promise.all(parts.map((part) => part.stop())));
    const broken = Promise.race(
      parts.map(async (part) => {
        const status = await part.ended;
        throw new DemoError(
          `The ${part.name} ended (${status}) before the video came.\n${readableTail(part.lines)}`,
        );
      }),
    );
    broken.catch(() => undefined);
    await Promise.race([Promise.all([bot.logged('ready'), worker.logged('taking jobs')]), broken, stop]);
    print(`Ready after ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
    return await Promise.race([inTemporary(() => act(discord)), broken, stop]);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const logs = parts.map((part) => `\nThe end of the ${part.name}'s log:\n${readableTail(part.lines)}`);
    throw new DemoError(`${error.message}\n${logs.join('\n')}`, { cause: error });
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function closeSandbox(discord: Sandbox): Promise<void> {
  try {
    await discord.close();
  } catch (error) {
    throw new DemoError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A member runs `/humo` and waits for the video, which is checked and kept. */
async function converse(discord: Sandbox, command: Entered, folder: string) {
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));
  const conversation = new Conversation(print);
  discord.onMessage((event, message) => conversation.take(event, message));
  conversation.person('ada', `/humo ${describeCommand(command)}`);
  let interaction = await ada.run('/humo', command, { channel });
  if (Object.keys(command).some((name) => /^(image|audio$)/.test(name))) {
    // As with anybody who brings a picture or a voice for the first time.
    const agreed = await agree(ada, await refusal(interaction));
    if (agreed === null) throw new DemoError('The bot did not take the request; see above.');
    conversation.person('ada', `[${agreed.label}]`);
    ({ interaction } = agreed);
  }

  const ending = await Promise.race([
    channel.waitForMessage((message) => isEnding(message, channel), { timeout: patience }),
    refusal(interaction),
  ]);
  const [attachment] = ending.attachments;
  if (attachment === undefined) throw new DemoError('The bot sent no video; see above.');
  // The status message is what people look at; the demo ends when it points to the result.
  const status = channel.messages.find(({ id }) => id === ending.repliesTo);
  await status?.waitUntil(({ buttons }) => buttons.length === 0, { timeout: 30_000 });

  const video = join(folder, attachment.filename);
  const bytesOfVideo = await attachment.bytes();
  await namingFullDisk(
    folder,
    async () => {
      await mkdir(folder, { recursive: true });
      await writeFile(video, bytesOfVideo);
    },
    'choose another folder with --out',
  );
  const probed = await playable(video, folder);
  const { width, height, nb_read_frames: frames } = probed.video;
  print(
    `\nA playable video of ${probed.seconds} s came back: ${width}×${height}, ${frames} frames, ${probed.audio === null ? 'no sound' : 'with sound'}, ${probed.bytes} bytes.`,
  );
  print(`It is in ${video}`);
  const { sheet, agreement } = await lookAt(video);
  print(
    'Made by our own small model, which knows cartoon faces and ten scenes: it shows that everything works, not what HuMo can do.',
  );
  const { bytes, seconds } = probed;
  return { video, sheet, agreement, bytes, seconds, messages: conversation.messages() };
}

const filmSchema = z.object({
  words: z.string(),
  agreement: z.object({ correlation: z.number(), lag: z.int(), at_lag: z.number() }).nullable(),
});

/** Leaves a contact sheet beside the video, and says in one line how well its lips follow its sound. */
async function lookAt(video: string) {
  const sheet = video.replace(/\.mp4$/, '.png');
  const measured = await execa(
    enginePython(projectRoot),
    ['-m', 'humo_engine', 'quality', '--film', video, '--sheet', sheet, '--json'],
    { cwd: join(projectRoot, 'engine'), reject: false },
  );
  if (measured.exitCode !== 0) throw new DemoError(`The video could not be measured: ${measured.stderr}`);
  const { words, agreement } = filmSchema.parse(JSON.parse(measured.stdout));
  print(`Its frames at a glance are in ${sheet}`);
  print(words);
  return { sheet, agreement };
}

/** What the bot says first that is no acceptance: why not, or a question. */
async function refusal(interaction: Interaction): Promise<Message> {
  return await interaction.waitForMessage(
    // The spoken words come with their sound, and refuse nothing.
    ({ loading, text, attachments }) =>
      !loading && text !== '' && attachments.length === 0 && !saysItsId(text),
    {
      timeout: patience,
    },
  );
}

async function playable(video: string, folder: string): Promise<ProbedVideo> {
  try {
    return await probeVideo(video, { scratch: folder, timeoutMilliseconds: 60_000 });
  } catch (error) {
    throw new DemoError(`What came back does not play: ${String(error)}`, { cause: error });
  }
}

function describeCommand(command: Entered): string {
  return Object.entries(command)
    .map(([name, value]) => {
      if (typeof value === 'string') return `${name}:${name === 'prompt' ? `"${value}"` : value}`;
      return `${name}:${typeof value === 'number' ? value : basename(value.filename)}`;
    })
    .join(' ');
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

process.exit(await main());
