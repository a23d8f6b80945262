import { expect, test } from 'vitest';
import type { Part } from '../../scripts/support/part.ts';
import { startStack } from '../support/stack.ts';
import type { Stack } from '../support/stack.ts';

/** Exactly one final message, with a video that plays; also after a bot that comes back has looked for what is undone. */
async function expectOneVideo(stack: Stack, bot: Part): Promise<void> {
  const result = await stack.video();
  await stack.channel.waitForMessage((message) => message.text.includes(`/${result.id}`));
  const { video, audio } = await stack.probe(result);
  expect([video.codec_name, video.nb_read_frames, audio?.codec_name]).toEqual(['h264', 97, 'aac']);
  await bot.stop();
  const again = await stack.startBot();
  await again.logged('records and jobs compared');
  expect(await again.stop()).toBe(0);
  expect(stack.finals().map((message) => message.id)).toEqual([result.id]);
}

test('the bot is killed after it accepted a request', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  await stack.ask();
  await bot.stop('SIGKILL');
  await stack.startWorker();
  await expectOneVideo(stack, await stack.startBot());
});

test('the bot is killed while it uploads the video', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  await stack.startWorker();
  const upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'arrival' });
  await stack.ask();
  await upload.reached;
  await bot.stop('SIGKILL');
  upload.release();
  await expectOneVideo(stack, await stack.startBot());
});

test('the bot is killed when Discord has the video and the bot does not know yet', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  await stack.startWorker();
  const upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'after' });
  await stack.ask();
  await upload.reached;
  await bot.stop('SIGKILL');
  upload.release();
  await expectOneVideo(stack, await stack.startBot());
});

test('the worker is killed in denoising: another one makes the video', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  const worker = await stack.startWorker('first');
  const denoising = await stack.denoising();
  await stack.ask();
  await denoising.reached;
  await worker.stop('SIGKILL');
  await stack.startWorker('second');
  await expectOneVideo(stack, bot);
});

test('the engine is killed in denoising: the worker starts another and makes the video', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  const worker = await stack.startWorker();
  const denoising = await stack.denoising();
  await stack.ask();
  await denoising.reached;
  const engines = await stack.enginesOf(worker);
  expect(engines).toHaveLength(1);
  for (const engine of engines) process.kill(engine, 'SIGKILL');
  await expectOneVideo(stack, bot);
  expect(await stack.enginesOf(worker)).not.toEqual(engines);
});

test('Redis is killed in denoising and comes back from its append-only file', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  await stack.startWorker();
  const denoising = await stack.denoising();
  await stack.ask();
  await denoising.reached;
  await stack.redis.restart();
  await expectOneVideo(stack, bot);
});

test('SIGTERM: the worker gives its job back at once, both end within ten seconds, and the next pair finishes it', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  const worker = await stack.startWorker('first');
  const denoising = await stack.denoising();
  await stack.ask();
  await denoising.reached;
  const began = performance.now();
  expect(await Promise.all([bot.stop(), worker.stop()])).toEqual([0, 0]);
  expect(performance.now() - began).toBeLessThan(10_000);
  await stack.startWorker('second');
  await expectOneVideo(stack, await stack.startBot());
});
