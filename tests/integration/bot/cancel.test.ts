import { once } from 'node:events';
import { expect, test } from 'vitest';
import { hasStatus, idOf, picture, startScene } from './scene.ts';
import type { Scene } from './scene.ts';

async function waiting({ ada, channel }: Scene) {
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  return channel.waitForMessage(hasStatus);
}

test('the person cancels what waits: one final message, and the button goes', async () => {
  await using scene = await startScene();
  const status = await waiting(scene);
  const click = await scene.ada.click(status, 'Cancel');
  const answer = await click.waitForMessage(({ text }) => text.includes('Cancelling'));
  expect(answer.ephemeral).toBe(true);
  const ending = await scene.channel.waitForMessage(({ text }) => text.includes('You cancelled it'));
  expect(ending.repliesTo).toBe(status.id);
  await status.waitUntil(({ buttons }) => buttons.length === 0);
});

test('the person cancels what runs: the worker stops', async () => {
  await using scene = await startScene();
  const started = Promise.withResolvers<void>();
  let aborted = false;
  await scene.work(async (generation, { signal }) => {
    started.resolve();
    if (!signal.aborted) await once(signal, 'abort');
    aborted = true;
    signal.throwIfAborted();
    return scene.finish(generation);
  });
  const status = await waiting(scene);
  await started.promise;
  await scene.ada.click(status, 'Cancel');
  await scene.channel.waitForMessage(({ text }) => text.includes('You cancelled it'));
  expect(aborted).toBe(true);
});

test('somebody else cannot cancel it, a moderator of this guild can', async () => {
  await using scene = await startScene();
  const { discord, guild, channel } = scene;
  const stranger = guild.addMember(discord.createUser('sam'));
  const moderator = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  const status = await waiting(scene);
  const refused = await stranger.click(status, 'Cancel');
  await refused.waitForMessage(({ text }) => text.includes('Only the person who asked'));
  expect((await scene.queue.get(idOf(status.text)))?.status).toBe('queued');
  await moderator.click(status, 'Cancel');
  await channel.waitForMessage(({ text }) => text.includes('A moderator cancelled it'));
});
