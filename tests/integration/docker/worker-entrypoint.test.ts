import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, watch, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startPart } from '../../../scripts/support/part.ts';
import type { Part } from '../../../scripts/support/part.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { portOf } from '../../support/port.ts';
import { startRedis } from '../../support/redis.ts';
import { scriptedEngineCommand } from '../../support/scripted-engine.ts';
import { largeFile, pieceBytes, smallFile, startWeightsHub } from '../../support/weights-hub.ts';

/** Stands for the container's volumes. */
let volume: string;
let parts: Part[];

beforeEach(async () => {
  volume = await mkdtemp(join(tmpdir(), 'humo-container-'));
  parts = [];
});
afterEach(async () => {
  for (const { processId } of parts) {
    // With its group: in a container, too, nothing outlives the entry point.
    try {
      process.kill(-processId, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
  await Promise.all(parts.map((part) => part.ended));
  await rm(volume, { recursive: true, force: true, maxRetries: 5 });
});

const stateFile = () => join(volume, 'state.json');

/** What the container's environment would be; the engine is a scripted one, for what it makes is not the point here. */
function environment(redisUrl: string, further: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    REDIS_URL: redisUrl,
    DATA_DIRECTORY: join(volume, 'data'),
    HUMO_WEIGHTS_DIRECTORY: join(volume, 'weights'),
    HUMO_WEIGHTS_LOCK: join(volume, 'lock.json'),
    HUMO_MODELS: '1_7b',
    HUMO_STATE_FILE: stateFile(),
    HUMO_RETRY_SECONDS: '0',
    HF_HOME: join(volume, 'cache'),
    ENGINE_COMMAND: scriptedEngineCommand({}).join(' '),
    ...further,
  };
}

/** Starts the entry point, as tini does in the container. */
function start(variables: Record<string, string>): Part {
  const part = startPart({
    name: 'container',
    file: 'docker/worker/entrypoint.ts',
    environment: variables,
  });
  parts.push(part);
  return part;
}

/** What Docker would learn: status 0 when healthy, and the line that `docker inspect` shows. */
async function health(further: Record<string, string> = {}) {
  const { exitCode, stdout } = await execa(process.execPath, [join(projectRoot, 'docker/healthcheck.mjs')], {
    env: { HUMO_STATE_FILE: stateFile(), ...further },
    extendEnv: false,
    reject: false,
  });
  return { status: exitCode, text: stdout };
}

/** Resolves when the state file says something that fits. */
async function stateIs(fits: (state: Record<string, unknown>) => boolean): Promise<void> {
  const controller = new AbortController();
  const changes = watch(volume, { signal: controller.signal });
  const look = async () => {
    if (!existsSync(stateFile())) return false;
    const state: Record<string, unknown> = JSON.parse(await readFile(stateFile(), 'utf8'));
    return fits(state);
  };
  try {
    if (await look()) return;
    for await (const { eventType } of changes) if (eventType === 'rename' && (await look())) return;
  } finally {
    controller.abort();
  }
}

test('an empty volume fills over broken transfers, is "starting" all the while, and then the worker takes jobs', async () => {
  await using redis = await startRedis();
  await using hub = await startWeightsHub(join(volume, 'lock.json'), {
    stalls: [pieceBytes + 1000],
    cuts: [1000, pieceBytes + 1000],
  });
  expect(await health()).toEqual({ status: 1, text: 'starting: starting' });
  const container = start(environment(redis.url, { HF_ENDPOINT: hub.endpoint }));

  await hub.asked(1);
  await stateIs(({ message, bytes }) => /large/.test(String(message)) && Number(bytes) >= pieceBytes);
  const downloading = await health();
  expect(downloading.status).toBe(1);
  expect(downloading.text).toMatch(/^starting: fetching \[1\/2\] HuMo\/large\.bin \(0\.0 of 0\.0 GiB\)$/);
  hub.release();

  await container.logged('taking jobs');
  // It broke twice, and each time it went on where it was.
  expect(hub.ranges).toEqual([null, `bytes=${pieceBytes}-`, `bytes=${2 * pieceBytes}-`]);
  expect((await stat(join(volume, 'weights', largeFile))).size).toBe(2 * pieceBytes + 1_000_000);
  expect(existsSync(join(volume, 'weights', smallFile))).toBe(true);
  expect(JSON.parse(await readFile(stateFile(), 'utf8'))).toMatchObject({ state: 'running' });
  expect(await container.stop()).toBe(0);
  expect((await health()).text).toBe('unhealthy: the worker has ended with status 0');
});

test('SIGTERM in a download ends it within seconds, the next start goes on where it was, and damage is found when asked for', async () => {
  await using redis = await startRedis();
  await using hub = await startWeightsHub(join(volume, 'lock.json'), { stalls: [pieceBytes + 1000] });
  const variables = environment(redis.url, { HF_ENDPOINT: hub.endpoint });
  const first = start(variables);
  await hub.asked(1);
  await stateIs(({ bytes }) => Number(bytes) >= pieceBytes);
  // The hub sends nothing more until it is released: whoever waits for it never ends.
  expect(await first.stop()).toBe(0);
  expect(existsSync(join(volume, 'weights', largeFile))).toBe(false);
  hub.release();

  const second = start(variables);
  await second.logged('taking jobs');
  expect(hub.ranges).toEqual([null, `bytes=${pieceBytes}-`]);
  expect(await second.stop()).toBe(0);

  // And the third has nothing to fetch; that what only `clean` needs is nowhere keeps it from nothing.
  const lock: { repositories: { files: object[] }[] } = JSON.parse(
    await readFile(join(volume, 'lock.json'), 'utf8'),
  );
  lock.repositories[0]?.files.push({ path: 'voice.onnx', size: 5, sha256: null, models: ['vocals'] });
  await writeFile(join(volume, 'lock.json'), JSON.stringify(lock));
  const third = start({ ...variables, HUMO_WEIGHTS_VERIFY: 'true' });
  await third.logged('taking jobs');
  expect(hub.ranges).toHaveLength(2);
  expect(third.lines.join('\n')).toMatch(new RegExp(`"place":"[^"]*${largeFile}","verdict":"ok"`));
  expect(third.lines.join('\n')).toContain('`clean` leaves the sound as it is');
  expect(await third.stop()).toBe(0);

  // Weights that were damaged on the disk are found when asked for, and the worker does not start.
  await writeFile(join(volume, 'weights', largeFile), Buffer.alloc(2 * pieceBytes + 1_000_000));
  const fourth = start({ ...variables, HUMO_WEIGHTS_VERIFY: 'true' });
  expect(await fourth.ended).toBe(1);
  expect(fourth.lines.join('\n')).toMatch(/large\.bin","verdict":"wrong SHA-256/);
  expect((await health()).text).toMatch(
    /^unhealthy: weights in .* are damaged: \S*large\.bin: wrong SHA-256/,
  );
});

test('a hub that sends something else is tried some times and then given up with the reason', async () => {
  await using hub = await startWeightsHub(join(volume, 'lock.json'), { damaged: ['small.json'] });
  const container = start(environment('redis://127.0.0.1:1', { HF_ENDPOINT: hub.endpoint }));
  expect(await container.ended).toBe(1);
  // More often where a transfer broke that had brought something.
  expect(container.lines.filter((line) => line.includes('trying again')).length).toBeGreaterThanOrEqual(4);
  expect(existsSync(join(volume, 'weights', smallFile))).toBe(false);
  expect((await health()).text).toMatch(
    /^unhealthy: the weights could not be fetched: .*small\.json has the git id/,
  );
  // What was whole was fetched once.
  expect(hub.ranges).toEqual([null]);
});

test('a folder that cannot be written is one message at once', async () => {
  await using hub = await startWeightsHub(join(volume, 'lock.json'));
  // Not even root makes folders there.
  const HUMO_WEIGHTS_DIRECTORY = '/sys/humo-weights';
  const container = start(
    environment('redis://127.0.0.1:1', { HF_ENDPOINT: hub.endpoint, HUMO_WEIGHTS_DIRECTORY }),
  );
  expect(await container.ended).toBe(1);
  expect(container.lines.join('\n')).not.toContain('trying again');
  expect((await health()).text).toMatch(
    /\/sys\/humo-weights is not complete and cannot be written: give it to/,
  );
});

test('a wrong configuration is one message before anything is fetched, and status 78', async () => {
  const container = start(environment('http://nowhere', { HUMO_MODELS: '70b' }));
  expect(await container.ended).toBe(78);
  expect(container.lines.join('\n')).toMatch(/REDIS_URL[^]*HUMO_MODELS/);
  expect(await health()).toEqual({
    status: 1,
    text: 'unhealthy: the configuration is wrong; see the log',
  });
});

test('the profile tiny needs no weights; a worker with nothing to do ends with status 0 after the time', async () => {
  await using redis = await startRedis();
  const alone = { HUMO_PROFILE: 'tiny', HF_ENDPOINT: 'http://127.0.0.1:9', WORKER_IDLE_EXIT_MINUTES: '0.01' };
  const container = start(environment(redis.url, alone));
  await container.logged('taking jobs');
  expect(existsSync(join(volume, 'weights'))).toBe(false);
  expect(await container.ended).toBe(0);
  expect(container.lines.join('\n')).toContain('nothing to do for long');
});

test('a worker joins a Redis far away over TLS with a password, and keeps its files there', async () => {
  await using redis = await startRedis({ tcp: true, password: 'p@ss/word' });
  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const { port } = new URL(redis.url);
  // What hosted Redis services have in front: TLS, and the name that decides which customer's server it is.
  await using front = startTlsFront(certificate, Number(port));
  await writeFile(join(volume, 'ca.pem'), certificate.cert);
  const url = `rediss://:${encodeURIComponent('p@ss/word')}@localhost:${await front.port}`;
  const variables = environment(url, {
    HUMO_PROFILE: 'tiny',
    ARTIFACT_STORE: 'redis',
    NODE_EXTRA_CA_CERTS: join(volume, 'ca.pem'),
  });
  const container = start(variables);
  await container.logged('taking jobs');
  expect(new Set(front.names)).toEqual(new Set(['localhost']));
  expect(await container.stop()).toBe(0);
  expect(container.lines.join('\n')).not.toContain('p@ss');

  // Without the certificate it is a stranger, and the worker does not talk to it.
  const { NODE_EXTRA_CA_CERTS: _trusted, ...distrustful } = variables;
  const other = start(distrustful);
  expect(await other.ended).toBe(78);
  expect(other.lines.join('\n')).toContain('The certificate of Redis is not trusted (self-signed');
});

test('once the worker runs, its own answer counts', async () => {
  let status = 200;
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? status : 404).end('{"status":"as asked"}\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const HEALTH_PORT = String(portOf(server));
  const running = { HUMO_STATE_FILE: '', HEALTH_PORT };
  expect(await health(running)).toEqual({ status: 0, text: 'healthy: {"status":"as asked"}' });
  status = 503;
  expect(await health(running)).toEqual({ status: 1, text: 'unhealthy: 503 {"status":"as asked"}' });
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  const silent = await health(running);
  expect(silent.status).toBe(1);
  expect(silent.text).toMatch(/^unhealthy: \/healthz does not answer: /);

  const updated = new Date(Date.now() - 90_000).toISOString();
  await writeFile(stateFile(), JSON.stringify({ state: 'starting', message: 'fetching', updated }));
  const waiting = await health();
  expect(waiting.status).toBe(1);
  // 90 s, and as long as the check took to start.
  expect(waiting.text).toMatch(/^unhealthy: the entry point has been silent for \d+ s$/);
});

/** TLS in front of a server: notes the names it is asked for. */
function startTlsFront(certificate: { readonly cert: string; readonly private: string }, target: number) {
  const names: string[] = [];
  const script = `
    const tls = require('node:tls'), net = require('node:net');
    const { cert, key, target } = JSON.parse(process.argv[1]);
    const server = tls.createServer({ cert, key }, (socket) => {
      console.log('name ' + socket.servername);
      const other = net.connect(target, '127.0.0.1');
      for (const end of [socket, other]) end.on('error', () => { socket.destroy(); other.destroy(); });
      socket.pipe(other).pipe(socket);
    }).on('tlsClientError', () => {}).listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
  `;
  const child = spawn(
    process.execPath,
    ['-e', script, JSON.stringify({ cert: certificate.cert, key: certificate.private, target })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = Promise.withResolvers<string>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const [, kind, value = ''] of text.matchAll(/^(name|port) (\S+)$/gm)) {
      if (kind === 'name') names.push(value);
      else port.resolve(value);
    }
  });
  return {
    names,
    port: port.promise,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
