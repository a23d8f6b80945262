import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadBotConfig, loadWorkerConfig, projectRoot } from '../../../src/config/environment.ts';

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
