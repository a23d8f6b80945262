import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { hasStatus, idOf, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

const hasVideo = ({ attachments, fromBot }: { attachments: readonly unknown[]; fromBot: boolean }) =>
  fromBot && attachments.length === 1;

/** Runs the command and waits for its status message. */
async function accepted({ ada, channel }: Scene, options: Record<string, unknown> = {}) {
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), ...options }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  return { status, id: idOf(status.text) };
}

async function delivered({ queue }: Scene, id: string) {
  return until(async () => {
    const generation = await queue.get(id);
    return generation !== null && generation.deliveredAt !== null ? generation : undefined;
  });
}

test('a deleted status message: the result is posted without a reference', async () => {
  await using scene = await startScene();
  const { status } = await accepted(scene);
  scene.discord.owner.delete(status);
  await scene.work(scene.finish);
  const result = await scene.channel.waitForMessage(hasVideo);
  expect(result.repliesTo).toBeUndefined();
});

test('when Discord finds the video too large, a smaller one is made and sent', async () => {
  await using scene = await startScene();
  const { id } = await accepted(scene);
  const path = new RegExp(`^/channels/${scene.channel.id}/messages$`);
  scene.discord.faults.add({ method: 'POST', path, status: 413, code: 40_005 });
  await scene.work((generation) => scene.finish(generation, {}, 900_000));
  const result = await scene.channel.waitForMessage(hasVideo);
  const generation = await delivered(scene, id);
  expect(result.attachments[0]?.size).toBeLessThan(generation.result?.bytes ?? 0);
  await expect(scene.probe(result)).resolves.toMatchObject({ video: 'h264' });
});

test('when the limit shrank while it ran, the video is made to fit', async () => {
  await using scene = await startScene({}, { uploadLimit: 400_000 });
  scene.guild.setBoostTier(3);
  await accepted(scene);
  scene.guild.setBoostTier(0);
  await scene.work((generation) => scene.finish(generation, {}, 1_500_000));
  const result = await scene.channel.waitForMessage(hasVideo, { timeout: 30_000 });
  expect(result.attachments[0]?.size).toBeLessThan(400_000);
  await expect(scene.probe(result)).resolves.toMatchObject({ video: 'h264' });
});

test('a channel that is gone: the video comes as a direct message', async () => {
  await using scene = await startScene();
  await accepted(scene);
  scene.channel.delete();
  await scene.work(scene.finish);
  await scene.ada.directMessage.waitForMessage(hasVideo);
});

test('a permission that was taken away meanwhile: the video comes as a direct message, and the status says so', async () => {
  await using scene = await startScene();
  const { status } = await accepted(scene);
  scene.channel.overwrite(scene.discord.bot, { deny: ['AttachFiles'] });
  await scene.work(scene.finish);
  const result = await scene.ada.directMessage.waitForMessage(hasVideo);
  await status.waitUntil(({ text }) =>
    text.includes(`channels/@me/${scene.ada.directMessage.id}/${result.id}`),
  );
});

test('no way left: the record says undeliverable, and the tries end', async () => {
  await using scene = await startScene();
  const { id } = await accepted(scene);
  scene.channel.delete();
  scene.ada.acceptDirectMessages(false);
  await scene.work(scene.finish);
  const generation = await until(async () => {
    const found = await scene.queue.get(id);
    return found?.failure?.code === 'undeliverable' ? found : undefined;
  });
  expect(generation.failure?.identifier).toBe('direct_messages_closed');
});

test('a failure ends in one message with the reason and the reference', async () => {
  await using scene = await startScene();
  const { id, status } = await accepted(scene);
  await scene.work(async () => {
    throw new Failure('out_of_memory', 'out_of_memory');
  });
  const ending = await scene.channel.waitForMessage(({ text }) => text.includes('graphics card'));
  expect(ending.repliesTo).toBe(status.id);
  expect(ending.mentions).toEqual([scene.ada.id]);
  expect(ending.text).toContain(id);
  await status.waitUntil(({ text }) => text.includes(ending.id));
});

test('the answer to the upload is lost: the repeated post is the same message', async () => {
  await using scene = await startScene();
  const { id } = await accepted(scene);
  const path = new RegExp(`^/channels/${scene.channel.id}/messages$`);
  scene.discord.faults.add({ method: 'POST', path, when: 'after', times: 1 });
  await scene.work(scene.finish);
  await delivered(scene, id);
  expect(scene.channel.messages.filter(hasVideo).length).toBe(1);
});

test('posted, not recorded, and the nonce long forgotten: the message is found in the channel', async () => {
  await using scene = await startScene();
  const { id, status } = await accepted(scene);
  const path = new RegExp(`^/channels/${scene.channel.id}/messages$`);
  // Every answer to a post is lost, and the bot is gone before it can look: as after a crash.
  const held = scene.discord.faults.pause({ method: 'POST', path, when: 'after' });
  await scene.work(scene.finish);
  await held.reached;
  const restarted = scene.restartBot();
  scene.discord.faults.clear();
  scene.discord.clock.advance('20m');
  await restarted;
  const generation = await delivered(scene, id);
  expect(scene.channel.messages.filter(hasVideo).length).toBe(1);
  expect(generation.reply.finalMessageId).toBe(scene.channel.messages.find(hasVideo)?.id);
  await status.waitUntil(({ buttons }) => buttons.length === 0);
});

test('the same delivery run twice is one message', async () => {
  await using scene = await startScene();
  const { id } = await accepted(scene);
  await scene.work(scene.finish);
  const first = await delivered(scene, id);
  await scene.queue.reconcile();
  await scene.restartBot();
  expect(scene.channel.messages.filter(hasVideo).length).toBe(1);
  expect((await scene.queue.get(id))?.reply.finalMessageId).toBe(first.reply.finalMessageId);
});

test('the bot restarts between accepting and the end: the video comes all the same', async () => {
  await using scene = await startScene();
  await accepted(scene);
  await scene.restartBot();
  await scene.work(scene.finish);
  await scene.channel.waitForMessage(hasVideo);
});

test('two videos ready at once do not hold each other up', async () => {
  await using scene = await startScene();
  const first = await accepted(scene);
  await scene.ada.run('/humo', { prompt: 'Again', image: picture() }, { channel: scene.channel });
  await scene.channel.waitForMessage(({ text }) => text.includes('number 2 of 2'));
  await scene.work(scene.finish);
  await until(async () => (scene.channel.messages.filter(hasVideo).length === 2 ? true : undefined));
  await delivered(scene, first.id);
});
