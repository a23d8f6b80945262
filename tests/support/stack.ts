import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFailed } from 'vitest';
import { file, startSandbox } from '../../sandbox/start.ts';
import type { Message, Sandbox } from '../../sandbox/start.ts';
import { readableTail, startPart } from '../../scripts/support/part.ts';
import type { Part } from '../../scripts/support/part.ts';
import { loadBotConfig, projectRoot } from '../../src/config/environment.ts';
import { createLogger } from '../../src/log.ts';
import { probeVideo } from '../../src/media/probe.ts';
import type { ProbedVideo } from '../../src/media/probe.ts';
import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import { agreedBefore } from './agreed.ts';
import { startRedis } from './redis.ts';
import type { TestRedis } from './redis.ts';
import { patience } from './patience.ts';
import { minute } from '../../src/units.ts';

type Channel = ReturnType<ReturnType<Sandbox['createGuild']>['createChannel']>;
type Person = ReturnType<Sandbox['createUser']>;

/** The whole system as a server owner runs it, every part a process of its own, the engine the real one at toy size. */
export interface Stack extends AsyncDisposable {
  readonly discord: Sandbox;
  readonly redis: TestRedis;
  readonly channel: Channel;
  readonly ada: Person;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** If the test that runs fails, the ends of all logs and the channel are shown. */
  explainFailure(): void;
  startBot(): Promise<Part>;
  /** Starts a worker and waits until it takes jobs. */
  startWorker(name?: string): Promise<Part>;
  /** Final messages in the channel: videos, and reasons why there is none. Not the status messages that they reply to. */
  finals(): Message[];
  /** Runs `/humo` with the example files, or what is given, and waits for the first answer. */
  ask(options?: Parameters<Person['run']>[1]): Promise<Message>;
  /** Waits for a video in the channel. */
  video(): Promise<Message>;
  /** Call it before asking: resolves when the engine has made the first step of a clip. */
  denoising(): Promise<{ readonly reached: Promise<void> }>;
  /** Decodes the video of a message from end to end. */
  probe(message: Message): Promise<ProbedVideo>;
  /** The process ids of the engines that the given worker runs. */
  enginesOf(worker: Part): Promise<number[]>;
}

export const portrait = () => file(join(projectRoot, 'examples', 'portrait.png'));
export const speech = () => file(join(projectRoot, 'examples', 'speech.ogg'));

/** For a clip of the tiny profile on a busy machine, a cold start of the engine included. */

export async function startStack(): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'humo-e2e-'));
  const redis = await startRedis({ appendOnly: true });
  const discord = await startSandbox({ firstResponse: minute });
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));
  const environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    ...discord.environment,
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: 'tiny',
    HUMO_MODELS: '17b',
    // A killed worker's job is free after this long instead of half a minute.
    QUEUE_LOCK_SECONDS: '3',
  };
  const parts: Part[] = [];
  const closing: (() => Promise<void>)[] = [];
  const start = (name: string, source: string, change: NodeJS.ProcessEnv = {}) => {
    const part = startPart({ name, file: source, environment: { ...environment, ...change } });
    parts.push(part);
    return part;
  };
  return {
    ...{ discord, redis, channel, ada, folder, environment },
    explainFailure() {
      onTestFailed(() => {
        for (const part of parts) console.error(`— ${part.name} —\n${readableTail(part.lines, 40)}`);
        console.error(
          `— channel —\n${channel.messages.map((message) => `${message.id} ${message.text}`).join('\n')}`,
        );
      });
    },
    async startBot() {
      await agreedBefore(environment, [ada]);
      const bot = start('bot', 'src/bot/main.ts');
      await bot.logged('ready');
      return bot;
    },
    async startWorker(name = 'worker') {
      const worker = start(name, 'src/worker/main.ts', { WORKER_NAME: name });
      await worker.logged('taking jobs');
      return worker;
    },
    finals: () =>
      channel.messages.filter(
        (message) => message.fromBot && !message.deleted && typeof message.repliesTo === 'string',
      ),
    // 49 frames: enough to be met in the middle, and half of what the model sees at once.
    async ask(options = { prompt: 'She speaks', image: portrait(), audio: speech(), audio_end: 1.96 }) {
      const command = await ada.run('/humo', options, { channel });
      const { message } = await command.firstResponse();
      if (message === undefined) throw new Error('the first answer has no message');
      await message.waitUntil((now) => !now.loading && now.text !== '', patience);
      // A refusal is for the person alone, so no video will ever reply to it.
      if (message.ephemeral) throw new Error(`refused: ${message.text}`);
      return message;
    },
    video: () =>
      channel.waitForMessage((message) => message.fromBot && message.attachments.some(isVideo), patience),
    async denoising() {
      const queue = createGenerationQueue(loadBotConfig(environment), createLogger('test', 'silent'));
      const reached = Promise.withResolvers<void>();
      const watching = await queue.watch((event) => {
        if (event.kind === 'progress' && event.progress.stage === 'denoise' && event.progress.step > 0)
          reached.resolve();
      });
      closing.push(async () => {
        await watching.close();
        await queue.close();
      });
      return { reached: reached.promise };
    },
    async probe(message) {
      const video = message.attachments.find(isVideo);
      if (video === undefined) throw new Error(`no video in: ${message.text}`);
      const path = join(folder, video.filename);
      await writeFile(path, await video.bytes());
      return probeVideo(path, { scratch: folder, timeoutMilliseconds: 60_000 });
    },
    async enginesOf(worker) {
      const found: number[] = [];
      for (const name of await readdir('/proc')) {
        if (!/^\d+$/.test(name)) continue;
        const [status, command] = await Promise.all([
          readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''),
          readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''),
        ]);
        // pid (comm) state ppid …; the name may hold spaces and brackets itself
        const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
        // `serve` makes videos; the voices are another process.
        if (parent === worker.processId && command.split('\0').includes('serve')) found.push(Number(name));
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(closing.map(async (close) => close()));
      await Promise.all(parts.map(async (part) => part.stop('SIGKILL')));
      await discord.close();
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isVideo({ filename }: { readonly filename: string }): boolean {
  return filename.endsWith('.mp4');
}
