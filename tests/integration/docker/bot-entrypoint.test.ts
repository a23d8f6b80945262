import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quickStart } from '../../../scripts/support/quick-start.mjs';
import type { Sandbox } from '../../../sandbox/scripting/sandbox.ts';
import { startSandbox } from '../../../sandbox/start.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { minute } from '../../../src/units.ts';

const entrypoint = join(projectRoot, 'docker/bot/entrypoint.sh');
/** Stands for the container's volume. */
let volume: string;
let redis: TestRedis;
let discord: Sandbox;

beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'humo-bot-container-'));
  redis = await startRedis({ tcp: true, password: 'pw' });
  discord = await startSandbox({ firstResponse: minute });
});
afterEach(async () => {
  await discord.close();
  await redis.stop();
  await rm(volume, { recursive: true, force: true, maxRetries: 5 });
});

function start(command: string, args: readonly string[], variables: Record<string, string> = {}) {
  return execa(command, args, {
    env: {
      ...quickStart(process.env),
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      ...discord.environment,
      REDIS_URL: redis.url,
      HUMO_PROFILE: 'tiny',
      DATA_DIRECTORY: volume,
      ...variables,
    },
    extendEnv: false,
    reject: false,
    all: true,
    forceKillAfterDelay: false,
  });
}

/** Resolves when the bot says that it is ready; throws with all it said if it ends before. */
async function ready(bot: ReturnType<typeof start>): Promise<void> {
  const isReady = Promise.withResolvers<void>();
  let said = '';
  bot.all.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('"msg":"ready"')) isReady.resolve();
  });
  bot.all.once('end', () => isReady.reject(new Error(said)));
  await isReady.promise;
}

test('the bot becomes ready, and SIGTERM ends it within seconds', async () => {
  const bot = start(entrypoint, []);
  await ready(bot);
  bot.kill('SIGTERM');
  // What takes longer than ten seconds ends with 1.
  expect((await bot).exitCode).toBe(0);
});

test('a wrong configuration is one message, and status 78', async () => {
  const { exitCode, all } = await start(entrypoint, [], { DISCORD_TOKEN: '' });
  expect(exitCode).toBe(78);
  expect(all).toContain('DISCORD_TOKEN');
});

/** A root file system of one's own, read-only but for the volume: as root only, and not in every container. */
const readOnly = [
  '--mount',
  'sh',
  '-c',
  'mount --bind "$DATA_DIRECTORY" "$DATA_DIRECTORY" && mount -o remount,bind,ro / && ! touch /probe 2>/dev/null && exec "$@"',
  'sh',
];
const canBeReadOnly =
  execaSync('unshare', [...readOnly, 'true'], { env: { DATA_DIRECTORY: tmpdir() }, reject: false })
    .exitCode === 0;

test.runIf(canBeReadOnly)('it needs no file system to write to but its volume', async () => {
  const bot = start('unshare', [...readOnly, entrypoint]);
  await ready(bot);
  bot.kill('SIGTERM');
  expect((await bot).exitCode).toBe(0);
  expect(await readdir(volume)).not.toEqual([]);
});
