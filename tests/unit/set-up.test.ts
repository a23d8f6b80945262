import { cp, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sweepUnfinished } from '../../scripts/setup/packages.mjs';
import { execute } from '../../scripts/setup/shared.mjs';
import { projectRoot } from '../../src/config/environment.ts';

test('what Python compiles while packages are set up is kept, also where it is told not to', async () => {
  vi.stubEnv('PYTHONDONTWRITEBYTECODE', '1');
  try {
    const python = join(projectRoot, '.venv/bin/python');
    const { output } = await execute(python, ['-c', 'import sys; print(sys.dont_write_bytecode)']);
    expect(output.trim()).toBe('False');
  } finally {
    vi.unstubAllEnvs();
  }
});

test('programs load packed packages as long as these are what npm installed; packages themselves, and what asks as CommonJS does, never', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-packed-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of ['packed-packages.mjs', 'quick-start.mjs'])
    await cp(join(projectRoot, 'scripts/support', name), join(folder, 'scripts/support', name));
  const write = async (file: string, text: string) => {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), text);
  };
  const installed = join(folder, 'node_modules/.package-lock.json');
  await write('node_modules/.package-lock.json', '{}');
  await write('node_modules/thing/package.json', '{"main":"index.js"}');
  await write('node_modules/thing/index.js', "module.exports = 'as it is';");
  await write('node_modules/user/package.json', '{"type":"module","main":"index.js"}');
  await write('node_modules/user/index.js', "export { default } from 'thing';");
  await write('node_modules/.cache/packages/thing.js', "export default 'packed';");
  const index = { installedAt: (await stat(installed)).mtimeMs, files: { thing: 'thing.js' } };
  await write('node_modules/.cache/packages/index.json', JSON.stringify(index));
  await write(
    'own.mjs',
    `import { createRequire } from 'node:module'; import thing from 'thing'; import user from 'user';
     console.log([thing, user, createRequire(import.meta.url)('thing')].join(', '));`,
  );
  const own = async () => {
    const hook = `--import=${new URL(`file://${folder}/scripts/support/packed-packages.mjs`).href}`;
    return (await execa(process.execPath, [hook, join(folder, 'own.mjs')], { env: { NODE_OPTIONS: '' } }))
      .stdout;
  };
  expect(await own()).toBe('packed, as it is, as it is');
  await utimes(installed, 1, 1);
  expect(await own()).toBe('as it is, as it is, as it is');
});

test('of a packing that was killed nothing stays; of one that goes on, and of all else, everything', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-unfinished-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { stdout: ended } = await execa('sh', ['-c', 'echo $$']);
  const kept = ['node', 'packages', `packages-${process.pid}`, 'packages-old'];
  for (const name of [...kept, `packages-${ended}`])
    await mkdir(join(folder, name, 'sources'), { recursive: true });
  sweepUnfinished(join(folder, 'packages'));
  expect((await readdir(folder)).toSorted()).toEqual(kept.toSorted());
});
