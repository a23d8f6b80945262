import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withFileLock } from '../../src/file-lock.ts';
import { patience } from '../support/patience.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function leave(path: string): Promise<void> {
  await writeFile(path, '');
  await utimes(path, 0, 0);
}

test('whoever saw long ago that a dead process has the lock does not take it from the next one', async () => {
  const file = join(folder, 'list.json');
  await leave(`${file}.lock`);
  let [inside, most, looks] = [0, 0, 0];
  const gate = Promise.withResolvers<void>();
  // Holds back what the second one who looks at the lock sees, until somebody has the lock.
  const look = async (path: string) => {
    const seen = await stat(path);
    looks += 1;
    if (looks === 2) await gate.promise;
    return seen;
  };
  const end = Promise.withResolvers<void>();
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    gate.resolve();
    await end.promise;
    inside -= 1;
  };
  const both = [withFileLock(file, work, look), withFileLock(file, work, look)];
  await gate.promise;
  const after = looks;
  await vi.waitFor(() => expect(most > 1 || looks > after + 2).toBe(true), patience);
  end.resolve();
  await Promise.all(both);
  expect(most).toBe(1);
  // Also where whoever took it away died in doing so.
  await Promise.all(['.lock', '.lock.stale'].map((name) => leave(`${file}${name}`)));
  await withFileLock(file, work);
  expect(await readdir(folder)).toEqual([]);
});
