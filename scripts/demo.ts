import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import type { Message } from '../sandbox/scripting/message.ts';
import { file, startSandbox } from '../sandbox/start.ts';
import { projectRoot } from '../src/config/environment.ts';
import { loadGenerateSettings } from '../src/config/generate.ts';
import { probeVideo } from '../src/media/probe.ts';
import { startPart } from './support/part.ts';
import type { Part } from './support/part.ts';
import { startPrivateRedis } from './support/private-redis.ts';

const help = `npm run demo -- [options]

The whole system on this machine: a local Discord, Redis, the bot, a worker and the engine with its profile "tiny". A member
runs /humo, the conversation is shown as it goes, and the video is left in a folder.

  --prompt TEXT        what is to be seen
  --image FILE         up to four times; none of these options given: the example image and speech
  --audio FILE         what is to be said
  --audio-start N      seconds into the sound
  --preset NAME        a preset of generate.yaml
  --shape NAME         landscape, portrait or square
  --seed N
  --out DIR            where the video goes (demo-output)
  --record FILE        write every REST request of the bot there, as JSON lines
  --json               end with one line {"video":…,"bytes":…,"seconds":…,"messages":[…]}
  --help

Exit status 0 only if a playable video came back.`;

/** Longer than any clip of the profile "tiny" takes on the slowest machine. */
const patience = 10 * 60_000;

const { values } = parseArgs({
  options: {
    prompt: { type: 'string' },
    image: { type: 'string', multiple: true },
    audio: { type: 'string' },
    'audio-start': { type: 'string' },
    preset: { type: 'string' },
    shape: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string', default: 'demo-output' },
    record: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

// With --json stdout is for the one line alone.
const write = (text: string) => (values.json ? process.stderr : process.stdout).write(text);
const started = performance.now();
const color = (values.json ? process.stderr : process.stdout).isTTY;
const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  color ? styleText(format, text) : text;
const clock = () => paint('gray', `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`);
const note = (text: string) => write(`${clock()}  ${paint('gray', text)}\n`);
const indented = (text: string) =>
  text
    .split('\n')
    .map((line) => `           ${line}\n`)
    .join('');

class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** The options of the command, from the arguments of this program. */
function commandOptions(): Record<string, string | number | boolean | ReturnType<typeof file>> {
  const usesExamples =
    values.image === undefined && values.audio === undefined && values.prompt === undefined;
  const example = (name: string) => join(projectRoot, 'examples', name);
  const images = usesExamples ? [example('portrait.png')] : (values.image ?? []);
  const audio = usesExamples ? example('speech.ogg') : values.audio;
  if (images.length > 4) throw new DemoError('--image can be given four times at most');
  for (const path of [...images, ...(audio === undefined ? [] : [audio])]) {
    if (!existsSync(path)) throw new DemoError(`there is no file ${path}`);
  }
  const number = (name: 'audio-start' | 'seed') => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (text.trim() === '' || !Number.isFinite(Number(text)))
      throw new DemoError(`--${name} must be a number, not "${text}"`);
    return Number(text);
  };
  const { presetNames } = loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'tiny');
  if (values.preset !== undefined && !presetNames.includes(values.preset)) {
    throw new DemoError(`--preset must be one of ${presetNames.join(', ')}, not "${values.preset}"`);
  }
  const options: Record<string, string | number | boolean | ReturnType<typeof file> | undefined> = {
    prompt: values.prompt ?? 'A friendly robot looks into the camera and speaks',
    ...Object.fromEntries(
      images.map((path, index) => [index === 0 ? 'image' : `image${index + 1}`, file(path)]),
    ),
    audio: audio === undefined ? undefined : file(audio),
    audio_start: number('audio-start'),
    preset: values.preset,
    shape: values.shape,
    seed: number('seed'),
  };
  return Object.fromEntries(
    Object.entries(options).filter(
      (entry): entry is [string, string | number | boolean] => entry[1] !== undefined,
    ),
  );
}

async function demo(): Promise<void> {
  const options = commandOptions();
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  if (values.record !== undefined) await writeFile(values.record, '');
  const folder = await mkdtemp(join(tmpdir(), 'humo-demo-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => rm(folder, { recursive: true, force: true }));

  const redis = await startPrivateRedis(join(folder, 'redis'));
  cleanup.defer(async () => redis.stop());
  note('Redis is up');
  const discord = await startSandbox();
  cleanup.defer(async () => discord.close());
  note(`a local Discord is up at ${discord.apiUrl}`);
  const recording: Promise<void>[] = [];
  if (values.record !== undefined) {
    const path = values.record;
    let last = Promise.resolve();
    discord.onRequest((request) => {
      const { method, path: at, query, body, parts, status } = request;
      last = last.then(async () =>
        appendFile(path, `${JSON.stringify({ method, path: at, query, body, parts, status })}\n`),
      );
      recording.push(last);
    });
  }
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));

  const environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    ...discord.environment,
    REDIS_URL: redis.url,
    DATA_DIRECTORY: join(folder, 'data'),
    HUMO_PROFILE: 'tiny',
    HUMO_CACHE: join(folder, 'cache'),
    LOG_LEVEL: 'info',
  };
  const parts = ['bot', 'worker'].map((name) =>
    startPart(join(projectRoot, 'src', name, 'main.ts'), environment),
  );
  const [bot, worker] = parts;
  if (bot === undefined || worker === undefined) throw new Error('unreachable: two parts were started');
  for (const part of parts) cleanup.defer(async () => void (await part.stop()));
  const interrupted = Promise.withResolvers<never>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.reject(new DemoError('stopped')));
  const failed = Promise.race([
    interrupted.promise,
    ...parts.map(async (part, index) => died(part, index === 0 ? 'bot' : 'worker')),
  ]);
  failed.catch(() => {
    // reported where the race below is awaited
  });

  await Promise.race([discord.waitForCommand('humo'), failed]);
  note('the bot is logged in and /humo is registered; the engine loads in the meantime');
  const seen = new Map<string, string>();
  const shown: { event: string; text: string }[] = [];
  discord.onMessage((event, message) => {
    const text = describe(message);
    // A new preview or a moved countdown changes a message without a word of it changing.
    if (event === 'edited' && seen.get(message.id) === text) return;
    seen.set(message.id, text);
    if (text === '') return;
    shown.push({ event, text });
    const who = message.fromBot ? paint('cyan', 'HuMo') : paint('yellow', 'ada');
    write(`${clock()}  ${who} ${paint('gray', event === 'edited' ? '(edited)' : '')}\n${indented(text)}`);
  });
  const asked = Object.entries(options).map(
    ([name, value]) => `${name}:${typeof value === 'object' ? value.filename : value}`,
  );
  write(`${clock()}  ${paint('yellow', 'ada')} /humo ${asked.join(' ')}\n`);

  const result = await Promise.race([
    (async () => {
      const command = await ada.run('/humo', options, { channel });
      await command.firstResponse();
      return ada.waitForMessage(channel, (message) => message.fromBot && isFinal(message), {
        timeout: patience,
      });
    })(),
    failed,
  ]);
  const video = result.attachments.find(({ filename }) => filename.endsWith('.mp4'));
  if (video === undefined) throw new DemoError('no video came back; the message above says why');
  const path = join(out, video.filename);
  await writeFile(path, await video.bytes());
  const probe = await probeVideo(path, { scratch: out, timeoutMilliseconds: 60_000 });
  note(
    `the video plays: ${probe.video.codec_name} ${probe.video.width}×${probe.video.height}, ${probe.video.nb_read_frames} frames, ${probe.seconds} s, ${probe.audio === null ? 'no sound' : probe.audio.codec_name}, ${probe.bytes} bytes`,
  );
  await Promise.all(recording);
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ video: path, bytes: probe.bytes, seconds: probe.seconds, messages: shown })}\n`,
    );
  } else {
    write(`\nThe video is in ${paint('bold', relative(process.cwd(), path) || path)}\n`);
    write(
      'Its picture is noise: these are random weights, which show the machinery, not the model. README.md says how to run HuMo.\n',
    );
  }
}

async function died(part: Part, name: string): Promise<never> {
  const status = await part.ended;
  throw new DemoError(`the ${name} ended with status ${status}:\n${part.lines.slice(-20).join('\n')}`);
}

/** A video, or the end of the hope for one: a message of its own that replies, or a refusal without a queue. */
function isFinal(message: Message): boolean {
  if (message.attachments.some(({ filename }) => filename.endsWith('.mp4'))) return true;
  if (message.loading) return false;
  const hasControls = message.buttons.length > 0;
  return message.text !== '' && !hasControls && !/https?:\/\/\S+\/channels\//.test(message.text);
}

function describe(message: Message): string {
  const files = message.attachments.map(
    ({ filename, size }) => `[${filename}, ${(size / 1024).toFixed(0)} KiB]`,
  );
  const buttons = message.buttons.map((button) => `( ${button.label ?? button.customId} )`);
  return [message.text, ...files, buttons.join(' ')].filter((line) => line !== '').join('\n');
}

if (values.help) {
  console.log(help);
} else {
  try {
    await demo();
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
