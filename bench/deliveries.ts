/**
 * What the bot holds while eight of the largest videos are delivered at once, 100 MiB each, as in servers with the most boosts: its resident
 * size at most, beside that at rest. The bot is the real process, Redis and the store are real, Discord is the sandbox.
 *
 * Run with `npm run bench -- deliveries` or `node bench/deliveries.ts [videos] [MiB of each]`. Exits with 1 when it held more than 600 MB more.
 */
import botProcess from '../scripts/support/bot-process.json' with { type: 'json' };
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import sharp from 'sharp';
import { file, startSandbox } from '../sandbox/start.ts';
import { loadBotConfig } from '../src/config/environment.ts';
import { createLogger } from '../src/log.ts';
import { createWorkQueue } from '../src/queue/jobs/work-queue.ts';
import { createArtifactStore } from '../src/storage/create.ts';
import { videoKey } from '../src/storage/keys.ts';
import { mebibyte } from '../src/units.ts';
import { agreedBefore } from '../tests/support/agreed.ts';
import { resultWith } from '../tests/support/generation.ts';
import { startRedis } from '../tests/support/redis.ts';

const videos = Number(process.argv[2] ?? 8);
const bytes = Math.floor(Number(process.argv[3] ?? 99.5) * mebibyte);
const limitMegabytes = 600;

/** Megabytes, by the kernel's own count: `VmRSS` now, `VmHWM` at most so far. Linux only, as the bot's image is. */
async function megabytes(pid: number, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round((Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6);
}

const folder = await mkdtemp(join(tmpdir(), 'bench-deliveries-'));
await using redis = await startRedis();
await using discord = await startSandbox({ rateLimits: false });
const environment = {
  ...discord.environment,
  REDIS_URL: redis.url,
  DATA_DIRECTORY: folder,
  HUMO_PROFILE: 'tiny',
  LOG_LEVEL: 'warn',
};
const config = loadBotConfig(environment);
const store = createArtifactStore(config);
const works = createWorkQueue(config, createLogger('bench', 'silent'));
const script = fileURLToPath(new URL('../src/bot/main.ts', import.meta.url));
const bot = execa(process.execPath, [...botProcess.flags, script], {
  env: { ...environment, ...botProcess.environment },
  reject: false,
  stderr: 'inherit',
});
try {
  await discord.waitForCommand('humo', { timeout: 60_000 });
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'grey' } })
    .png()
    .toBuffer();
  const guild = discord.createGuild();
  guild.setBoostTier(3);
  const channel = guild.createChannel('general');
  const people = Array.from({ length: videos }, (_, index) => {
    return guild.addMember(discord.createUser(`user-${index}`));
  });
  await agreedBefore(environment, people);
  const arrived = Promise.withResolvers<void>();
  let posted = 0;
  discord.onMessage((event, { fromBot, attachments }) => {
    if (event !== 'posted' || !fromBot || attachments.length !== 1) return;
    posted += 1;
    if (posted === videos) arrived.resolve();
  });
  for (const person of people) {
    const command = await person.run(
      '/humo',
      { prompt: 'One', image: file(picture, 'face.png') },
      { channel },
    );
    await command.waitForMessage(({ loading }) => !loading, { timeout: 60_000 });
  }
  const rest = await megabytes(bot.pid ?? 0, 'VmRSS');
  // All are stored before the first is ready, and then they are ready at about the same time.
  const stored = Promise.all(people.map((_, index) => store.put(`videos/${index}.bin`, Buffer.alloc(bytes))));
  await works.consume({
    models: ['17b', '1_7b'],
    workerId: 'bench',
    async work({ id }) {
      await stored;
      const key = videoKey(id);
      await store.put(key, { path: join(folder, 'artifacts', 'videos', '0.bin') });
      return resultWith({ video: key, bytes, width: 64, height: 64, seconds: 1 });
    },
  });
  await arrived.promise;
  const most = await megabytes(bot.pid ?? 0, 'VmHWM');
  const held = most - rest;
  console.log(
    JSON.stringify({ bench: 'deliveries', videos, bytes, rest, most, held, limit: limitMegabytes }),
  );
  if (held > limitMegabytes) process.exitCode = 1;
} finally {
  bot.kill('SIGTERM');
  await bot;
  await works.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
}
