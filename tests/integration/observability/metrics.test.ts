import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { execa } from 'execa';
import { RateLimitError, REST, RESTEvents, Routes } from 'discord.js';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { restOptions } from '../../../src/bot/client.ts';
import { BotMetrics } from '../../../src/observability/bot-metrics.ts';
import { Health } from '../../../src/observability/health.ts';
import { serveHealth } from '../../../src/observability/server.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { openDesk } from '../../support/desk.ts';
import { sample } from '../../support/metrics.ts';
import { silent, testConfig, testDraft } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';
import { picture, startScene, until } from '../bot/scene.ts';

async function scrape(port: unknown, path = '/metrics') {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
  return { status: response.status, text: await response.text() };
}

function exported(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
}

test('a bot and a worker show what they did, and no person', async () => {
  const work = await mkdtemp(join(tmpdir(), 'humo-metrics-'));
  const redis = await startRedis();
  const queue = createGenerationQueue(testConfig(redis.url, work), silent);
  try {
    await using scene = await startScene({ HEALTH_PORT: '0' });
    await scene.work(scene.finish);
    await scene.ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: scene.channel });
    await scene.channel.waitForMessage(({ attachments }) => attachments.length === 1);
    const bot = await until(async () => {
      const { text } = await scrape(scene.healthPort);
      return sample(text, 'humo_deliveries_total', 'outcome="sent"') === 1 ? text : undefined;
    });
    expect(sample(bot, 'humo_actions_total', 'kind="slash"', 'name="humo"')).toBe(1);
    expect(sample(bot, 'humo_workers', 'model="17b"')).toBe(1);
    expect(sample(bot, 'humo_discord_up')).toBe(1);
    expect(sample(bot, 'humo_redis_memory_bytes')).toBeGreaterThan(0);
    expect(bot).not.toContain(scene.ada.id);
    expect(bot).not.toContain(scene.guild.id);
    expect(await scrape(scene.healthPort, '/readyz')).toMatchObject({ status: 200 });

    const worker = startWorkerProcess({
      redisUrl: redis.url,
      prefix: 'test',
      folder: work,
      name: 'w1',
      script: {},
    });
    await worker.ready;
    const port = worker.log.find(({ msg }) => msg === 'health checks and metrics')?.['port'];
    const desk = await openDesk(queue);
    const { id } = await queue.accept(testDraft('1000'));
    await desk.ending(id);
    const { text } = await scrape(port);
    expect(sample(text, 'humo_runs_total', 'outcome="done"')).toBe(1);
    expect(sample(text, 'humo_wait_seconds_count')).toBe(1);
    expect(sample(text, 'humo_stage_seconds_count', 'stage="compress"')).toBe(1);
    expect(sample(text, 'humo_engine_up')).toBe(1);
    expect(await scrape(port, '/readyz')).toMatchObject({ status: 200 });
    expect((await scrape(port, '/')).status).toBe(404);
    // What a container's HEALTHCHECK runs.
    for (const asked of [port, scene.healthPort]) {
      const check = await execa(process.execPath, [join(projectRoot, 'docker/healthcheck.mjs')], {
        env: { HEALTH_PORT: String(asked) },
        extendEnv: false,
      });
      expect(check.stdout).toContain('healthy: {"status":"ok"');
    }
    await worker.end('SIGTERM');
  } finally {
    await queue.close();
    await redis.stop();
    await rm(work, { recursive: true, force: true });
  }
});

test('requests that Discord refuses show, whichever connection they went over', async () => {
  await using scene = await startScene({ HEALTH_PORT: '0' });
  const { discord, channel, ada } = scene;
  // Of this process, like the bot, and it is the process that discord.js counts for.
  const { DISCORD_API_URL: api = '', DISCORD_TOKEN: token = '' } = discord.environment;
  const other = new REST({ api, globalRequestsPerSecond: 1e6, invalidRequestWarningInterval: 1 });
  other.setToken(token);
  const refusedOnce = async (): Promise<number> => {
    const counted = new Promise<number>((resolve) => {
      other.once(RESTEvents.InvalidRequestWarning, (warning) => resolve(warning.count));
    });
    discord.faults.add({ method: 'GET', path: `/channels/${channel.id}`, status: 403, code: 50_001 });
    await expect(other.get(Routes.channel(channel.id))).rejects.toMatchObject({ status: 403 });
    return counted;
  };
  let count = await refusedOnce();
  while (count % 100 !== 99) count = await refusedOnce();
  expect(sample((await scrape(scene.healthPort)).text, 'humo_discord_invalid_requests')).toBe(0);
  await scene.work(scene.finish);
  discord.faults.add({ method: 'POST', path: `/channels/${channel.id}/messages`, status: 403, code: 50_013 });
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const shown = await until(async () => {
    const { text } = await scrape(scene.healthPort);
    return sample(text, 'humo_discord_invalid_requests') || undefined;
  });
  expect(shown).toBe(count + 1);
});

test('what waits shows with its age, and a worker that is still loading is not ready', async () => {
  const redis = await startRedis();
  const work = await mkdtemp(join(tmpdir(), 'humo-metrics-'));
  const queue = createGenerationQueue(testConfig(redis.url, work), silent);
  const worker = startWorkerProcess({
    redisUrl: redis.url,
    prefix: 'test',
    folder: work,
    name: 'w1',
    script: { mute: true },
  });
  try {
    await queue.accept(testDraft('1000'));
    const depth = await queue.depth();
    expect(depth.models.find(({ model }) => model === testDraft('1000').request.model)).toMatchObject({
      waiting: 1,
      running: 0,
      workers: 0,
    });
    expect(await queue.server()).toMatchObject({ usedBytes: expect.any(Number) });
    const port = await until(
      async () => worker.log.find(({ msg }) => msg === 'health checks and metrics')?.['port'],
    );
    const ready = await scrape(port, '/readyz');
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text)).toMatchObject({
      parts: { engine: { ok: false, message: 'starting' }, redis: { ok: true } },
    });
    expect((await scrape(port, '/healthz')).status).toBe(200);
  } finally {
    await worker.end('SIGTERM');
    await queue.close();
    await redis.stop();
    await rm(work, { recursive: true, force: true });
  }
});

test('while Redis is away the metrics say that, and nothing old', async () => {
  const work = await mkdtemp(join(tmpdir(), 'humo-metrics-'));
  const redis = await startRedis({ appendOnly: true });
  const queue = createGenerationQueue(testConfig(redis.url, work), silent);
  const { registry } = new BotMetrics(queue, work);
  const log = pino({ level: 'silent' });
  const served = await serveHealth({ host: '127.0.0.1', port: 0, health: new Health({}), registry, log });
  try {
    await queue.accept(testDraft('1000'));
    const before = (await scrape(served.port)).text;
    expect(sample(before, 'humo_redis_up')).toBe(1);
    expect(sample(before, 'humo_queue_waiting', 'model="17b"')).toBe(1);
    expect(sample(before, 'humo_redis_append_only')).toBe(1);
    await redis.kill();
    const { status, text } = await scrape(served.port);
    expect(status).toBe(200);
    expect(sample(text, 'humo_redis_up')).toBe(0);
    expect(sample(text, 'humo_disk_free_bytes')).toBeGreaterThan(0);
    expect(exported(text).filter((name) => /^humo_(queue|workers|redis)/.test(name))).toEqual([
      'humo_redis_up',
    ]);
    await redis.restart();
    const after = await until(async () => {
      const again = (await scrape(served.port)).text;
      return sample(again, 'humo_redis_up') === 1 ? again : undefined;
    });
    expect(sample(after, 'humo_queue_waiting', 'model="17b"')).toBe(1);
  } finally {
    await served.stop();
    await queue.close();
    await redis.stop();
    await rm(work, { recursive: true, force: true });
  }
});

test('a refusal for too many requests that says no time, as a proxy’s, is not asked again and again', async () => {
  let asked = 0;
  const proxy = createServer((request, response) => {
    asked += 1;
    request.resume();
    response.writeHead(429, { 'content-type': 'text/html' }).end('error code: 1015');
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const rest = new REST({ api: `http://127.0.0.1:${port}`, ...restOptions }).setToken('x');
  await expect(rest.get('/users/@me')).rejects.toBeInstanceOf(RateLimitError);
  expect(asked).toBe(1);
  proxy.close();
  proxy.closeAllConnections();
});

test('a path that is no address ends nobody, and who closes their side is answered', async () => {
  const log = pino({ level: 'silent' });
  const parts = { health: new Health({}), registry: new Registry(), log };
  const served = await serveHealth({ host: '127.0.0.1', port: 0, ...parts });
  const said = async (target: string) => {
    const socket = connect(served.port ?? 0, '127.0.0.1');
    socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return (await readText(socket)).split('\r\n')[0];
  };
  expect(await said('//')).toBe('HTTP/1.1 404 Not Found');
  expect(await said('/readyz?x')).toBe('HTTP/1.1 200 OK');
  expect(await said('http://x:1/healthz')).toBe('HTTP/1.1 200 OK');
  await served.stop();
});

test('a port that is taken is no reason to stop working', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const served = await serveHealth({
    host: '127.0.0.1',
    port,
    health: new Health({}),
    registry: new Registry(),
    log: pino({ level: 'silent' }),
  });
  expect(served.port).toBeNull();
  await served.stop();
  other.close();
});
