import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { writtenDefault } from '../../../scripts/tools/configuration.ts';
import {
  environmentSchemas,
  loadBotConfig,
  loadScalerConfig,
  loadWorkerConfig,
  projectRoot,
} from '../../../src/config/environment.ts';
import { idleExitMinutes } from '../../../src/scaler/start-scaler.ts';

const example = readFileSync(join(projectRoot, '.env.example'), 'utf8').split('\n');
const source = ['environment', 'rented-gpus']
  .map((name) => readFileSync(join(projectRoot, `src/config/${name}.ts`), 'utf8'))
  .join('\n');

const page = readFileSync(join(projectRoot, 'web/humo_web/settings.py'), 'utf8');

/** Variables of the schemas: keys in capitals at the start of a line. And those of the web page, which Python reads. */
const known = [
  ...source.matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm),
  ...page.matchAll(/given\.get\("([A-Z_]+)"/g),
].map((match) => match[1]);
const listed = example.flatMap((line) => /^([A-Z0-9_]+)=/.exec(line)?.[1] ?? []);

test('.env.example lists every variable that is read, once, and no other', () => {
  expect(known.length).toBeGreaterThan(20);
  expect(new Set(listed)).toEqual(new Set(known));
  expect(listed.length).toBe(new Set(listed).size);
});

test('each variable has a line that explains it right above', () => {
  const unexplained = example.filter(
    (line, index) => /^[A-Z0-9_]+=/.test(line) && !/^# \S.{20,}/.test(example[index - 1] ?? ''),
  );
  expect(unexplained).toEqual([]);
});

test('copied as it is, with a token and a Redis, it is a valid configuration of both processes', () => {
  const copied = Object.fromEntries(listed.map((name) => [name, '']));
  const environment = { ...copied, DISCORD_TOKEN: 'x'.repeat(60), REDIS_URL: 'unix:///tmp/redis.sock' };
  expect(loadBotConfig(environment).maximumWaitingPerUser).toBe(10);
  expect(loadWorkerConfig(environment).models).toEqual(['17b', '1_7b']);
});

/** What a comment says of "default: …", up to the next sentence. */
const saidDefaults = new Map(
  example.flatMap((line, index) => {
    const name = /^([A-Z0-9_]+)=/.exec(line)?.[1];
    if (name === undefined) return [];
    const from = example.slice(0, index).findLastIndex((above) => !above.startsWith('# ')) + 1;
    const comment = example
      .slice(from, index)
      .map((above) => above.slice(2))
      .join(' ');
    const said = /\bdefault: (.*)/i.exec(comment)?.[1];
    return said === undefined ? [] : [[name, said] as const];
  }),
);

/** Said in other words than they are written in. */
const inOtherWords: Readonly<Record<string, string>> = { HUMO_MODELS: 'both' };

test('a default that a comment names is the one that counts', () => {
  const fields = Object.values(environmentSchemas).flatMap(({ shape }) => Object.entries(shape));
  const written = new Map(
    fields.flatMap(([name, field]) =>
      field.safeParse(undefined).success ? [[name, writtenDefault(name, field)] as const] : [],
    ),
  );
  for (const [, name = '', value = ''] of page.matchAll(/given\.get\("([A-Z_]+)", "([^"]+)"\)/g))
    written.set(name, value);
  let count = 0;
  for (const [name, said] of saidDefaults) {
    const value = inOtherWords[name] ?? written.get(name) ?? '';
    if (value === '') continue;
    expect(`${name}: ${said.slice(0, value.length)}`).toBe(`${name}: ${value}`);
    expect(said.slice(value.length), name).toMatch(/^(?:$|[.,;]| \()/);
    count += 1;
  }
  expect(count).toBeGreaterThan(25);
});

test('each default is shown as it would be written, and written so it means the same', () => {
  let count = 0;
  for (const schema of Object.values(environmentSchemas)) {
    for (const [name, field] of Object.entries(schema.shape)) {
      const unset = field.safeParse(undefined);
      if (!unset.success) continue;
      const written = writtenDefault(name, field);
      expect(`${name}=${written}`).not.toMatch(/\[object|undefined|null|NaN/);
      if (written === '') continue;
      expect({ [name]: field.parse(written) }).toEqual({ [name]: unset.data });
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(40);
  const parsed = z.string().transform((text) => ({ text }));
  expect(writtenDefault('X', parsed.prefault('a'))).toBe('a');
  expect(() => writtenDefault('X', parsed.default({ text: 'a' }))).toThrow('prefault');
});

test('a provider that is not chosen any more can end what it started, as long as what that takes is still there', () => {
  const command = { GPU_PROVIDER: 'command', GPU_START_COMMAND: 'true', GPU_STOP_COMMAND: 'false' };
  const config = (given: Record<string, string>) =>
    loadScalerConfig({ REDIS_URL: 'unix:///tmp/redis.sock', ...given }).gpus;
  expect(config(command).others).toEqual([]);
  expect(config({ ...command, RUNPOD_API_KEY: '' }).others).toEqual([]);
  expect(config({ ...command, RUNPOD_API_KEY: 'rpa_1' }).others).toMatchObject([
    { kind: 'runpod', key: 'rpa_1', url: 'https://api.runpod.io/v2' },
  ]);
  const runpod = {
    ...{
      GPU_PROVIDER: 'runpod',
      RUNPOD_API_KEY: 'rpa_1',
      RUNPOD_TEMPLATE_ID: 't',
      GPU_KINDS: 'NVIDIA H200=4.60',
    },
    ...{ RUNPOD_NETWORK_VOLUME_ID: 'v', GPU_DOLLARS_PER_DAY: '10', GPU_DOLLARS_PER_MONTH: '100' },
  };
  expect(config(runpod).others).toEqual([]);
  expect(config({ ...runpod, GPU_STOP_COMMAND: 'off now' }).others).toMatchObject([
    { kind: 'command', stop: ['off', 'now'], list: null },
  ]);
});

test('the hours of rented GPUs: what makes no sense is refused, and a worker outlives the hours in which it is kept', () => {
  const given = {
    ...{ REDIS_URL: 'unix:///tmp/redis.sock', GPU_PROVIDER: 'command' },
    ...{ GPU_START_COMMAND: 'true', GPU_STOP_COMMAND: 'true' },
  };
  const { rules } = loadScalerConfig({
    ...given,
    ...{ GPU_HOURS: '8-24', GPU_READY_HOURS: '20-23', GPU_TIME_ZONE: 'Europe/Berlin' },
  }).gpus;
  expect(rules).toMatchObject({
    ...{ hours: { from: 8, to: 0 }, readyHours: { from: 20, to: 23 }, timeZone: 'Europe/Berlin' },
  });
  expect(idleExitMinutes(rules)).toBe(30 + 180);
  expect(idleExitMinutes(loadScalerConfig(given).gpus.rules)).toBe(30);
  expect(loadScalerConfig({ ...given, GPU_READY_HOURS: '22-2' }).gpus.rules.readyHours).toEqual({
    ...{ from: 22, to: 2 },
  });
  for (const [wrong, words] of [
    [{ GPU_READY_HOURS: 'evening' }, 'GPU_READY_HOURS: must be two hours of the day, such as 8-24'],
    [{ GPU_HOURS: '8-22', GPU_READY_HOURS: '20-23' }, 'GPU_READY_HOURS: must lie in GPU_HOURS'],
    [{ GPU_TIME_ZONE: 'Berlin' }, 'GPU_TIME_ZONE: must be a time zone by its name, such as Europe/Berlin'],
  ] as const) {
    expect(() => loadScalerConfig({ ...given, ...wrong })).toThrow(words);
  }
});
