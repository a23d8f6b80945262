import botProcess from '../scripts/support/bot-process.json' with { type: 'json' };
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import sharp from 'sharp';
import { startSandbox } from '../sandbox/start.ts';
import type { SandboxOptions } from '../sandbox/start.ts';
import { loadBotConfig } from '../src/config/environment.ts';
import { createLogger } from '../src/log.ts';
import { createWorkQueue } from '../src/queue/jobs/create-work-queue.ts';
import { createArtifactStore } from '../src/storage/create.ts';
import { startRedis } from '../tests/support/redis.ts';

/**
 * The bot as the process that it is, whose memory can be looked at, with a Redis, a Discord and a store of its own, and what a bench needs to do
 * a worker's part.
 *
 * @param name of the bench; its folder begins with it
 * @param given.sandbox for the sandbox, which has no rate limits; `environment`: for the bot, beside what all of them have
 */
export async function startMeasuredBot(
  name: string,
  given: {
    readonly sandbox?: Omit<SandboxOptions, 'rateLimits'>;
    readonly environment?: NodeJS.ProcessEnv;
  } = {},
) {
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), `bench-${name}-`));
  const redis = opening.use(await startRedis());
  // Rate limits would stretch this to hours; what the bot keeps does not depend on them.
  const discord = opening.use(await startSandbox({ ...given.sandbox, rateLimits: false }));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  const environment = {
    ...discord.environment,
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: 'tiny',
    LOG_LEVEL: 'warn',
    ...given.environment,
  };
  const config = loadBotConfig(environment);
  const store = createArtifactStore(config);
  opening.defer(() => store.close());
  const works = createWorkQueue(config, createLogger('bench', 'silent'));
  opening.defer(() => works.close());
  const script = fileURLToPath(new URL('../src/bot/main.ts', import.meta.url));
  const bot = execa(process.execPath, [...botProcess.flags, script], {
    env: { ...environment, ...botProcess.environment },
    reject: false,
    stderr: 'inherit',
  });
  opening.defer(async () => {
    bot.kill('SIGTERM');
    await bot;
  });
  await discord.waitForCommand('humo', { timeout: 60_000 });
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'grey' } })
    .png()
    .toBuffer();
  const opened = opening.move();
  return {
    ...{ folder, environment, discord, store, works, picture },
    /** What the bot holds, by the kernel's own count: `VmRSS` now, `VmHWM` at most so far. Linux only, as the bot's image is. */
    async kibibytes(which: 'VmRSS' | 'VmHWM'): Promise<number> {
      const status = await readFile(`/proc/${bot.pid ?? 0}/status`, 'utf8');
      return Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
