import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openScratch, sweepScratch } from '../../../src/media/scratch.ts';

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

test('what a dead process left behind goes; what a living one or another machine has stays', async () => {
  const dead = spawn('true');
  await once(dead, 'exit');
  const scratch = await openScratch(root, 'mine');
  const named = (pid: number | undefined) => basename(scratch.path).replace(`_${process.pid}_`, `_${pid}_`);
  const left = join(root, named(dead.pid));
  const living = join(root, named(process.ppid));
  const elsewhere = join(root, `another-machine_${dead.pid}_x`);
  for (const path of [left, living, elsewhere]) await mkdir(path);
  await scratch[Symbol.asyncDispose]();
  expect(await sweepScratch(root)).toBe(1);
  expect((await readdir(root)).toSorted()).toEqual([basename(living), basename(elsewhere)].toSorted());
});
