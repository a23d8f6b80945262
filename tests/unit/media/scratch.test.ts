import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openScratch, sweepScratch } from '../../../src/media/scratch.ts';
import { patience } from '../../support/patience.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'humo-scratch-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('a folder of its own, gone with everything in it when the work ends, however it ends', async () => {
  let path = '';
  const work = async () => {
    await using scratch = await openScratch(root, 'one');
    path = scratch.path;
    await mkdir(join(path, 'engine'));
    await writeFile(join(path, 'engine', 'frames.rgb'), 'x');
    throw new Error('the work failed');
  };
  await expect(work()).rejects.toThrow('the work failed');
  expect(path).toContain(root);
  expect(existsSync(path)).toBe(false);
});

test('what a dead process left behind goes; what a living one, this one or another machine has stays', async () => {
  const dead = spawn('true');
  await once(dead, 'exit');
  const scratch = await openScratch(root, 'mine');
  const named = (pid: number | undefined) => basename(scratch.path).replace(`_${process.pid}_`, `_${pid}_`);
  const left = join(root, named(dead.pid));
  const living = join(root, named(process.ppid));
  const elsewhere = join(root, `another-machine_${dead.pid}_x`);
  for (const path of [left, living, elsewhere]) await mkdir(path);
  expect(await sweepScratch(root)).toBe(1);
  expect((await readdir(root)).toSorted()).toEqual(
    [scratch.path, living, elsewhere].map((path) => basename(path)).toSorted(),
  );
  await scratch[Symbol.asyncDispose]();
});

test('a folder of another machine goes when it gave no sign for long: a container that was made anew has another name', async () => {
  const killed = join(root, '0123456789ab_7_job-x');
  const foreign = join(root, 'somebody-elses');
  for (const path of [killed, foreign]) await mkdir(path);
  const later = (minutes: number) => Date.now() + minutes * 60_000;
  expect(await sweepScratch(root, later(5))).toBe(0);
  expect(await sweepScratch(root, later(20))).toBe(1);
  expect(await readdir(root)).toEqual([basename(foreign)]);
});

test('a folder in use says so, every minute', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    await using scratch = await openScratch(root, 'long');
    await utimes(scratch.path, 0, 0);
    vi.advanceTimersByTime(60_000);
    await vi.waitFor(async () => expect((await stat(scratch.path)).mtimeMs).toBeGreaterThan(0), patience);
  } finally {
    vi.useRealTimers();
  }
});
