import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quickStart } from '../../../scripts/support/quick-start.mjs';
import { configurationPage } from '../../../scripts/tools/configuration.ts';
import { asText, diagnose } from '../../../scripts/tools/diagnose.ts';
import type { Scope } from '../../../scripts/tools/diagnose.ts';
import { environmentHere } from '../../../scripts/tools/environment.ts';
import { startPrivateRedis } from '../../../scripts/support/private-redis.ts';
import { startSandbox } from '../../../sandbox/start.ts';
import { createToken } from '../../../src/api/tokens.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { createGenerationQueue } from '../../../src/queue/create-generation-queue.ts';
import { createGpus } from '../../../src/queue/rented-gpus.ts';
import { createPeople, preferencesSchema } from '../../../src/queue/people/people.ts';
import { idOf, picture, speech, startScene, until } from '../bot/scene.ts';
import { silent, testConfig, testDraft } from '../../support/queue-fixtures.ts';
import { startRedis } from '../../support/redis.ts';
import type { TestRedis } from '../../support/redis.ts';
import { patience } from '../../support/patience.ts';

let redis: TestRedis;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-tools-'));
  redis = await startRedis({ appendOnly: true });
});
afterEach(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

function tool(name: string, args: readonly string[], environment: Record<string, string>) {
  return execa(process.execPath, [join(projectRoot, `scripts/tools/${name}.ts`), ...args], {
    env: {
      ...quickStart(process.env),
      PATH: process.env['PATH'] ?? '',
      HUMO_PROFILE: 'tiny',
      DATA_DIRECTORY: folder,
      ...environment,
    },
    extendEnv: false,
    reject: false,
  });
}

/** What the doctor says, without a start of its own for each of what it may find. */
async function doctor(scope: Scope, environment: NodeJS.ProcessEnv): Promise<string> {
  return asText(await diagnose(scope, { HUMO_PROFILE: 'tiny', DATA_DIRECTORY: folder, ...environment }));
}

test('docs/configuration.md is what the schemas and .env.example say', async () => {
  const page = await readFile(join(projectRoot, 'docs/configuration.md'), 'utf8');
  expect(page, 'run `npm run docs:configuration`').toBe(await configurationPage());
});

test('trace: a generation’s life in order, from the record and from logs; an unknown one says so', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel } = scene;
  await ada.run('/humo', { prompt: 'a secret prompt', image: picture(), preset: 'draft' }, { channel });
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  const id = idOf(result.text);
  await until(async () => ((await scene.queue.get(id))?.deliveredAt === null ? undefined : true));
  await ada.click(result, 'Again');
  await until(async () => ((await scene.queue.list({ userId: ada.id })).length === 2 ? true : undefined));
  const log = join(folder, 'worker.log');
  const at = (await scene.queue.get(id))?.startedAt ?? 0;
  const lines = [
    { time: at + 1, name: 'worker', msg: 'the engine begins', generationId: id },
    { time: at, name: 'worker', msg: 'another one', generationId: '01HZZZZZZZZZZZZZZZZZZZZZZZ' },
    { time: at + 2, name: 'worker', msg: 'the engine is done', generationId: id },
    { time: at + 3, name: 'worker', msg: 'the video is stored', generationId: id },
  ].map((line) => JSON.stringify(line));
  // As a process writes it, as `npm start` shows it, and as `docker compose logs` does.
  const shown = [`not json ${id}`, lines[0], lines[1], `worker ${lines[2]}`, `worker-1  | ${lines[3]}`];
  await writeFile(log, `${shown.join('\n')}\n`);
  const { stdout, exitCode } = await tool('trace', [id, '--log', log], { REDIS_URL: scene.redisUrl });
  expect(exitCode).toBe(0);
  const order = [
    'accepted: TI, draft',
    'started on in-test',
    'the engine begins',
    'the engine is done',
    'the video is stored',
    'done: 1 s',
    'delivered as message',
    'run again as',
  ];
  const places = order.map((what) => stdout.indexOf(what));
  expect(places).toEqual(places.toSorted((left, right) => left - right));
  expect(places).not.toContain(-1);
  expect(stdout).not.toContain('another one');
  expect(stdout).not.toContain('secret');
  const unknown = await tool('trace', ['01HZZZZZZZZZZZZZZZZZZZZZZZ'], { REDIS_URL: scene.redisUrl });
  expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no record') });
});

test('erase-user: nothing of the person is left, somebody else’s stays', async () => {
  await using scene = await startScene();
  const { ada, channel, discord, guild } = scene;
  const ben = guild.addMember(discord.createUser('ben'));
  const done = await scene.work(scene.finish);
  for (const person of [ada, ben]) {
    await person.run('/humo', { prompt: 'x', image: picture(), audio: speech(9) }, { channel });
    await channel.waitForMessage(
      ({ mentions, attachments }) => attachments.length === 1 && mentions.includes(person.id),
    );
  }
  await until(async () =>
    (await scene.queue.list({ statuses: ['delivered'] })).length === 2 ? true : undefined,
  );
  await done.close();
  await ada.run('/humo', { prompt: 'waits', image: picture() }, { channel });
  await until(async () => ((await scene.queue.countWaiting(ada.id)) === 1 ? true : undefined));
  const people = createPeople(
    {
      ...testConfig(scene.redisUrl, folder),
      redis: { url: scene.redisUrl, prefix: 'humo', lockSeconds: 30 },
    },
    silent,
  );
  await people.setPreferences(ada.id, { ...(await people.preferences(ada.id)), notify: true });
  await people.close();
  const mine = await scene.queue.list({ userId: ada.id });
  const environment = { REDIS_URL: scene.redisUrl, DATA_DIRECTORY: scene.dataDirectory };
  const dry = await tool('erase-user', [ada.id, '--dry-run'], environment);
  expect(dry.stdout).toContain('2 generation(s), 1 of them waiting or running');
  expect(await scene.queue.list({ userId: ada.id })).toHaveLength(2);
  expect((await tool('erase-user', [ada.id], environment)).stdout).toContain('Give --yes');
  const erased = await tool('erase-user', [ada.id, '--yes'], environment);
  expect(erased).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Erased: 2 generation(s)') });
  expect(await scene.queue.list({ userId: ada.id })).toEqual([]);
  for (const { id } of mine) {
    expect(await scene.queue.get(id)).toBeNull();
    expect(await scene.store.list(`inputs/${id}/`)).toEqual([]);
    expect(await scene.store.size(`videos/${id}.mp4`)).toBeNull();
  }
  // That it was, for an hour.
  expect(await scene.keysWith(ada.id)).toEqual([`humo:erased:${ada.id}`]);
  const [theirs] = await scene.queue.list({ userId: ben.id });
  expect(await scene.store.size(theirs?.result?.video ?? '')).not.toBeNull();
  expect((await tool('erase-user', ['ada'], environment)).exitCode).toBe(1);
});

test('erase-user: not even Redis’ files hold anything afterwards', async () => {
  const config = testConfig(redis.url, folder);
  const queue = createGenerationQueue(config, silent);
  const people = createPeople(config, silent);
  const person = '81234567890123456';
  const environment = { REDIS_URL: redis.url, REDIS_PREFIX: config.redis.prefix };
  try {
    await queue.accept(testDraft(person, { request: { prompt: 'a secret prompt' } }));
    await queue.claim(`edit:${person}:01HZZZZZZZZZZZZZZZZZZZZZZZ`, 60_000);
    const images = [{ url: 'https://cdn.discordapp.com/x.png', size: 1, name: 'face.png' }];
    await people.keepDraft('1', { version: 1, userId: person, images, audio: null });
    await people.keepDraft('2', { version: 1, userId: '5', images: [], audio: null });
    const kept = async (text: string) =>
      (await readdir(redis.folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(text));
    await until(async () => (await kept('a secret prompt'))[0]);
    const { token: _, stored } = await createToken(join(folder, 'api-tokens.json'), {
      name: 'studio',
      scopes: ['read'],
      userId: person,
    });
    const erased = await tool('erase-user', [person, '--yes'], environment);
    expect(erased).toMatchObject({ exitCode: 0, stderr: '' });
    expect(erased.stdout).toContain('Erased: 1 generation(s)');
    expect(erased.stdout).toContain(`The API token '${stored.name}' acts as this person`);
    expect(erased.stdout).not.toContain('append-only');
    for (const text of ['a secret prompt', `edit:${person}`, `"${person}"`, 'face.png'])
      expect(await kept(text), text).toEqual([]);
    // For an hour, that it was erased, and nothing else.
    const connection = new Redis(parseRedisUrl(redis.url));
    expect(await connection.keys(`*${person}*`)).toEqual([`${config.redis.prefix}:erased:${person}`]);
    connection.disconnect();
    expect(await people.draft('2')).not.toBeNull();
  } finally {
    await Promise.all([queue.close(), people.close()]);
  }
});

test('erase-user: a Redis that will not rewrite its file is no reason to erase nothing, and is named', async () => {
  const config = testConfig(redis.url, folder);
  const connection = new Redis(parseRedisUrl(redis.url));
  const people = createPeople(config, silent);
  try {
    await people.setPreferences('81234567890123456', preferencesSchema.parse({}));
    await connection.acl('SETUSER', 'default', '-bgrewriteaof');
    const erased = await tool('erase-user', ['81234567890123456', '--yes'], {
      REDIS_URL: redis.url,
      REDIS_PREFIX: config.redis.prefix,
    });
    expect(erased.exitCode).toBe(0);
    expect(erased.stdout).toMatch(/still holds what was erased.*NOPERM.*redis-cli bgrewriteaof/);
  } finally {
    connection.disconnect();
    await people.close();
  }
});

test('erase-user: what others made from it is named, and goes with --copies', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel, discord, guild } = scene;
  const ben = guild.addMember(discord.createUser('ben'));
  await ada.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel });
  const first = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  await ben.click(first, 'Again');
  const copy = await until(async () => {
    const [made] = await scene.queue.list({ userId: ben.id, statuses: ['delivered'] });
    return made;
  });
  const environment = { REDIS_URL: scene.redisUrl, DATA_DIRECTORY: scene.dataDirectory };
  const dry = await tool('erase-user', [ada.id, '--dry-run'], environment);
  expect(dry.stdout).toContain(
    `Others made 1 generation(s) from these, with copies of the files: ${copy.id}`,
  );
  expect((await tool('erase-user', [ada.id, '--yes', '--copies'], environment)).stdout).toContain(
    'Erased: 2 generation(s)',
  );
  expect(await scene.queue.list({})).toEqual([]);
  expect(await scene.store.list(`inputs/${copy.id}/`)).toEqual([]);
});

test('the tools find the Redis that npm start runs', async () => {
  const own = await startPrivateRedis(join(folder, 'redis'));
  const running = await tool('doctor', ['--for', 'worker'], {});
  expect(running.stdout).toContain('✓ Redis: persistence');
  await own.stop();
  const stopped = await doctor('worker', { ...environmentHere({ DATA_DIRECTORY: folder }) });
  expect(stopped).toMatch(/✗ configuration of the worker +REDIS_URL/);
});

test('doctor: everything fine is exit 0; what is broken is named with its fix', async () => {
  await using discord = await startSandbox();
  const guild = discord.createGuild({ name: 'Studio' });
  const environment = { ...discord.environment, REDIS_URL: redis.url };
  const first = await tool('doctor', ['--for', 'bot'], environment);
  expect(first.stdout).toMatch(/⚠ Discord: commands .*missing/);
  expect(first.stdout).toContain('✓ Discord: token');
  expect(first.stdout).toMatch(/✓ Discord: server Studio +the bot has every permission it needs/);
  expect(first.stdout).toContain('✓ Redis: persistence');
  expect(first.stdout).toContain('✓ artifact store');
  expect(first.exitCode).toBe(0);
  await execa(process.execPath, [join(projectRoot, 'src/bot/register-commands.ts')], {
    env: { ...environment, HUMO_PROFILE: 'tiny' },
  });
  guild.botRole.setPermissions([]);
  guild.everyone.setPermissions(['ViewChannel']);
  // Left behind by a provider that was turned off.
  const gpus = createGpus(testConfig(redis.url, folder, 'humo'), silent);
  await gpus.save({
    ...{
      version: 1,
      name: 'humo-gpu-left',
      id: 'p1',
      kind: 'NVIDIA H200',
      provider: 'runpod',
      pricePerHour: 4,
    },
    ...{ askedAt: 0, readyAt: 0, busyAt: 0, chargedUntil: 0, byHand: false, ending: null },
  });
  gpus.close();
  const second = await doctor('bot', {
    ...environment,
    ...{ GPU_PROVIDER: 'command', GPU_START_COMMAND: 'true', GPU_STOP_COMMAND: 'true' },
    ...{ GPU_DOLLARS_PER_HOUR: '4', GPU_DOLLARS_PER_DAY: '10', GPU_READY_HOURS: '18-23' },
  });
  expect(second).toMatch(/⚠ rented GPUs +one is kept ready for 5 hours a day, for up to \$20.00/);
  expect(second).toContain('more than $10 a day (GPU_DOLLARS_PER_DAY)');
  expect(second).toMatch(/✗ rented GPUs +nobody looks after humo-gpu-left\n.*GPU_PROVIDER/);
  expect(second).toMatch(/✓ Discord: commands/);
  expect(second).toMatch(/⚠ Discord: server Studio +the bot lacks SendMessages,/);
  const worker = await tool('doctor', ['--for', 'worker', '--json'], { REDIS_URL: redis.url });
  expect(JSON.parse(worker.stdout)).toContainEqual(
    expect.objectContaining({ check: 'GPU', verdict: 'fine' }),
  );
});

test('doctor: Redis that forgets, a wrong token, a variable that makes no sense', async () => {
  await using forgetful = {
    redis: await startRedis(),
    [Symbol.asyncDispose]: async () => forgetful.redis.stop(),
  };
  await using discord = await startSandbox();
  const environment = { ...discord.environment, REDIS_URL: forgetful.redis.url };
  const bad = await tool('doctor', ['--for', 'bot'], { ...environment, DISCORD_TOKEN: 'x'.repeat(60) });
  expect(bad.exitCode).toBe(1);
  expect(bad.stdout).toMatch(/✗ Redis: persistence .*\n.*appendonly yes/);
  expect(bad.stdout).toMatch(/✗ Discord: token .*rejects it\n.*Developer Portal/);
  const wrong = await doctor('worker', { REDIS_URL: 'nonsense', HUMO_MODELS: '70b' });
  expect(wrong).toContain('REDIS_URL');
  expect(wrong).toContain('HUMO_MODELS');
  const away = await doctor('worker', { REDIS_URL: `unix://${folder}/nothing.sock` });
  expect(away).toMatch(/✗ Redis .*\n.*check REDIS_URL/);
  expect(away).not.toContain('token');
});

test(
  'doctor: what is wrong in Discord is not taken for the token, and what is not installed is called so',
  patience,
  async () => {
    await using discord = await startSandbox();
    const environment = { ...discord.environment, REDIS_URL: redis.url };
    const stranger = await doctor('bot', {
      ...environment,
      DISCORD_GUILD_ID: '123456789012345678',
    });
    expect(stranger).toContain('✓ Discord: token');
    expect(stranger).toMatch(/✗ Discord: commands .*\n.*DISCORD_GUILD_ID/);
    const cutOff = await doctor('bot', { ...environment, DISCORD_API_URL: 'http://127.0.0.1:9' });
    expect(cutOff).toMatch(/✗ Discord: reached .*ECONNREFUSED.*\n.*127\.0\.0\.1:9/);
    expect(cutOff).not.toContain('Discord: token');
    const bare = await tool('doctor', ['--for', 'worker'], { ...environment, PATH: '/nowhere' });
    expect(bare.stdout).toMatch(/✗ ffmpeg +it is not installed.*\n.*apt-get install ffmpeg/);
  },
);
