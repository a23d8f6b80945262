import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quickStart } from '../../../scripts/support/quick-start.mjs';
import { projectRoot } from '../../../src/config/environment.ts';
import { probeVideo } from '../../../src/media/probe.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { createArtifactStore } from '../../../src/storage/create.ts';
import { openDesk } from '../../support/desk.ts';
import { silent, testConfig, testDraft } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import { scriptedEngineCommand } from '../../support/scripted-engine.ts';

// Processes start and end here; a busy machine takes its time.
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-worker-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function startMain(environment: Record<string, string>) {
  return spawn(process.execPath, [join(projectRoot, 'src/worker/main.ts')], {
    env: { ...quickStart(process.env), PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('a bad configuration is one message that names every problem, and status 78', async () => {
  const worker = startMain({
    REDIS_URL: 'http://nowhere',
    HUMO_MODELS: '70b',
    HUMO_MEMORY_LIMIT_GIB: 'much',
  });
  const [message, [status]] = await Promise.all([text(worker.stderr), once(worker, 'exit')]);
  expect(status).toBe(78);
  for (const variable of ['REDIS_URL', 'HUMO_MODELS', 'HUMO_MEMORY_LIMIT_GIB']) {
    expect(message).toContain(`- ${variable}`);
  }
});

test('without Redis the worker says so and ends', async () => {
  const worker = startMain({
    REDIS_URL: `unix://${folder}/nothing.sock`,
    HUMO_PROFILE: 'tiny',
    DATA_DIRECTORY: folder,
    ENGINE_COMMAND: scriptedEngineCommand({}).join(' '),
  });
  const [log, [status]] = await Promise.all([text(worker.stdout), once(worker, 'exit')]);
  expect(status).toBe(1);
  expect(log).toContain('Redis (REDIS_URL) cannot be used');
});

test('from a request to a playable file of the right length with sound, and the scratch folder is empty', async () => {
  await using redis = await startRedis();
  const config = testConfig(redis.url, folder);
  const queue = createGenerationQueue(config, silent);
  const store = createArtifactStore(config);
  const desk = await openDesk(queue);
  const sound = join(folder, 'sound.flac');
  await execa('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'sine=440:duration=0.52',
    '-ar',
    '48000',
    sound,
  ]);
  const draft = testDraft('1', {
    request: { mode: 'TA', soundtrack: 'inputs/a/soundtrack.flac', width: 96, height: 64, frames: 13 },
  });
  await store.put('inputs/a/soundtrack.flac', { path: sound });
  await queue.accept(draft);
  const worker = startMain({
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'test',
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: 'tiny',
    ENGINE_COMMAND: scriptedEngineCommand({}).join(' '),
    LOG_LEVEL: 'info',
  });
  const lines: string[] = [];
  createInterface({ input: worker.stdout }).on('line', (line) => lines.push(line));
  const generation = await desk.ending(draft.id);
  worker.kill('SIGTERM');
  expect(await once(worker, 'exit')).toEqual([0, null]);

  expect(generation).toMatchObject({ status: 'delivered', result: { width: 96, height: 64, seconds: 0.52 } });
  const video = join(folder, 'video.mp4');
  await store.fetchTo(generation.result?.video ?? '', video);
  expect(await probeVideo(video, { scratch: folder, timeoutMilliseconds: 10_000 })).toMatchObject({
    seconds: 0.52,
    fastStart: true,
    video: { width: 96, height: 64, codec_name: 'h264', nb_read_frames: 13 },
    audio: { codec_name: 'aac', duration: 0.52 },
  });
  expect(await readdir(join(folder, 'scratch'))).toEqual([]);
  expect(await store.list('previews/')).toEqual([]);
  // What was asked for is nobody's business at this level.
  expect(lines.join('\n')).not.toContain(draft.request.prompt);
  await queue.close();
});
