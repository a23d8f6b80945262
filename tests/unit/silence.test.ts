import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { afterSilence, silenceSignal } from '../../src/silence.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('what is silent for so long is told once, and what has answered is not', async () => {
  vi.useFakeTimers();
  const [silent, answered] = [vi.fn<() => void>(), vi.fn<() => void>()];
  afterSilence(3_000, silent);
  const stop = afterSilence(3_000, answered);
  await vi.advanceTimersByTimeAsync(2_990);
  expect(silent).not.toHaveBeenCalled();
  stop();
  // One more, for the look at what has come.
  await vi.advanceTimersByTimeAsync(11);
  expect(vi.getTimerCount()).toBe(0);
  expect(silent).toHaveBeenCalledOnce();
  expect(answered).not.toHaveBeenCalled();
});

test('a signal aborts with the reason that AbortSignal.timeout has', async () => {
  const [own, nodes] = [silenceSignal(1), AbortSignal.timeout(1)];
  const goOn = setInterval(() => undefined, 1_000);
  for (const signal of [own, nodes]) if (!signal.aborted) await once(signal, 'abort');
  clearInterval(goOn);
  expect(own.reason).toEqual(nodes.reason);
  expect(own.reason).toBeInstanceOf(DOMException);
});

test('a process that was kept for longer reads first what came meanwhile', async () => {
  // What answers runs in a thread, since this one stands still.
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const echo = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const tell = () => { Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0); };
     const server = require('node:net').createServer((socket) => socket.on('data', (text) => socket.write(text, tell)));
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true, workerData: answered },
  );
  const port = z.number().parse((await once(echo, 'message'))[0]);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const silent = vi.fn<() => void>();
  const heard = once(socket, 'data');
  const stop = afterSilence(20, silent);
  socket.write('Are you there?');
  Atomics.wait(answered, 0, 0);
  // Longer than the limit by now: nobody wakes it.
  Atomics.wait(answered, 0, 1, 40);
  await heard;
  stop();
  expect(silent).not.toHaveBeenCalled();
  socket.destroy();
  await echo.terminate();
});
