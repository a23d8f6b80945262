import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withFileLock } from '../../src/file-lock.ts';
import { patience } from '../support/patience.ts';

/** Holds back what the second one who looks at the lock sees, until somebody has the lock. */
const { gate, looks } = vi.hoisted(() => ({ gate: Promise.withResolvers<void>(), looks: { count: 0 } }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Files>();
  return {
    ...real,
    async stat(path: string) {
      const seen = await real.stat(path);
      looks.count += 1;
      if (looks.count === 2) await gate.promise;
      return seen;
    },
  };
});

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
  let [inside, most] = [0, 0];
  const end = Promise.withResolvers<void>();
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    gate.resolve();
    await end.promise;
    inside -= 1;
  };
  const both = [withFileLock(file, work), withFileLock(file, work)];
  await gate.promise;
  const after = looks.count;
  await vi.waitFor(() => expect(most > 1 || looks.count > after + 2).toBe(true), patience);
  end.resolve();
  await Promise.all(both);
  expect(most).toBe(1);
  // Also where whoever took it away died in doing so.
  await Promise.all(['.lock', '.lock.stale'].map((name) => leave(`${file}${name}`)));
  await withFileLock(file, work);
  expect(await readdir(folder)).toEqual([]);
});
