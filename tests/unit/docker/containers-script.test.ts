import { once } from 'node:events';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { neededBases } from '../../../scripts/containers/bases.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { isAnswered } from '../../../scripts/containers/docker-engine.ts';
import { Search } from '../../../scripts/containers/planted-secrets.ts';

describe('the search for planted files in layers', () => {
  const planted = ['a', 'b', 'c'].map((path) => ({ path, mark: `planted-${path.repeat(32)}` }));
  const [first, second] = planted.map(({ mark }) => mark);

  test.each([1, 7, 39, 40, 41, 1000])(
    'finds what lies anywhere in a stream, in pieces of %i bytes',
    (size) => {
      const stream = Buffer.from(`${'x'.repeat(100)}${first}${'y'.repeat(50)}${second}`);
      const search = new Search(planted);
      for (let start = 0; start < stream.length; start += size)
        search.take(stream.subarray(start, start + size));
      expect(search.found).toEqual(planted.slice(0, 2));
      expect(search.bytes).toBe(stream.length);
    },
  );
});

test('every base of the Dockerfiles and of Compose is known to the script, but for NVIDIA’s', async () => {
  const bases = await neededBases();
  expect(bases).toContain('docker/dockerfile:1');
  expect(bases.filter((name) => /^(node|redis|python|debian|ubuntu)\b/.test(name))).toHaveLength(5);
  expect(bases.filter((name) => /nvidia|\$/.test(name))).toEqual([]);
});

test('what is asked for and is not there is refused before anything is built', async () => {
  const run = (...args: string[]) =>
    execa(process.execPath, [join(projectRoot, 'scripts/containers/main.ts'), ...args], { reject: false });
  const [check, cuda, help] = await Promise.all([
    run('--kept', '--only', 'no such check'),
    run('--cuda', '99'),
    run('--help'),
  ]);
  expect(check.exitCode).toBe(1);
  expect(check.stderr).toContain('No check has this in its name: no such check.');
  expect(check.stderr).toContain('a /humo becomes a playable video');
  expect(cuda.exitCode).toBe(1);
  expect(cuda.stderr).toContain('there is no CUDA 99; there are 12, 13, ');
  expect(help.exitCode).toBe(0);
  for (const option of ['--kept', '--only', '--cuda', '--ffmpeg']) expect(help.stdout).toContain(option);
});

test('an engine that is at work is told from one that was killed, of which only the socket is left', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-engine-'));
  const [socket, left] = [join(folder, 'docker.sock'), join(folder, 'left.sock')];
  expect(await isAnswered(socket)).toBe(false);
  const server = createServer().listen(socket);
  await once(server, 'listening');
  expect(await isAnswered(socket)).toBe(true);
  // Under another name the server does not take it away with it.
  await rename(socket, left);
  server.close();
  await once(server, 'close');
  expect(await isAnswered(left)).toBe(false);
  await rm(folder, { recursive: true });
});
