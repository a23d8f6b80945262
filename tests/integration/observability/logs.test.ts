import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import { file, startSandbox } from '../../../sandbox/start.ts';
import { parseLogLine } from '../../../scripts/support/part.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { rightPassword, secret } from '../../support/failing-process.ts';
import { agreedBefore } from '../../support/agreed.ts';
import { startRedis } from '../../support/redis.ts';
import { startBotAndWorker } from '../../support/bot-and-worker.ts';
import { idOf } from '../bot/scene.ts';
import { minute } from '../../../src/units.ts';

vi.setConfig({ testTimeout: 900_000 });

async function failingProcess(mode: string) {
  await using redis = await startRedis({ password: rightPassword });
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    [join(projectRoot, 'tests/support/failing-process.ts'), mode, join(redis.folder, 'redis.sock')],
    { reject: false, timeout: 600_000 },
  );
  return { lines: stdout.split('\n').filter((line) => line !== ''), stderr, exitCode };
}

test('errors of libraries are logged without the request, the command or the text that they carry', async () => {
  const { lines, stderr, exitCode } = await failingProcess('log');
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  const told = lines.map((line) => JSON.stringify(parseLogLine(line)?.['err']));
  for (const known of ['Invalid Form Body', 'ECONNREFUSED', 'WRONGTYPE', 'SyntaxError', 'exit code 3'])
    expect(
      told.some((text) => text.includes(known)),
      known,
    ).toBe(true);
  expect(lines.filter((line) => line.includes(secret))).toEqual([]);
});

test.each(['throw', 'forget'])(
  'a process that ends by an error says so in one line of its log (%s)',
  async (mode) => {
    const { lines, stderr, exitCode } = await failingProcess(mode);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 });
    expect(lines.map((line) => parseLogLine(line))).toMatchObject([
      { level: 60, error: { name: 'DiscordAPIError[50035]', message: 'Invalid Form Body' } },
    ]);
    expect(lines.join('\n')).not.toContain(secret);
  },
);

test('from the click to the delivery every step names the generation, and nothing that anybody wrote or sent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-logs-'));
  const password = 'a-password-of-redis';
  await using redis = await startRedis({ appendOnly: true, tcp: true, password });
  await using discord = await startSandbox({ firstResponse: minute });
  const guild = discord.createGuild({ name: 'Studio' });
  const channel = guild.createChannel('general');
  const ada = guild.addMember(discord.createUser('ada'));
  const { bot, worker } = startBotAndWorker({
    redisUrl: redis.url,
    discord,
    folder,
    environment: { LOG_LEVEL: 'info', QUEUE_LOCK_SECONDS: '1' },
    worker: {
      script: { babble: 'She whispers xylophone' },
      failingStores: 1,
      failingEncodes: { times: 1, words: 'No space left on device' },
    },
  });
  const connection = new Redis(parseRedisUrl(redis.url));
  connection.on('error', () => undefined);
  try {
    await Promise.all([bot.logged('ready'), worker.ready]);
    const places = { REDIS_URL: redis.url, REDIS_PREFIX: 'test', DATA_DIRECTORY: folder };
    await agreedBefore({ ...discord.environment, ...places }, [ada]);
    // What goes wrong on the way: edits of the status with the interaction's token, the delivery, and Redis.
    discord.faults.add({ method: 'PATCH', path: /^\/webhooks\//, status: 500, times: 8 });
    discord.faults.add({ method: 'POST', path: /\/messages$/, status: 400, code: 50_035 });
    const wish = {
      prompt: 'She whispers xylophone',
      image: file(join(projectRoot, 'examples/portrait.png'), 'my-private-face.png'),
    };
    await ada.run('/humo', wish, { channel });
    // What the channel refuses for good comes as a direct message.
    const video = await ada.directMessage.waitForMessage(({ attachments }) => attachments.length === 1, {
      timeout: 600_000,
    });
    const id = idOf(video.text);
    await bot.logged('delivered');
    const token = JSON.parse(
      (await connection.hget(`test:generation:${id}`, 'reply.interactionToken')) ?? 'null',
    );
    // In two steps: a bot that is slow to look finds Redis back before it has missed it.
    await redis.kill();
    await bot.logged('Redis is away');
    await redis.restart();
    await bot.logged('Redis is back');
    const lines = [...bot.lines, ...worker.log.map((entry) => JSON.stringify(entry))];
    const named = lines.map((line) => parseLogLine(line)).filter((entry) => entry?.['generationId'] === id);
    const messages = named.map((entry) => String(entry?.['msg']));
    for (const step of [
      'accepted',
      'took the job',
      'the engine begins',
      'the engine is done',
      'job ended',
      'delivering',
      'delivered',
    ])
      expect(messages).toContain(step);
    const secrets = ['xylophone', 'my-private-face', password, discord.token, String(token)];
    expect(String(token).length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(parseLogLine(line), line).not.toBeNull();
      for (const one of secrets) expect(line).not.toContain(one);
    }
  } finally {
    connection.disconnect();
    await Promise.all([bot.stop(), worker.end('SIGTERM')]);
    await rm(folder, { recursive: true, force: true });
  }
});
