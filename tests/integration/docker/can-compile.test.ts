import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';

const { failed: isWithoutGcc } = await execa('gcc', ['--version'], { reject: false });
const real = join(projectRoot, '.venv');
const hasTriton = existsSync(join(real, 'lib/python3.11/site-packages/triton'));

let folder: string;
/** what the check finds on its PATH, and nothing else */
let programs: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-can-compile-'));
  programs = join(folder, 'programs');
  for (const name of ['driver', 'link', 'programs']) await mkdir(join(folder, name));
  await symlink(join(folder, 'driver/libcuda.so.1'), join(folder, 'link/libcuda.so'));
  for (const name of ['mktemp', 'readlink', 'rm', 'basename', 'as', 'ld']) {
    const { stdout, failed } = await execa('/bin/sh', ['-c', `command -v ${name}`], { reject: false });
    if (!failed) await symlink(stdout, join(programs, name));
  }
  // A machine without a compiler has one that knows what the check asks of it: whether what is included and linked with is there.
  if (isWithoutGcc)
    await program(
      join(programs, 'gcc'),
      'made=; for each; do [ "$before" != -o ] || made=$each; case $each in -lcuda) [ -e "$LIBRARY_PATH/libcuda.so" ] || exit 1 ;; -I*) [ -n "$(echo "${each#-I}"/*.h)" ] && [ -e "$(echo "${each#-I}"/*.h)" ] || exit 1 ;; *.c) [ -e "$each" ] || exit 1 ;; esac; before=$each; done; : >"$made"',
    );
  else
    await program(
      join(programs, 'gcc'),
      `PATH=${process.env['PATH'] ?? ''} exec "$(PATH=${process.env['PATH'] ?? ''}; command -v gcc)" "$@"`,
    );
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const program = (path: string, lines: string) => writeFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });

/** A Python environment as far as the check looks at it, with a Triton of a few lines: so it is tried on machines that have none. */
async function makeEnvironment(): Promise<string> {
  const environment = join(folder, 'environment');
  const nvidia = join(environment, 'triton/backends/nvidia');
  for (const name of ['bin', 'lib', 'include']) await mkdir(join(nvidia, name), { recursive: true });
  for (const name of ['bin', 'include']) await mkdir(join(environment, name));
  await program(
    join(environment, 'bin/python'),
    `case "$2" in *triton*) echo "${environment}/triton" ;; *include*) echo "${environment}/include" ;; *) exit 1 ;; esac`,
  );
  await program(join(nvidia, 'bin/ptxas'), 'echo a stand-in');
  await writeFile(join(nvidia, 'lib/libdevice.10.bc'), '');
  await writeFile(join(nvidia, 'include/cuda.h'), 'int cuInit(unsigned flags);\n');
  await writeFile(join(environment, 'include/Python.h'), '#define PYTHON 1\n');
  await writeFile(
    join(nvidia, 'driver.c'),
    '#include "cuda.h"\n#include <Python.h>\nint launch(void) { return PYTHON; }\n',
  );
  return environment;
}

const check = (environment: string) =>
  execa('/bin/sh', [join(projectRoot, 'docker/worker/can-compile.sh'), environment, join(folder, 'link')], {
    env: { PATH: programs },
    extendEnv: false,
    reject: false,
  });

test('an image in which Triton can compile is built, and no driver is left in it', async () => {
  const done = await check(await makeEnvironment());
  expect(done.stderr).toBe('');
  expect(done.stdout).toContain("Triton's launchers compile, and ptxas runs");
  expect(done.exitCode).toBe(0);
  expect(await readdir(join(folder, 'driver'))).toEqual([]);
});

test.each([
  ['link/libcuda.so', 'is no link to the driver'],
  ['programs/gcc', 'gcc is missing, with which Triton compiles'],
  ['environment/include/Python.h', "Python's headers are missing"],
  ['environment/triton/backends/nvidia/lib/libdevice.10.bc', "Triton's libdevice is missing"],
  ['environment/triton/backends/nvidia/bin/ptxas', 'ptxas*, which assembles kernels, does not run'],
  ['environment/triton/backends/nvidia/include/cuda.h', "Triton's own C does not compile"],
])('one that lacks %s is not, and it is named', async (missing, words) => {
  const environment = await makeEnvironment();
  await rm(join(folder, missing));
  const done = await check(environment);
  expect(done.stderr).toContain('this image cannot run on a GPU: ');
  expect(done.stderr).toContain(words);
  expect(done.exitCode).toBe(1);
  expect(await readdir(join(folder, 'driver'))).toEqual([]);
});

test.skipIf(!hasTriton || isWithoutGcc)('the Triton that is installed here compiles', async () => {
  const done = await check(real);
  expect(done.stdout).toContain("Triton's launchers compile");
  expect(done.exitCode).toBe(0);
});
