import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REST, Routes } from 'discord.js';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('in a terminal it says how to point a bot at it, takes requests, records them and stops', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-main-'));
  const record = join(folder, 'requests.jsonl');
  const child = execa({ node: true, cwd: root, reject: false })('sandbox/main.ts', ['--record', record]);
  let text = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += String(chunk);
      if (text.includes('Ctrl+C')) resolve();
    });
  });
  const [, token] = /DISCORD_TOKEN='(.+)'/.exec(text) ?? [];
  const [, api] = /DISCORD_API_URL='(.+)'/.exec(text) ?? [];
  const rest = new REST({ api: api ?? '', version: '10' }).setToken(token ?? '');
  expect(await rest.get(Routes.user())).toMatchObject({ username: 'HuMo', bot: true });
  child.kill('SIGTERM');
  expect((await child).exitCode).toBe(0);
  const lines = (await readFile(record, 'utf8')).trim().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ method: 'GET', path: '/users/@me', status: 200 }),
  ]);
  await rm(folder, { recursive: true });
});
