import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quickStart } from '../../../scripts/support/quick-start.mjs';
import { projectRoot } from '../../../src/config/environment.ts';
import { portOf } from '../../support/port.ts';
import { startRedis } from '../../support/redis.ts';
import { scriptedEngineCommand } from '../../support/scripted-engine.ts';

/** Stands for RunPod's volume. */
let volume: string;
let programs: string;

beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'humo-runpod-'));
  programs = join(volume, 'bin');
  await mkdir(programs);
});
afterEach(async () => {
  await rm(volume, { recursive: true, force: true, maxRetries: 5 });
});

/** A program on the pod. */
async function install(name: string, script: string): Promise<void> {
  await writeFile(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Starts the pod's command. */
function start(variables: Record<string, string>) {
  return execa(join(projectRoot, 'docker/runpod/start.sh'), [], {
    env: {
      ...quickStart(process.env),
      PATH: [programs, dirname(process.execPath), process.env['PATH']].join(delimiter),
      VOLUME: volume,
      WORKER_USER: userInfo().username,
      HUMO_STATE_FILE: join(volume, 'state.json'),
      // The image sets these for a container with volumes of its own.
      DATA_DIRECTORY: '/data',
      HUMO_WEIGHTS_DIRECTORY: '/weights',
      ...variables,
    },
    extendEnv: false,
    reject: false,
    all: true,
    // The start script waits in `sleep` at its end; with its group, that ends as well.
    detached: true,
  });
}

test('a worker that ran idle stops its pod with the pod’s own key, which it has not seen itself', async () => {
  await using redis = await startRedis();
  await install('runpodctl', `echo "$@ $RUNPOD_API_KEY" >> "${volume}/calls"`);
  await install('node', `echo "\${RUNPOD_API_KEY-none}" >> "${volume}/seen"\nexec ${process.execPath} "$@"`);
  const result = await start({
    REDIS_URL: redis.url,
    HUMO_PROFILE: 'tiny',
    ENGINE_COMMAND: scriptedEngineCommand({}).join(' '),
    WORKER_IDLE_EXIT_MINUTES: '0.01',
    RUNPOD_POD_ID: 'pod1',
    RUNPOD_API_KEY: 'key1',
    RUNPOD_STOP_SECONDS: '0',
  });
  expect(await readFile(join(volume, 'calls'), 'utf8')).toBe('stop pod pod1 key1\n');
  expect(await readFile(join(volume, 'seen'), 'utf8')).toBe('none\n');
  expect(result.all).toContain('nothing to do for long');
  // All it wrote lies on the volume.
  expect((await stat(join(volume, 'data'))).isDirectory()).toBe(true);
  expect((await stat(join(volume, 'weights'))).isDirectory()).toBe(true);
  // Still here though asked to stop: it says so.
  expect(result.exitCode).toBe(1);
  expect(result.all).toContain('could not be stopped');
});

test('without a runpodctl that can, it asks RunPod over HTTP', async () => {
  const calls: string[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    calls.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
    response.end('{}');
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await install('runpodctl', 'exit 1');
  // Stands for a worker that ended.
  await install('node', `case "$1" in *entrypoint.ts) exit 0 ;; *) exec ${process.execPath} "$@" ;; esac`);
  await start({
    RUNPOD_POD_ID: 'pod/1',
    RUNPOD_API_KEY: 'key1',
    RUNPOD_API_URL: `http://127.0.0.1:${portOf(server)}`,
    RUNPOD_STOP_SECONDS: '0',
  });
  server.close();
  expect(calls).toEqual(['POST /pods/pod%2F1/action Bearer key1 {"action":"stop"}']);
});

test('a wrong configuration stops the pod after its log could be read; a crash does not, RunPod starts it again', async () => {
  await install('runpodctl', `echo "$@" >> "${volume}/calls"`);
  const wrong = await start({
    REDIS_URL: 'http://nowhere',
    RUNPOD_POD_ID: 'pod1',
    RUNPOD_GRACE_SECONDS: '0',
    RUNPOD_STOP_SECONDS: '0',
  });
  expect(wrong.all).toContain('REDIS_URL');
  expect(wrong.all).toContain('fix the pod’s environment'.replace('’', "'"));
  expect(await readFile(join(volume, 'calls'), 'utf8')).toBe('stop pod pod1\n');

  await install('node', 'exit 3');
  const crashed = await start({ RUNPOD_POD_ID: 'pod1' });
  expect(crashed.exitCode).toBe(3);
  expect(await readFile(join(volume, 'calls'), 'utf8')).toBe('stop pod pod1\n');
});

test('SIGTERM reaches the worker, ends within seconds, and stops no pod', async () => {
  await using redis = await startRedis();
  await install('runpodctl', `echo "$@" >> "${volume}/calls"`);
  const pod = start({
    REDIS_URL: redis.url,
    HUMO_PROFILE: 'tiny',
    ENGINE_COMMAND: scriptedEngineCommand({}).join(' '),
    RUNPOD_POD_ID: 'pod1',
  });
  const ready = Promise.withResolvers<void>();
  pod.all?.setEncoding('utf8').on('data', (said: string) => {
    if (said.includes('taking jobs')) ready.resolve();
  });
  await ready.promise;
  pod.kill('SIGTERM');
  const result = await pod;
  // What takes longer than ten seconds ends with 1.
  expect(result.exitCode).toBe(0);
  expect(result.all).toContain('"msg":"stopping"');
  await expect(stat(join(volume, 'calls'))).rejects.toThrow('ENOENT');
});

test.runIf(userInfo().uid === 0)(
  'as root it hands its folders over and runs the worker as the other user',
  async () => {
    await chmod(volume, 0o755);
    await chmod(programs, 0o755);
    await install(
      'node',
      'echo "user $(id -un) groups $(id -Gn)"; touch "$HUMO_WEIGHTS_DIRECTORY/mine" "$DATA_DIRECTORY/mine"',
    );
    const result = await start({ WORKER_USER: 'nobody' });
    expect(result.all).toContain('user nobody groups nogroup');
    const { uid } = await stat(join(volume, 'weights', 'mine'));
    expect(uid).not.toBe(0);
    expect((await stat(join(volume, 'data'))).uid).toBe(uid);
    // What is not ours stays as it was.
    expect((await stat(programs)).uid).toBe(0);
    expect(result.exitCode).toBe(0);
  },
);
