import { expect, test } from 'vitest';
import type { Part } from '../../scripts/support/part.ts';
import { startStack } from '../support/stack.ts';
import type { Stack } from '../support/stack.ts';

/**
 * One request each, and one end of a process after another, with every part the real one. What becomes of each of them alone, at the
 * very moment that is meant, is in tests/integration/bot/process.test.ts and tests/integration/worker/crashes.test.ts.
 */

/** Exactly one final message, with a video that plays; also after a bot that comes back has looked for what is undone. */
async function expectOneVideo(stack: Stack, bot: Part): Promise<void> {
  const result = await stack.video();
  await stack.channel.waitForMessage((message) => message.text.includes(`/${result.id}`));
  const { video, audio } = await stack.probe(result);
  expect([video.codec_name, video.nb_read_frames, audio?.codec_name]).toEqual(['h264', 49, 'aac']);
  await bot.stop();
  const again = await stack.startBot();
  await again.logged('records and jobs compared');
  expect(await again.stop()).toBe(0);
  expect(stack.finals().map((message) => message.id)).toEqual([result.id]);
}

test('the bot is killed after it accepted and when Discord has the video, the engine and Redis in denoising', async () => {
  await using stack = await startStack();
  const first = await stack.startBot();
  await stack.ask();
  await first.stop('SIGKILL');

  const second = await stack.startBot();
  const upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'after' });
  const begun = await stack.denoising();
  const worker = await stack.startWorker();
  await begun.reached;
  const engines = await stack.enginesOf(worker);
  expect(engines).toHaveLength(1);
  for (const engine of engines) process.kill(engine, 'SIGKILL');
  const begunAgain = await stack.denoising();
  await begunAgain.reached;
  expect(await stack.enginesOf(worker)).not.toEqual(engines);
  // It comes back from its append-only file.
  await stack.redis.restart();

  await upload.reached;
  await second.stop('SIGKILL');
  expect(stack.finals()).toHaveLength(1);
  upload.release();
  await expectOneVideo(stack, await stack.startBot());
});

test('SIGTERM to bot and worker, then the worker is killed in denoising and the bot while it uploads', async () => {
  await using stack = await startStack();
  const first = { bot: await stack.startBot(), worker: await stack.startWorker('first') };
  const begun = await stack.denoising();
  await stack.ask();
  await begun.reached;
  // Both within ten seconds: whatever takes longer ends with 1.
  expect(await Promise.all([first.bot.stop(), first.worker.stop()])).toEqual([0, 0]);

  // The job was given back at once, and no try was used up: after this worker's there is one left.
  const begunAgain = await stack.denoising();
  const second = await stack.startWorker('second');
  await begunAgain.reached;
  await second.stop('SIGKILL');

  const upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'arrival' });
  await stack.startWorker('third');
  const bot = await stack.startBot();
  await upload.reached;
  await bot.stop('SIGKILL');
  upload.release();
  await expectOneVideo(stack, await stack.startBot());
});
