import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import sharp from 'sharp';
import { z } from 'zod';
import { startSandbox } from '../../../sandbox/start.ts';
import { startPart } from '../../../scripts/support/part.ts';
import { tokenCommand } from '../../../src/api/token-command.ts';
import { createToken } from '../../../src/api/tokens.ts';
import { loadBotConfig, projectRoot } from '../../../src/config/environment.ts';
import { createLogger } from '../../../src/log.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { callerOf, lastOf, problemOf, startApiScene } from '../../support/api.ts';
import { resultWith } from '../../support/generation.ts';
import { sample } from '../../support/metrics.ts';
import { agreedBefore } from '../../support/agreed.ts';
import { startRedis } from '../../support/redis.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';
import { hasStatus, picture } from '../bot/scene.ts';
import { patience } from '../../support/patience.ts';
import { minute } from '../../../src/units.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'humo-api-'));
  folders.push(folder);
  return folder;
}

test('in the bot: one person, one limit, whichever way they come; and Discord hears nothing of the API’s', async () => {
  const folder = await newFolder();
  await using redis = await startRedis();
  const discord = await startSandbox({ firstResponse: minute });
  const ada = discord.createGuild({ name: 'Studio' }).addMember(discord.createUser('ada'));
  // Each server has limits of its own; whoever comes over the API is outside of them all, as in direct messages.
  const channel = ada.directMessage;
  const environment = {
    ...{ PATH: process.env['PATH'], HOME: process.env['HOME'] },
    ...discord.environment,
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: 'tiny',
    MAXIMUM_WAITING_PER_USER: '2',
    API_PORT: '0',
  };
  const wanted = { name: 'ada', scopes: ['generate', 'read'], userId: ada.id } as const;
  const { token } = await createToken(join(folder, 'api-tokens.json'), wanted);
  const bot = startPart({ name: 'bot', file: 'src/bot/main.ts', environment });
  const queue = createGenerationQueue(loadBotConfig(environment), createLogger('test', 'silent'));
  const worker = startWorkerProcess({
    ...{ redisUrl: redis.url, prefix: 'humo', folder, name: 'w' },
    script: {},
  });
  try {
    // The worker only comes to life for the last part: before, everything waits.
    worker.child.kill('SIGSTOP');
    const { address } = await bot.logged('the API listens');
    await bot.logged('ready');
    await agreedBefore(environment, [ada]);
    const caller = callerOf(String(address), token, ada.id);
    await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
    await channel.waitForMessage(hasStatus, patience);
    const { id } = await caller.accepted();
    expect(await problemOf(await caller.ask({ prompt: 'x' }))).toMatchObject({ code: 'too_many_waiting' });
    const messages = channel.messages.length;

    worker.child.kill('SIGCONT');
    expect((await lastOf(await caller.fetch(`/v1/generations/${id}/events`)))?.status).toBe('delivered');
    await channel.waitForMessage(({ attachments }) => attachments.length === 1, patience);
    expect(channel.messages.length).toBe(messages + 1);
    expect(await bot.stop()).toBe(0);
    expect(await queue.reconcile()).toEqual({ requeued: 0, redelivered: 0, failed: 0 });
  } finally {
    await queue.close();
    await worker.end('SIGKILL');
    await bot.stop('SIGKILL');
    await discord.close();
  }
});

test('alone: it starts, says where, and ends when told; what is wrong in the configuration is named', async () => {
  const folder = await newFolder();
  await using redis = await startRedis();
  const environment = {
    PATH: process.env['PATH'],
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    API_PORT: '0',
    HEALTH_PORT: '0',
  };
  const api = startPart({ name: 'api', file: 'src/api/main.ts', environment });
  const { address } = await api.logged('the API listens');
  expect((await fetch(`${String(address)}/v1/openapi.json`)).status).toBe(200);
  const { port } = await api.logged('health checks and metrics');
  const health = (path: string) => fetch(`http://127.0.0.1:${String(port)}${path}`);
  const ready = await health('/readyz');
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ parts: { redis: { ok: true }, store: { ok: true } } });
  expect((await health('/healthz')).status).toBe(200);
  const metrics = await (await health('/metrics')).text();
  expect(sample(metrics, 'humo_redis_up')).toBe(1);
  expect(sample(metrics, 'humo_disk_free_bytes')).toBeGreaterThan(0);
  expect(await api.stop()).toBe(0);

  const broken = startPart({
    name: 'api',
    file: 'src/api/main.ts',
    environment: { ...environment, API_PORT: 'x', BULL_BOARD: 'perhaps' },
  });
  expect(await broken.ended).toBe(78);
  for (const name of ['API_PORT', 'BULL_BOARD']) expect(broken.lines.join('\n')).toContain(name);
});

test('every token command of the documents is one that the program understands', async () => {
  const folder = await newFolder();
  const pages = (await readdir(join(projectRoot, 'docs'))).map((name) => join('docs', name));
  const files = [
    ...pages.filter((name) => name.endsWith('.md')),
    'README.md',
    '.env.example',
    'docker/README.md',
  ];
  const texts = await Promise.all(files.map((name) => readFile(join(projectRoot, name), 'utf8')));
  const commands = texts.flatMap((text) =>
    [...text.matchAll(/(?:npm run api-token --|api\/token-command\.ts) ([a-z][^`#\n]*)/g)].map(
      ([, rest = '']) => rest.trim().replace('NAME', 'name'),
    ),
  );
  expect(commands.filter((command) => command.startsWith('revoke')).length).toBeGreaterThan(1);
  for (const command of new Set(commands)) {
    // That there is no such token, or one already, is an answer.
    const said: string[] = [];
    const out = { write: (text: string) => said.push(text) };
    await tokenCommand(command.split(' '), { env: { DATA_DIRECTORY: folder }, stdout: out, stderr: out });
    expect(said.join(''), command).toMatch(/^(?!.*Usage:)./s);
  }
});

test('every curl command of docs/api.md does what it says', async () => {
  const text = await readFile(join(projectRoot, 'docs', 'api.md'), 'utf8');
  const commands = [...text.matchAll(/```sh\n(.*?)```/gs)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith('curl '))
    .map((line) => line.replace(/ +/g, ' '));
  expect(commands.length).toBeGreaterThan(0);
  const unused = new Set(commands);
  const command = (part: string) => {
    const found = commands.filter((line) => `${line}\n`.includes(part));
    const [only] = found.length === 1 ? found : [];
    if (only !== undefined) unused.delete(only);
    if (only === undefined) throw new Error(`${found.length} commands with ${part}`);
    return only;
  };

  await using scene = await startApiScene();
  const caller = await scene.token('me');
  const folder = await newFolder();
  await cp(join(projectRoot, 'examples'), join(folder, 'examples'), { recursive: true });
  const curl = async (part: string, id = '') => {
    const env = { PATH: process.env['PATH'], API: scene.url, TOKEN: caller.token, ID: id };
    const { stdout } = await promisify(execFile)('bash', ['-c', command(part)], { cwd: folder, env });
    return stdout;
  };
  const view = z.object({ id: z.string(), status: z.string(), request: z.object({ preset: z.string() }) });

  expect(await curl('/v1/presets')).toContain('"defaultPreset":"standard"');
  const price = z.object({ gpuSeconds: z.number().positive() });
  price.parse(JSON.parse(await curl('?dryRun=true')));
  price.parse(JSON.parse(await curl('/v1/estimates')));
  z.object({ peaks: z.array(z.number()).length(200) }).parse(JSON.parse(await curl('/v1/sounds')));
  const made = view.parse(JSON.parse(await curl('/v1/generations -F')));
  expect(made.request.preset).toBe('draft');
  expect(view.parse(JSON.parse(await curl('$TOKEN" $API/v1/generations/$ID\n', made.id))).id).toBe(made.id);
  const unwanted = await caller.accepted();
  expect(JSON.parse(await curl('/cancel', unwanted.id))).toEqual({ outcome: 'cancelled' });
  const worker = await scene.work(async ({ id }, { report }) => {
    const preview = `previews/${id}.jpg`;
    await scene.store.put(preview, Buffer.from('a picture'));
    report({ stage: 'denoise', step: 1, steps: 8, etaSeconds: null, preview });
    const shown = async () => (await scene.queue.get(id))?.progress?.preview;
    await expect.poll(shown, patience).toBe(preview);
    await curl('/preview', id);
    const video = `videos/${id}.mp4`;
    await scene.store.put(video, { path: join(folder, 'examples', 'person.mp4') });
    return resultWith({ video });
  });
  const events = await curl('/events', made.id);
  expect(events).toContain('event: generation');
  expect(events).toContain('"status":"delivered"');
  expect(await readFile(join(folder, 'preview.jpg'), 'utf8')).toBe('a picture');
  await curl('/video', made.id);
  expect(await readFile(join(folder, 'video.mp4'))).toEqual(
    await readFile(join(folder, 'examples', 'person.mp4')),
  );
  await curl('/thumbnail', made.id);
  expect((await sharp(join(folder, 'thumbnail.jpg')).metadata()).format).toBe('jpeg');
  await cp(join(folder, 'video.mp4'), join(folder, 'clip.mp4'));
  expect(await curl('/v1/verify')).toContain('"origin"');
  expect(await curl('?limit=5')).toContain(made.id);
  await worker.close();
  const varied = view.parse(JSON.parse(await curl('-X POST $API/v1/generations/$ID/again', made.id)));
  const changed = view.parse(JSON.parse(await curl('generations/$ID/again --json', made.id)));
  const said = view.parse(JSON.parse(await curl('/again -F', made.id)));
  expect(new Set([made.id, varied.id, changed.id, said.id]).size).toBe(4);
  await curl('-X DELETE', made.id);
  expect(await scene.queue.get(made.id)).toBeNull();
  expect([...unused], 'every command is run').toEqual([]);
});
