import { expect, test } from 'vitest';
import { hasStatus, picture, startScene, until } from './scene.ts';
import { patience } from '../../support/patience.ts';

test('while it runs: stage, step, bar, time left and a preview, at most one edit in five seconds', async () => {
  await using scene = await startScene();
  const { discord, channel, ada } = scene;
  const statusTexts: string[] = [];
  const seen = Promise.withResolvers<void>();
  const preview = await scene.storePreview();
  await scene.work(async (generation, { report }) => {
    let step = 0;
    const reporting = setInterval(() => {
      step += 1;
      report({ stage: 'denoise', step, steps: 50, etaSeconds: 50 - step, preview });
    }, 300);
    await seen.promise;
    clearInterval(reporting);
    return scene.finish(generation);
  });
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  const stop = discord.onMessage((event, message) => {
    if (event === 'edited' && message.id === status.id) statusTexts.push(message.text);
  });
  await status.waitUntil(({ text, attachments }) => text.includes('of 50') && attachments.length === 1, {
    timeout: 20_000,
  });
  expect(status.text).toContain('Painting the frames');
  expect(status.text).toMatch(/▰*▱+/);
  expect(status.text).toMatch(/About \d+ s left/);
  expect(status.attachments[0]?.contentType).toBe('image/jpeg');
  expect(status.buttons.length).toBe(1);
  const firstStep = /step (\d+)/.exec(status.text)?.[1];
  await status.waitUntil(({ text }) => (/step (\d+)/.exec(text)?.[1] ?? firstStep) !== firstStep, {
    timeout: 20_000,
  });
  seen.resolve();
  await status.waitUntil(({ text }) => text.includes('Your video is here'), patience);
  stop();
  expect(status.attachments).toEqual([]);

  const statusEdits = () =>
    discord.requests.filter(
      ({ method, path }) => method === 'PATCH' && /\/messages\/((@|%40)original|\d+)$/.test(path),
    );
  // First text, a step with a preview, a later step, and the pointer; a request counts once it is answered.
  const edits = await until(async () => (statusEdits().length === 4 ? statusEdits() : undefined));
  const times = edits.map(({ at }) => Date.parse(at));
  const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5_000);
  discord.assertNoViolations();
});
