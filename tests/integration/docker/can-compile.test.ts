import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';

const environment = join(projectRoot, '.venv');
const hasTriton = existsSync(join(environment, 'lib/python3.11/site-packages/triton'));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-can-compile-'));
  await mkdir(join(folder, 'driver'));
  await mkdir(join(folder, 'link'));
  await symlink(join(folder, 'driver/libcuda.so.1'), join(folder, 'link/libcuda.so'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const check = (link: string, path = process.env['PATH']) =>
  execa('/bin/sh', [join(projectRoot, 'docker/worker/can-compile.sh'), environment, join(folder, link)], {
    env: { PATH: path },
    reject: false,
  });

test.skipIf(!hasTriton)(
  'an image in which Triton can compile is built, and no driver is left in it',
  async () => {
    const done = await check('link');
    expect(done.stdout).toContain("Triton's launchers compile");
    expect(done.exitCode).toBe(0);
    expect(await readdir(join(folder, 'driver'))).toEqual([]);
  },
);

test.skipIf(!hasTriton)('without the link beside the driver, or without a compiler, it is not', async () => {
  const unlinked = await check('driver');
  expect(unlinked.stderr).toContain('this image cannot run on a GPU: ');
  expect(unlinked.stderr).toContain('libcuda.so is no link to the driver');
  expect(unlinked.exitCode).toBe(1);

  const programs = join(folder, 'programs');
  await mkdir(programs);
  for (const name of ['mktemp', 'readlink', 'rm', 'basename']) {
    const { stdout } = await execa('/bin/sh', ['-c', `command -v ${name}`]);
    await symlink(stdout, join(programs, name));
  }
  const bare = await check('link', programs);
  expect(bare.stderr).toContain('gcc is missing, with which Triton compiles');
  expect(bare.exitCode).toBe(1);
});
