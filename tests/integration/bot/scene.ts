import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import sharp from 'sharp';
import type { Message } from '../../../sandbox/scripting/message.ts';
import type { Sandbox } from '../../../sandbox/scripting/sandbox.ts';
import { file, startSandbox } from '../../../sandbox/start.ts';
import type { SandboxOptions } from '../../../sandbox/start.ts';
import { startBot } from '../../../src/bot/bot.ts';
import type { RunningBot } from '../../../src/bot/bot.ts';
import { MediaIntake } from '../../../src/intake/media-intake.ts';
import { WaitingLimit } from '../../../src/intake/waiting-limit.ts';
import { readPreview } from '../../../src/bot/previews.ts';
import { StoredVideos } from '../../../src/bot/stored-videos.ts';
import { PostedVideos } from '../../../src/bot/provenance-check.ts';
import { systemClock } from '../../../src/bot/clock.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { loadBotConfig } from '../../../src/config/environment.ts';
import type { Generation, GenerationResult } from '../../../src/queue/contract/generation.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import type { Closable, GenerationQueue, WorkQueue } from '../../../src/queue/interfaces.ts';
import { createGpus } from '../../../src/queue/rented-gpus.ts';
import type { Gpus } from '../../../src/queue/rented-gpus.ts';
import { createSpeechDesk } from '../../../src/queue/jobs/speech.ts';
import { consentWording } from '../../../src/commands/support/consent.ts';
import { createPeople } from '../../../src/queue/people/people.ts';
import type { People } from '../../../src/queue/people/people.ts';
import { createModeration } from '../../../src/queue/moderation/redis-moderation.ts';
import type { Moderation } from '../../../src/queue/moderation/moderation.ts';
import type { ArtifactStore } from '../../../src/storage/store.ts';
import { createArtifactStore } from '../../../src/storage/create.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { resultWith } from '../../support/generation.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { wav } from '../../support/wav.ts';
import { z } from 'zod';

type Work = Parameters<WorkQueue['consume']>[0]['work'];
type Person = ReturnType<Sandbox['createUser']>;
type Guild = ReturnType<Sandbox['createGuild']>;
type Channel = ReturnType<Guild['createChannel']>;

/** A sandbox, a Redis and a bot in this process, with a guild to play in. */
export interface Scene extends AsyncDisposable {
  readonly discord: Sandbox;
  readonly guild: Guild;
  readonly channel: Channel;
  readonly ada: Person;
  readonly queue: GenerationQueue;
  readonly redisUrl: string;
  /** Redis answers nothing any more. @returns how it goes on */
  silenceRedis(): () => void;
  readonly dataDirectory: string;
  /** Keys in Redis that name somebody, or hold their id in a list. */
  keysWith(id: string): Promise<string[]>;
  /** of the bot's health checks and metrics */
  readonly healthPort: number | null;
  /** null unless the environment says who rents GPUs out; nobody looks after them here */
  readonly gpus: Gpus | null;
  readonly moderation: Moderation;
  readonly store: ArtifactStore;
  /** where the bot works on files */
  readonly scratchRoot: string;
  /** A worker in this process; {@link finish} is what most scenes want it to do. */
  work(work: Work): Promise<Closable>;
  /** Stores a real video, of about the given size, and describes it as a worker does. */
  readonly finish: (generation: Generation, change?: unknown, bytes?: number) => Promise<GenerationResult>;
  /** Stores a picture. @returns its key */
  storePreview(): Promise<string>;
  /** What ffprobe finds in the one attachment of a message. */
  probe(message: Message): Promise<{ video: string | undefined; audio: string | undefined }>;
  /** Someone who brought the bot along to a guild that it is no member of. */
  asGuest(): { eve: Person; elsewhere: Channel };
  /** Stops the bot and starts another one on the same Redis. @param change variables that are others from now on */
  restartBot(change?: Environment): Promise<void>;
  /** Starts one more bot, with the same token and on the same Redis; it stops with the scene. */
  anotherBot(): Promise<void>;
}

/**
 * Keys of a person that docs/privacy.md says are left after they erased what is stored: what limits count on, for an hour when that was, and
 * the last events of a queue, which name requests. (Redis packs many of them so that an id cannot be seen in them, and few so that it can.)
 */
export const leftOnPurpose =
  /^humo:(?:person:(?:all|\d+):\d+:used|erased:\d+|(?:generations\.\w+|deliveries|webhooks):events)$/;

type Environment = Readonly<Record<string, string>>;

const minute = 60_000;

/**
 * @param environment variables of the bot that differ; a function where they depend on who there is
 * @param options.asksForConsent people have yet to confirm that they may use a picture or voice
 * @param options.hurries the bot has as little time for a first answer as Discord gives it: elsewhere nothing depends on how busy the
 *   machine is
 * @param options.redis the server to use, which ends with the scene; else one of its own
 */
export async function startScene(
  environment: Environment | ((discord: Sandbox) => Environment) = {},
  {
    asksForConsent = false,
    hurries = false,
    redis: givenRedis,
    ...options
  }: SandboxOptions & {
    readonly asksForConsent?: boolean;
    readonly hurries?: boolean;
    readonly redis?: Pick<TestRedis, 'url' | 'standStill' | 'stop'>;
  } = {},
): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'bot-scene-'));
  const redis = givenRedis ?? (await startRedis());
  const discord = await startSandbox(hurries ? options : { firstResponse: minute, ...options });
  const configure = (change: Environment = {}) =>
    loadBotConfig({
      ...discord.environment,
      REDIS_URL: redis.url,
      DATA_DIRECTORY: folder,
      HUMO_PROFILE: 'tiny',
      ...(typeof environment === 'function' ? environment(discord) : environment),
      ...change,
    });
  let config = configure();
  const logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const clock = { ...systemClock, now: () => discord.clock.now() };
  const store = createArtifactStore(config);
  const scratchRoot = join(folder, 'scratch');
  const moderation = createModeration(config, logger);
  const stored = createPeople(config, logger);
  // In most scenes everybody has confirmed long ago that they may use their pictures.
  const people: People = asksForConsent
    ? stored
    : { ...stored, agreement: () => Promise.resolve({ wording: consentWording, at: 0 }) };
  const gpus = config.gpus === null ? null : createGpus(config, logger);
  const speechDesk = createSpeechDesk(config, logger);
  const start = async (dataDirectory = folder): Promise<{ queue: GenerationQueue; bot: RunningBot }> => {
    const queue = createGenerationQueue(config, logger);
    const bot = await startBot({
      config: { ...config, dataDirectory },
      queue,
      moderation,
      people,
      gpus,
      store,
      ...(hurries ? {} : { firstAnswerWithin: minute }),
      clock,
      logger,
      intake: new MediaIntake({ config, store, scratchRoot, speech: speechDesk }),
      speech: speechDesk,
      waitingLimit: new WaitingLimit(queue),
      videos: new StoredVideos({ config, store, scratchRoot, markOf: (id) => queue.markOf(id) }),
      scratchRoot,
      origins: new PostedVideos({ config, knowledge: queue, scratchRoot }),
      readPreview: (key) => readPreview(store, key),
    });
    return { queue, bot };
  };
  let running = await start();
  const others: (typeof running)[] = [];
  const stop = async ({ bot, queue } = running) => {
    await bot.stop();
    await queue.close();
  };
  const works = createWorkQueue(config, logger);
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));

  return {
    discord,
    guild,
    channel,
    ada,
    scratchRoot,
    moderation,
    gpus,
    store,
    redisUrl: redis.url,
    silenceRedis: () => redis.standStill(),
    dataDirectory: folder,
    async keysWith(id) {
      const connection = new Redis(parseRedisUrl(redis.url));
      try {
        const found: string[] = [];
        for (const key of await connection.keys('*')) {
          const dump = key.includes('audit') ? null : await connection.dumpBuffer(key);
          if (key.includes(id) || dump?.includes(id) === true) found.push(key);
        }
        return found;
      } finally {
        connection.disconnect();
      }
    },
    get queue() {
      return running.queue;
    },
    get healthPort() {
      return running.bot.healthPort;
    },
    work: (work) => works.consume({ models: ['17b', '1_7b'], workerId: 'in-test', work }),
    async finish(generation, _context, bytes = 200_000) {
      const path = join(folder, `${generation.id}.mp4`);
      await makeVideo(path, bytes);
      const video = `videos/${generation.id}.mp4`;
      const { width, height, seed } = generation.request;
      return resultWith({
        ...(await store.put(video, { path })),
        video,
        width,
        height,
        seed,
        seconds: 1,
        weights: 'random',
        engineSeconds: 1,
      });
    },
    async storePreview() {
      const key = 'previews/in-test.jpg';
      await store.put(key, await sharp(plain).jpeg().toBuffer());
      return key;
    },
    async probe(message) {
      const path = join(folder, 'probed.mp4');
      await writeFile(path, (await message.attachments[0]?.bytes()) ?? '');
      const { stdout } =
        await execa`ffprobe -v error -show_entries stream=codec_type,codec_name -of json ${path}`;
      const { streams } = probeSchema.parse(JSON.parse(stdout));
      const codec = (type: string) => streams.find(({ codec_type }) => codec_type === type)?.codec_name;
      return { video: codec('video'), audio: codec('audio') };
    },
    asGuest() {
      const other = discord.createGuild({ name: 'Elsewhere', botIsMember: false });
      const eve = other.addMember(discord.createUser('eve', { hasInstalledApplication: true }));
      return { eve, elsewhere: other.createChannel('lobby') };
    },
    async restartBot(change) {
      await stop();
      config = configure(change);
      running = await start();
    },
    async anotherBot() {
      others.push(await start(join(folder, `bot-${others.length + 2}`)));
    },
    async [Symbol.asyncDispose]() {
      await works.close();
      for (const one of [running, ...others]) await stop(one);
      await moderation.close();
      await people.close();
      await speechDesk.close();
      await discord.close();
      await store.close();
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const probeSchema = z.object({
  streams: z.array(z.object({ codec_type: z.string(), codec_name: z.string() })),
});

/** A PNG of 64 × 64 pixels: small enough that advice follows. */
export function picture() {
  return file(smallPicture, 'face.png');
}

const plain = { create: { width: 64, height: 64, channels: 3, background: '#c8a078' } } as const;
const smallPicture = await sharp(plain).png().toBuffer();

/** A WAV of a tone, 16 kHz mono. @param loudness 0 to 32,767 */
export function speech(seconds = 4, loudness = 9_000) {
  const samples = Buffer.alloc(Math.round(seconds * 16_000) * 2);
  for (let index = 0; index < samples.length / 2; index += 1) {
    samples.writeInt16LE(Math.round(loudness * Math.sin(index / 12)), index * 2);
  }
  return file(wav({ channels: 1, rate: 16_000 }, samples), 'speech.wav');
}

/** The generation's id, out of a text of the bot's. */
export function idOf(text: string): string {
  const id = /[0-9A-HJKMNP-TV-Z]{26}/.exec(text)?.[0];
  if (id === undefined) throw new Error(`no id in: ${text}`);
  return id;
}

/** Whether a message is a status message that has its first text. */
export function hasStatus({ text }: { readonly text: string }): boolean {
  return /-# [0-9A-HJKMNP-TV-Z]{26}/.test(text);
}

/** Asks again and again until there is an answer; for what tells no event. */
export async function until<T>(look: () => Promise<T | undefined>, timeout = 600_000): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`nothing found within ${timeout} ms`);
    await pause(20);
  }
}

let encoded: Promise<Buffer> | undefined;

/** One second of moving colours with a tone, encoded once for all tests of a file. */
async function encodeOnce(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'bot-scene-video-'));
  try {
    const path = join(folder, 'video.mp4');
    await execa`ffmpeg -y -f lavfi -i testsrc=size=256x144:rate=25:duration=1 -f lavfi -i sine=duration=1 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -c:a aac -movflags +faststart ${path}`;
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One second of moving colours with a tone, padded to a size with a box that players skip. */
export async function makeVideo(path: string, bytes: number): Promise<void> {
  const video = await (encoded ??= encodeOnce());
  const padding = Math.max(8, bytes - video.length);
  const box = Buffer.alloc(padding);
  box.writeUInt32BE(padding, 0);
  box.write('free', 4);
  await writeFile(path, Buffer.concat([video, box]));
}
