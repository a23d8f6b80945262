import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('the scenario of the README is the example, in some twenty lines, and it passes', async () => {
  const example = await readFile(`${root}sandbox/example.ts`, 'utf8');
  const readme = await readFile(`${root}sandbox/README.md`, 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
  expect(example.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(24);
  const { exitCode, stderr } = await execa({ node: true, cwd: root, reject: false })`sandbox/example.ts`;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test('the example fails when the bot does not answer as it expects', async () => {
  const example = await readFile(`${root}sandbox/example.ts`, 'utf8');
  const broken = example
    .replace('Framed cat', 'Framed dog')
    .replaceAll("'./start.ts'", `'${root}sandbox/start.ts'`);
  const { exitCode, stderr } = await execa({
    node: true,
    cwd: root,
    reject: false,
    timeout: 20_000,
  })('--input-type=module-typescript', ['--eval', broken]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('Framed dog');
});
