import { expect, test } from 'vitest';
import type { Message } from '../../sandbox/start.ts';
import { startStack } from '../support/stack.ts';
import { patience } from '../support/patience.ts';

/**
 * One request, and one end of a process after another, with every part the real one. What becomes of each of them alone, at the very moment
 * that is meant, is in tests/integration/bot/process.test.ts and tests/integration/worker/crashes.test.ts.
 */

test('bot, engine, worker and Redis end one after another, and a request becomes one video', async () => {
  await using stack = await startStack();
  let bot = await stack.startBot();
  const request = await stack.ask();
  // Killed after it accepted.
  await bot.stop('SIGKILL');

  bot = await stack.startBot();
  let begun = await stack.denoising();
  let worker = await stack.startWorker('first');
  await begun.reached;
  // Both within ten seconds: whatever takes longer ends with 1.
  expect(await Promise.all([bot.stop(), worker.stop()])).toEqual([0, 0]);

  // The job was given back at once, and no try was used up. What an end of its engine uses up is one of two.
  begun = await stack.denoising();
  worker = await stack.startWorker('second');
  await begun.reached;
  const engines = await stack.enginesOf(worker);
  expect(engines).toHaveLength(1);
  for (const engine of engines) process.kill(engine, 'SIGKILL');
  begun = await stack.denoising();
  await begun.reached;
  expect(await stack.enginesOf(worker)).not.toEqual(engines);
  // It comes back from its append-only file.
  await stack.redis.restart();

  const upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'after' });
  bot = await stack.startBot();
  // Discord has the video, and the bot does not know.
  await upload.reached;
  await bot.stop('SIGKILL');
  expect(stack.finals()).toHaveLength(1);
  upload.release();

  // Once a bot that comes back has looked for what is undone, there is one final message, and its video plays.
  bot = await stack.startBot();
  await bot.logged('records and jobs compared');
  const isOf = ({ repliesTo }: Message) => repliesTo === request.id;
  const result = await stack.channel.waitForMessage(isOf, patience);
  await stack.channel.waitForMessage((message) => message.text.includes(`/${result.id}`), patience);
  expect(
    stack
      .finals()
      .filter(isOf)
      .map(({ id }) => id),
  ).toEqual([result.id]);
  const { video, audio } = await stack.probe(result);
  expect([video.codec_name, video.nb_read_frames, audio?.codec_name]).toEqual(['h264', 49, 'aac']);
  expect(await bot.stop()).toBe(0);
});
