import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../../sandbox/scripting/sandbox.ts';
import { startSandbox } from '../../../sandbox/start.ts';
import { startPart } from '../../../scripts/support/part.ts';
import type { Part } from '../../../scripts/support/part.ts';
import { loadBotConfig, projectRoot } from '../../../src/config/environment.ts';
import { createLogger } from '../../../src/log.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import type { GenerationQueue } from '../../../src/queue/interfaces.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { createArtifactStore } from '../../../src/storage/create.ts';
import { resultWith } from '../../support/generation.ts';
import { agreedBefore } from '../../support/agreed.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { hasStatus, idOf, makeVideo, picture, speech, until } from './scene.ts';
import { patience } from '../../support/patience.ts';
import { minute } from '../../../src/units.ts';

let discord: Sandbox;
let redis: TestRedis;
let folder: string;
let environment: Record<string, string>;
let queue: GenerationQueue;
const parts: Part[] = [];
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bot-process-'));
  redis = await startRedis({ appendOnly: true });
  discord = await startSandbox({ firstResponse: minute });
  environment = {
    ...discord.environment,
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: 'tiny',
    QUEUE_LOCK_SECONDS: '2',
  };
  queue = createGenerationQueue(loadBotConfig(environment), createLogger('test', 'silent'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
afterAll(async () => {
  await Promise.all(parts.map((part) => part.stop('SIGKILL')));
  await queue.close();
  await discord.close();
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the bot as `npm run bot` does. */
function startBotProcess(overrides: Record<string, string> = {}): Part {
  const bot = startPart({
    name: 'bot',
    file: 'src/bot/main.ts',
    environment: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment, ...overrides },
  });
  parts.push(bot);
  return bot;
}

let running: Part | undefined;

/** The bot that the test before has left, or a new one: a start takes longer than most of what is tried here. */
async function runningBot(): Promise<Part> {
  if (running === undefined) {
    running = startBotProcess();
    await running.logged('ready');
  }
  return running;
}

async function endBot(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
  const bot = await runningBot();
  running = undefined;
  return bot.stop(signal);
}

/** A worker that ends every job with a real video. */
async function startWorker() {
  const config = loadBotConfig(environment);
  const works = createWorkQueue(config, createLogger('test', 'silent'));
  const store = createArtifactStore(config);
  cleanups.push(
    () => works.close(),
    () => store.close(),
  );
  await works.consume({
    models: ['17b', '1_7b'],
    workerId: 'in-test',
    async work({ id }) {
      const path = join(folder, `${id}.mp4`);
      await makeVideo(path, 300_000);
      const { bytes } = await store.put(`videos/${id}.mp4`, { path });
      return resultWith({ video: `videos/${id}.mp4`, bytes });
    },
  });
}

function meet() {
  const guild = discord.createGuild();
  const channel = guild.createChannel('general');
  return { channel, ada: guild.addMember(discord.createUser('ada')) };
}

const isVideo = ({ attachments, fromBot }: { attachments: readonly unknown[]; fromBot: boolean }) =>
  fromBot && attachments.length === 1;

test('bad configuration: one message that names every variable, and status 78', async () => {
  const bot = startBotProcess({ DISCORD_TOKEN: 'short', LOG_LEVEL: 'loud', REDIS_URL: 'nowhere' });
  expect(await bot.ended).toBe(78);
  const said = bot.lines.join('\n');
  for (const name of ['DISCORD_TOKEN', 'LOG_LEVEL', 'REDIS_URL']) expect(said).toContain(name);
});

test('a Redis that is not there: the bot says so and ends', async () => {
  const bot = startBotProcess({ REDIS_URL: `unix://${folder}/none.sock` });
  expect(await bot.ended).toBe(1);
  expect(bot.lines.join('\n')).toContain('Redis (REDIS_URL) cannot be used');
});

test('killed after accepting: the next process delivers, once', async () => {
  await runningBot();
  const { channel, ada } = meet();
  await agreedBefore(environment, [ada]);
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), audio: speech() }, { channel });
  const status = await channel.waitForMessage(hasStatus, patience);
  await endBot('SIGKILL');
  await startWorker();
  await runningBot();
  const result = await channel.waitForMessage(isVideo, patience);
  expect(result.repliesTo).toBe(status.id);
  await status.waitUntil(({ buttons }) => buttons.length === 0, patience);
  expect(channel.messages.filter(isVideo).length).toBe(1);
});

test('killed while uploading: exactly one video', async () => {
  await runningBot();
  const { channel, ada } = meet();
  await agreedBefore(environment, [ada]);
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const status = await channel.waitForMessage(hasStatus, patience);
  const held = discord.faults.pause({
    method: 'POST',
    path: `/channels/${channel.id}/messages`,
    when: 'after',
  });
  await startWorker();
  await held.reached;
  await endBot('SIGKILL');
  held.release();
  // Longer than Discord remembers a nonce: the message has to be found.
  discord.clock.advance('10m');
  await runningBot();
  const generation = await until(async () => {
    const found = await queue.get(idOf(status.text));
    return found?.status === 'delivered' ? found : undefined;
  });
  const videos = channel.messages.filter(isVideo);
  expect(videos.map(({ id }) => id)).toEqual([generation.reply.finalMessageId]);
});

test('killed while reading files: the next process says that nothing was queued', async () => {
  await runningBot();
  // Before it accepts anything from a guest, the bot makes sure that it can write to them: there it is held, and dies.
  const elsewhere = discord.createGuild({ botIsMember: false });
  const eve = elsewhere.addMember(discord.createUser('eve', { hasInstalledApplication: true }));
  const lobby = elsewhere.createChannel('lobby');
  await agreedBefore(environment, [eve]);
  const held = discord.faults.pause({ method: 'POST', path: '/users/@me/channels' });
  await eve.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: lobby });
  await held.reached;
  await endBot('SIGKILL');
  held.release();
  await runningBot();
  const told = await lobby.waitForMessage(({ text }) => text.includes('nothing was queued'));
  expect(told.loading).toBe(false);
  expect(await queue.list({ userId: eve.id })).toEqual([]);
  expect(await readdir(join(folder, 'intake'))).toEqual([]);
});

test('SIGTERM while it sends: it finishes, and ends with status 0 within ten seconds', async () => {
  const bot = await runningBot();
  const { channel, ada } = meet();
  await agreedBefore(environment, [ada]);
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const status = await channel.waitForMessage(hasStatus, patience);
  const held = discord.faults.pause({ method: 'POST', path: `/channels/${channel.id}/messages` });
  await startWorker();
  await held.reached;
  const ended = endBot('SIGTERM');
  await bot.logged('stopping');
  held.release();
  // What takes longer ends with 1.
  expect(await ended).toBe(0);
  expect(channel.messages.filter(isVideo).length).toBe(1);
  expect((await queue.get(idOf(status.text)))?.status).toBe('delivered');
});

test('npm run register: shows the difference, applies it, and then has nothing to change', async () => {
  await using own = await startSandbox({ firstResponse: minute });
  const register = (...args: string[]) =>
    execa(process.execPath, ['src/bot/register-commands.ts', ...args], {
      cwd: projectRoot,
      env: { ...environment, ...own.environment },
    });
  expect((await register('--dry-run')).stdout).toContain('+ humo');
  expect(own.commands).toEqual([]);
  expect((await register()).stdout).toContain('Applied.');
  expect(own.commands.map(({ name }) => name)).toContain('humo');
  const again = await register();
  expect(again.stdout).toContain('= humo');
  expect(again.stdout).toContain('Nothing to change.');
  expect(own.requests.filter(({ method }) => method === 'PUT').length).toBe(1);
});

test('Redis goes away while the bot runs: the person is told, and it works again when Redis is back', async () => {
  await runningBot();
  const { channel, ada } = meet();
  await agreedBefore(environment, [ada]);
  await redis.kill();
  const refused = await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  expect(await refused.firstResponse()).toMatchObject({ kind: 'message', ephemeral: true });
  await refused.waitForMessage(({ text }) => text.includes('can’t reach my queue'), patience);
  await redis.restart();
  await until(async () => {
    const command = await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
    const answer = await command.waitForMessage(({ loading }) => !loading, patience);
    // What it says until then is that the queue is away, and nothing else: any other answer would come again and again.
    if (!hasStatus(answer)) expect(answer.text).toContain('can’t reach my queue');
    return hasStatus(answer) ? answer : undefined;
  });
  expect(await queue.list({ userId: ada.id })).toHaveLength(1);
});
