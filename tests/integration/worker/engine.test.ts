import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Engine } from '../../../src/worker/engine.ts';
import type { EngineRequest } from '../../../src/worker/engine-protocol.ts';
import { silent } from '../../support/queue-fixtures.ts';
import { scriptedEngineCommand } from '../../support/scripted-engine.ts';
import type { EngineScript } from '../../support/scripted-engine.ts';

// Processes start and end here; a busy machine takes its time.
let folder: string;
let engine: Engine;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-engine-'));
});
afterEach(async () => {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
});

function start(script: EngineScript, timeouts: { start?: number; silence?: number; cancel?: number } = {}) {
  engine = new Engine({
    command: scriptedEngineCommand(script),
    directory: folder,
    startTimeout: timeouts.start ?? 20_000,
    silenceTimeout: timeouts.silence ?? 20_000,
    cancelTimeout: timeouts.cancel ?? 20_000,
    log: silent,
  });
  return engine;
}

const request: EngineRequest = {
  prompt: 'a secret wish',
  negativePrompt: '',
  mode: 'TI',
  images: [],
  model: '17b',
  width: 32,
  height: 16,
  frames: 5,
  steps: 3,
  shift: 5,
  scales: { audio: 5.5, text: 5 },
  seed: 11,
  preview: true,
  vocals: false,
};

function generate(signal = new AbortController().signal, change: Partial<EngineRequest> = {}) {
  const steps: number[] = [];
  const previews: string[] = [];
  const done = engine.generate(
    'g-1',
    { ...request, ...change },
    {
      signal,
      outputDirectory: folder,
      onProgress: (progress) => steps.push(progress.step),
      onPreview: (preview) => previews.push(preview.path),
    },
  );
  return { done, steps, previews };
}

test('one engine serves request after request, with progress, previews and raw frames', async () => {
  start({});
  const first = generate();
  const done = await first.done;
  expect(first.steps).toEqual([0, 1, 2, 3]);
  expect(first.previews).toHaveLength(3);
  expect(done).toMatchObject({ seed: 11, frames: { count: 5, pixelFormat: 'rgb24' } });
  expect(await readFile(done.frames.path ?? '')).toHaveLength(32 * 16 * 3 * 5);
  const pid = engine.pid;
  await generate().done;
  expect(engine.pid).toBe(pid);
});

test('a cancel stops it before its next step, and it stays ready', async () => {
  start({ gate: { beforeStep: 2, file: join(folder, 'gates', 'never') } });
  const controller = new AbortController();
  const running = generate(controller.signal);
  await expect.poll(() => running.steps).toContain(1);
  const pid = engine.pid;
  controller.abort();
  await expect(running.done).rejects.toMatchObject({ code: 'cancelled' });
  expect(running.steps).not.toContain(2);
  expect(engine.pid).toBe(pid);
  expect(await generate(undefined, { steps: 1 }).done).toMatchObject({ type: 'done' });
});

test('an engine that does not hear a cancel is killed, and the next request gets a new one', async () => {
  start({ deaf: true, silentAtStep: 2 }, { cancel: 50 });
  const controller = new AbortController();
  const running = generate(controller.signal);
  await expect.poll(() => running.steps).toContain(1);
  const pid = engine.pid;
  controller.abort();
  await expect(running.done).rejects.toMatchObject({ code: 'cancelled' });
  await generate(undefined, { steps: 1 }).done;
  expect(engine.pid).not.toBe(pid);
});

test('a crash is engine_crashed with the signal, and the next request gets a new engine', async () => {
  start({ dieAtStep: 2, dieOnce: join(folder, 'died') });
  await expect(generate().done).rejects.toMatchObject({
    code: 'engine_crashed',
    context: { reason: 'SIGKILL' },
  });
  await expect(generate().done).resolves.toMatchObject({ type: 'done' });
});

test('silence is engine_timeout, and kills', async () => {
  start({ silentAtStep: 2 }, { silence: 200 });
  await engine.start();
  const pid = engine.pid;
  await expect(generate().done).rejects.toMatchObject({ code: 'engine_timeout' });
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
});

test('noise of a library is passed over, a broken event is not', async () => {
  start({ babble: 'Loading checkpoint shards: 100%' });
  await expect(generate().done).resolves.toMatchObject({ type: 'done' });
  await engine.stop();
  start({ babble: '{"type":"done","id":"g-1","frames":7}' });
  await expect(generate().done).rejects.toMatchObject({ code: 'engine_crashed' });
});

test('a line that the engine refuses while it works does not end what it works on', async () => {
  start({ babble: '{"type":"failed","id":null,"code":"invalid_input","message":"a line was refused"}' });
  await expect(generate().done).resolves.toMatchObject({ type: 'done' });
});

test("the engine's own reasons keep their code; unknown ones are internal", async () => {
  start({ fail: 'out_of_memory' });
  await expect(generate().done).rejects.toMatchObject({ code: 'out_of_memory' });
  await engine.stop();
  start({ fail: 'flux_capacitor' });
  await expect(generate().done).rejects.toMatchObject({ code: 'internal' });
});

test('another protocol version, no answer, an early end, missing weights: each is told apart', async () => {
  start({ protocol: 2 });
  await expect(engine.start()).rejects.toMatchObject({
    identifier: 'engine_protocol',
    context: { engine: 2, worker: 1 },
  });
  start({ mute: true }, { start: 300 });
  await expect(engine.start()).rejects.toMatchObject({ code: 'engine_timeout' });
  start({ refuse: 'weights_missing' });
  await expect(engine.start()).rejects.toMatchObject({ code: 'weights_missing' });
  engine = new Engine({
    command: ['/nonexistent/engine'],
    directory: folder,
    startTimeout: 1000,
    silenceTimeout: 1000,
    cancelTimeout: 1000,
    log: silent,
  });
  await expect(engine.start()).rejects.toMatchObject({
    code: 'engine_crashed',
    context: { reason: 'ENOENT' },
  });
});

test('when the worker goes, the engine goes', async () => {
  start({});
  await engine.start();
  const pid = engine.pid ?? 0;
  await engine.stop();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await expect(generate().done).rejects.toMatchObject({ code: 'internal' });
});

test('after an error that nobody foresaw a new engine works on; memory that ran out does so three times before', async () => {
  start({ fail: 'internal' });
  await engine.start();
  const first = engine.pid;
  await expect(generate().done).rejects.toMatchObject({ code: 'internal' });
  await engine.start();
  expect(engine.pid).not.toBe(first);
  await engine.stop();

  start({ fail: 'out_of_memory' });
  await engine.start();
  const second = engine.pid;
  for (const expected of [second, second, undefined]) {
    await expect(generate().done).rejects.toMatchObject({ code: 'out_of_memory' });
    expect(engine.pid).toBe(expected);
  }
});
