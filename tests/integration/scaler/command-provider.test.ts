import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCommandProvider } from '../../../src/scaler/command-provider.ts';
import { patience } from '../../support/patience.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-commands-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A provider of scripts: each notes what it was told, and then does what it is here for. */
async function provider(scripts: { start: string; stop?: string; list?: string }, patienceSeconds = 600) {
  const log = join(folder, 'log');
  const command = async (name: 'start' | 'stop' | 'list') => {
    const path = join(folder, name);
    const noted = `echo "${name} name=$HUMO_GPU_NAME id=$HUMO_GPU_ID secret=$DISCORD_TOKEN key=$GPU_COMMAND_KEY" >>${log}`;
    await writeFile(path, `#!/bin/sh\n${noted}\n${scripts[name] ?? ''}\n`, { mode: 0o755 });
    return [path];
  };
  return {
    gpus: createCommandProvider({
      start: await command('start'),
      stop: await command('stop'),
      list: scripts.list === undefined ? null : await command('list'),
      kind: 'command',
      pricePerHour: 1.5,
      patienceSeconds,
      environment: { PATH: process.env['PATH'] ?? '', GPU_COMMAND_KEY: 'k1' },
    }),
    told: async () => (await readFile(log, 'utf8')).trim().split('\n'),
  };
}

test('commands are told which machine, get the owner’s variables and no secret of ours; the last line printed is its id', async () => {
  const { gpus, told } = await provider({ start: 'echo starting; echo i-42' });
  const [offer] = await gpus.offers();
  expect(offer).toEqual({ kind: 'command', pricePerHour: 1.5 });
  if (offer === undefined) throw new Error('nothing is offered');
  const machine = await gpus.start('humo-gpu-1', offer);
  expect(machine).toEqual({ id: 'i-42', name: 'humo-gpu-1', pricePerHour: 1.5, state: 'starting' });
  await gpus.stop('i-42', 'humo-gpu-1');
  expect(await told()).toEqual([
    'start name=humo-gpu-1 id= secret= key=k1',
    'stop name=humo-gpu-1 id=i-42 secret= key=k1',
  ]);
});

test('without a list, what was started is there until it was stopped, also for a process that did not start it', async () => {
  const { gpus } = await provider({ start: 'true' });
  const known = [
    { name: 'humo-gpu-1', id: 'i-42' },
    { name: 'humo-gpu-2', id: null },
  ];
  expect((await gpus.list(known)).map(({ id }) => id)).toEqual(['i-42', 'humo-gpu-2']);
  await gpus.stop('i-42', 'humo-gpu-1');
  expect((await gpus.list(known)).map(({ name }) => name)).toEqual(['humo-gpu-2']);
});

test('what the list prints is what there is, also what another process started', async () => {
  const { gpus } = await provider({
    start: 'true',
    list: `echo '[{"id":"i-1","name":"humo-gpu-1","state":"running"}]'`,
  });
  expect(await gpus.list([])).toEqual([
    { id: 'i-1', name: 'humo-gpu-1', pricePerHour: 1.5, state: 'running' },
  ]);
});

test.each([
  ['exit 3', 'no_stock', 'ended with 3'],
  ['kill -9 $$', 'no_stock', 'ended with SIGKILL'],
] as const)('a start command that does “%s” is %s, and named', async (start, problem, words) => {
  const { gpus } = await provider({ start });
  await expect(gpus.start('humo-gpu-1', { kind: 'command', pricePerHour: 1.5 })).rejects.toMatchObject({
    problem,
    message: expect.stringContaining(words),
  });
});

test('a command that is not there will not be there later either; a list that is none says nothing', async () => {
  const { gpus } = await provider({ start: 'true', list: 'echo none' });
  await expect(gpus.list([])).rejects.toMatchObject({ problem: 'unanswered' });
  await rm(join(folder, 'start'));
  await expect(gpus.start('humo-gpu-1', { kind: 'command', pricePerHour: 1.5 })).rejects.toMatchObject({
    problem: 'refused',
    message: expect.stringContaining('cannot be run'),
  });
});

test('a command is done when it ends, whatever it left running', async () => {
  const { gpus } = await provider({ start: `echo i-7; sleep 600 & echo $! >${join(folder, 'left')}` });
  try {
    const machine = await gpus.start('humo-gpu-1', { kind: 'command', pricePerHour: 1.5 });
    expect(machine.id).toBe('i-7');
  } finally {
    // It is still there: nobody ended what the script meant to stay.
    process.kill(Number(await readFile(join(folder, 'left'), 'utf8')));
  }
});

test.each([
  ['waits for something', ''],
  ['does not want to end', `trap '' TERM`],
])('a command that %s is ended with what it started, and its outcome is unknown', async (_name, trap) => {
  const { gpus } = await provider(
    { start: 'true', stop: `${trap}\nsleep 600 &\necho $! >${join(folder, 'child')}\nwait; sleep 600` },
    1,
  );
  await expect(gpus.stop('i-42', 'humo-gpu-1')).rejects.toMatchObject({
    problem: 'unanswered',
    message: expect.stringContaining('took too long'),
  });
  // On a machine so busy that the shell came to nothing there is nothing that could have been left.
  const child = await readFile(join(folder, 'child'), 'utf8').then(
    (text) => text.trim(),
    () => 'none',
  );
  await vi.waitFor(async () => {
    // Gone, or dead and waiting for whoever inherited it.
    const state = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => ') Z');
    expect(state).toMatch(/\) [ZX]/);
  }, patience);
});
