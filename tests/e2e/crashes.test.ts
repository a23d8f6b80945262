import { expect, test } from 'vitest';
import type { Message } from '../../sandbox/start.ts';
import type { Part } from '../../scripts/support/part.ts';
import { startStack } from '../support/stack.ts';
import type { Stack } from '../support/stack.ts';
import { patience } from '../support/patience.ts';

/**
 * Two requests, and one end of a process after another, with every part the real one. What becomes of each of them alone, at the very moment
 * that is meant, is in tests/integration/bot/process.test.ts and tests/integration/worker/crashes.test.ts.
 */

/** The video of a request, which plays, and is the only final message to it, also once a bot that comes back has looked for what is undone. */
async function expectOneVideo(stack: Stack, request: Message, bot: Part): Promise<Part> {
  const isOf = ({ repliesTo }: Message) => repliesTo === request.id;
  const result = await stack.channel.waitForMessage(isOf, patience);
  await stack.channel.waitForMessage((message) => message.text.includes(`/${result.id}`), patience);
  const { video, audio } = await stack.probe(result);
  expect([video.codec_name, video.nb_read_frames, audio?.codec_name]).toEqual(['h264', 49, 'aac']);
  await bot.stop();
  const again = await stack.startBot();
  await again.logged('records and jobs compared');
  expect(
    stack
      .finals()
      .filter(isOf)
      .map(({ id }) => id),
  ).toEqual([result.id]);
  return again;
}

test('bot, engine, worker and Redis end one after another, and each of two requests becomes one video', async () => {
  await using stack = await startStack();
  let bot = await stack.startBot();
  const first = await stack.ask();
  // Killed after it accepted.
  await bot.stop('SIGKILL');

  bot = await stack.startBot();
  let upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'after' });
  let begun = await stack.denoising();
  let worker = await stack.startWorker('first');
  await begun.reached;
  const engines = await stack.enginesOf(worker);
  expect(engines).toHaveLength(1);
  for (const engine of engines) process.kill(engine, 'SIGKILL');
  begun = await stack.denoising();
  await begun.reached;
  expect(await stack.enginesOf(worker)).not.toEqual(engines);
  // It comes back from its append-only file.
  await stack.redis.restart();
  // Discord has the video, and the bot does not know.
  await upload.reached;
  await bot.stop('SIGKILL');
  expect(stack.finals()).toHaveLength(1);
  upload.release();
  bot = await expectOneVideo(stack, first, await stack.startBot());

  begun = await stack.denoising();
  const second = await stack.ask();
  await begun.reached;
  // Both within ten seconds: whatever takes longer ends with 1.
  expect(await Promise.all([bot.stop(), worker.stop()])).toEqual([0, 0]);

  // The job was given back at once, and no try was used up: after this worker's there is one left.
  begun = await stack.denoising();
  worker = await stack.startWorker('second');
  await begun.reached;
  await worker.stop('SIGKILL');

  upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'arrival' });
  await stack.startWorker('third');
  bot = await stack.startBot();
  await upload.reached;
  await bot.stop('SIGKILL');
  upload.release();
  bot = await expectOneVideo(stack, second, await stack.startBot());
  expect(await bot.stop()).toBe(0);
});
