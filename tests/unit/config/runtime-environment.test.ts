import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { ownCommand } from '../../../src/config/runtime-environment.ts';

test.each([
  ['repository', 'npm run engine -- weights download', 'npm run register'],
  ['compose', 'docker compose exec worker humo-engine weights download', 'docker compose exec bot node '],
  ['pod', 'humo-engine weights download', 'node '],
] as const)('what people type in: %s', (where, engine, register) => {
  expect(ownCommand('engine', 'weights download', where)).toBe(engine);
  expect(ownCommand('register', '', where)).toBe(
    where === 'repository' ? register : `${register}src/bot/register-commands.ts`,
  );
});

/** Lines that speak of npm to whoever runs this: no comment, no documentation. */
function wordsOfNpm(file: string): string[] {
  return readFileSync(join(projectRoot, file), 'utf8')
    .split('\n')
    .filter((line) => line.includes('npm run') && !/^\s*(?:\/?\*|\/\/|#|""")|[({] {2}# /.test(line))
    .map((line) => `${file}: ${line.trim()}`);
}

test('no words for people name `npm run` by themselves: the images have none', () => {
  const files = ['src', 'scripts/tools', 'engine/humo_engine', 'engine/humo_provenance'].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|py)$/.test(name))
      .map((name) => join(folder, name)),
  );
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap(wordsOfNpm);
  const chosen = /^(?:src\/config\/runtime-environment\.ts|engine\/humo_engine\/runtime_environment\.py): /;
  // Of these, each looks where it runs, writes a file of the repository, or is never run in an image.
  const known = [
    'src/worker/engine-command.ts',
    'src/media/process.ts',
    'scripts/tools/configuration.ts',
    'engine/humo_engine/weights/pin.py',
  ];
  const others = found.filter((line) => !chosen.test(line));
  expect(others.filter((line) => !known.some((file) => line.startsWith(`${file}: `)))).toEqual([]);
  expect(others.length).toBeLessThanOrEqual(6);
});
