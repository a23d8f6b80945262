/**
 * How soon 200 people who run `/humo` with files within 10 s get their first answer, and whether every request ends up in the queue. The
 * bot is the real process, with a real Redis; Discord is the sandbox. Beside it, in the same run and under the same load, a bare
 * discord.js bot that does nothing but defer.
 *
 * Run with `npm run bench` or `node bench/acknowledge.ts [people] [seconds]`. Exits with 1 when a limit is missed.
 */
import botProcess from '../scripts/support/bot-process.json' with { type: 'json' };
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApplicationCommandOptionType, Client, Events, GatewayIntentBits } from 'discord.js';
import { execa } from 'execa';
import { file, startSandbox } from '../sandbox/start.ts';
import { loadBotConfig } from '../src/config/environment.ts';
import { createLogger } from '../src/log.ts';
import { createGenerationQueue } from '../src/queue/create-generation-queue.ts';
import { agreedBefore } from '../tests/support/agreed.ts';
import { startRedis } from '../tests/support/redis.ts';

const maximumLimit = 2_500;
const medianLimit = 300;
/** for the reading of all files, which goes on long after the first answers */
const acceptanceTimeout = 10 * 60_000;

if (process.argv[2] === '--bare-bot') await runBareBot();
else await main();

/** The least that a bot can do: this process's time is discord.js and the machine. */
async function runBareBot(): Promise<void> {
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    rest: { api: process.env['DISCORD_API_URL'] ?? '' },
  });
  client.on(Events.InteractionCreate, (interaction) => {
    if (interaction.isChatInputCommand()) void interaction.deferReply();
  });
  const { Attachment, String: text } = ApplicationCommandOptionType;
  const command = {
    name: 'humo',
    description: 'only defers',
    options: [
      { name: 'prompt', description: 'text', type: text, required: true },
      { name: 'image', description: 'file', type: Attachment },
      { name: 'audio', description: 'file', type: Attachment },
    ],
  } as const;
  client.once(Events.ClientReady, ({ application }) => void application.commands.set([command]));
  await client.login(process.env['DISCORD_TOKEN']);
}

async function main(): Promise<void> {
  const people = Number(process.argv[2] ?? 200);
  const seconds = Number(process.argv[3] ?? 10);
  const folder = await mkdtemp(join(tmpdir(), 'bench-acknowledge-'));
  try {
    const files = await makeFiles(folder);
    const bare = await measure('bare', people, seconds, files, folder);
    const bot = await measure('bot', people, seconds, files, folder);
    const result = {
      bench: 'acknowledge',
      machine: { cores: availableParallelism(), node: process.version },
      people,
      seconds,
      bareMilliseconds: bare.summary,
      botMilliseconds: bot.summary,
      answered: bot.answered,
      accepted: bot.accepted,
      allAcceptedAfterSeconds: bot.acceptedAfter,
      limits: { maximum: maximumLimit, median: medianLimit },
    };
    console.log(JSON.stringify(result));
    const holds =
      bot.answered === people &&
      bot.accepted === people &&
      bot.summary.max <= maximumLimit &&
      bot.summary.median <= medianLimit;
    if (!holds) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Files {
  readonly image: Buffer;
  readonly audio: Buffer;
}

/** A photograph's worth of pixels, and twenty seconds of sound. */
async function makeFiles(folder: string): Promise<Files> {
  const [image, audio] = [join(folder, 'face.jpg'), join(folder, 'speech.mp3')];
  await execa`ffmpeg -v error -f lavfi -i testsrc2=size=1600x1200 -vf noise=alls=20 -frames:v 1 ${image}`;
  await execa`ffmpeg -v error -f lavfi -i sine=frequency=300:duration=20 -ac 2 -b:a 128k ${audio}`;
  return { image: await readFile(image), audio: await readFile(audio) };
}

async function measure(kind: 'bare' | 'bot', people: number, seconds: number, files: Files, folder: string) {
  await using redis = await startRedis({ appendOnly: true });
  await using discord = await startSandbox();
  const environment = {
    ...discord.environment,
    REDIS_URL: redis.url,
    DATA_DIRECTORY: join(folder, kind),
    HUMO_PROFILE: 'tiny',
    LOG_LEVEL: 'warn',
  };
  const script =
    kind === 'bare'
      ? [fileURLToPath(import.meta.url), '--bare-bot']
      : [...botProcess.flags, fileURLToPath(new URL('../src/bot/main.ts', import.meta.url))];
  const bot = execa(process.execPath, script, { env: environment, reject: false, stderr: 'inherit' });
  try {
    await discord.waitForCommand('humo', { timeout: 60_000 });
    const guild = discord.createGuild({ boostTier: 3 });
    const users = Array.from({ length: people }, (_, index) =>
      guild.addMember(discord.createUser(`user-${index}`)),
    );
    await agreedBefore(environment, users);
    // People are in many channels; one alone would measure Discord's limits and not the bot.
    const channels = Array.from({ length: 20 }, (_, index) => guild.createChannel(`channel-${index}`));
    const start = performance.now();
    const answers = await Promise.allSettled(
      users.map(async (user, index) => {
        await pause((index * seconds * 1000) / people);
        const channel = channels[index % channels.length];
        if (channel === undefined) throw new Error('there is no channel');
        const values = {
          prompt: `Person number ${index} speaks`,
          image: file(files.image, 'face.jpg'),
          audio: file(files.audio, 'speech.mp3'),
        };
        const command = await user.run('/humo', values, { channel });
        return (await command.firstResponse()).took;
      }),
    );
    const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    let accepted = 0;
    if (kind === 'bot') {
      const queue = createGenerationQueue(loadBotConfig(environment), createLogger('bench', 'silent'));
      while (performance.now() - start < acceptanceTimeout && accepted < people) {
        await pause(250);
        accepted = (await queue.list({ limit: people })).length;
      }
      await queue.close();
    }
    const acceptedAfter = Math.round((performance.now() - start) / 100) / 10;
    return { summary: summarise(taken), answered: taken.length, accepted, acceptedAfter };
  } finally {
    bot.kill('SIGTERM');
    await bot;
  }
}

function summarise(taken: readonly number[]) {
  const sorted = taken.toSorted((first, second) => first - second);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}
