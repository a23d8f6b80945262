import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadHandlers } from '../../../src/bot/load-handlers.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handlers-'));
});
afterEach(() => rm(folder, { recursive: true }));

const button = (name: string) => `export default { kind: 'button', name: '${name}', async press() {} };`;

test('every file of the folder is loaded', async () => {
  await writeFile(join(folder, 'one.mjs'), button('one'));
  await writeFile(join(folder, 'two.mjs'), button('two'));
  await writeFile(join(folder, 'notes.md'), 'not code');
  expect([...(await loadHandlers(folder)).buttons.keys()].toSorted()).toEqual(['one', 'two']);
});

test('the start fails on a file that does not fit, and names it', async () => {
  await writeFile(join(folder, 'lost.mjs'), `export default { kind: 'slash', name: 'lost' };`);
  await expect(loadHandlers(folder)).rejects.toThrow(/lost\.mjs is no command/);
});

test('the start fails on two handlers of one name', async () => {
  await writeFile(join(folder, 'one.mjs'), button('same'));
  await writeFile(join(folder, 'two.mjs'), button('same'));
  await expect(loadHandlers(folder)).rejects.toThrow(/already is a button handler named 'same'/);
});
