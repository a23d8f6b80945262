import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { Failure } from '../../../src/failure.ts';
import { apiReply } from '../../../src/queue/contract/generation.ts';
import { testDraft } from '../../support/queue-fixtures.ts';
import { hasStatus, idOf, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';
import { patience } from '../../support/patience.ts';

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
  expect(result.attachments[0]?.description).toMatch(/^Video made with AI, 1 s: /);
  expect(result.text).toContain('Made with AI');
  // The stored video may be signed; this copy is not, and the record knows.
  expect(generation.reply.finalIsSmaller).toBe(true);
  await expect(scene.probe(result)).resolves.toMatchObject({ video: 'h264' });
});

test('when the limit shrank while it ran, the video is made to fit', async () => {
  await using scene = await startScene({}, { uploadLimit: 400_000 });
  scene.guild.setBoostTier(3);
  await accepted(scene);
  scene.guild.setBoostTier(0);
  await scene.work((generation) => scene.finish(generation, {}, 1_500_000));
  const result = await scene.channel.waitForMessage(hasVideo, patience);
  expect(result.attachments[0]?.size).toBeLessThan(400_000);
  await expect(scene.probe(result)).resolves.toMatchObject({ video: 'h264' });
});

test('a channel that is gone: the video comes as a direct message', async () => {
  await using scene = await startScene();
  await accepted(scene);
  scene.channel.delete();
  await scene.work(scene.finish);
  const result = await scene.ada.directMessage.waitForMessage(hasVideo);
  expect(result.mentions).toEqual([scene.ada.id]);
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
  expect(status.buttons).toEqual([]);
});

test('no right to read the history any more: the video comes to the channel, without the reference', async () => {
  await using scene = await startScene();
  await accepted(scene);
  scene.channel.overwrite(scene.discord.bot, { deny: ['ReadMessageHistory'] });
  await scene.work(scene.finish);
  const result = await scene.channel.waitForMessage(hasVideo);
  expect(result.repliesTo).toBeUndefined();
});

test('a conversation that was closed meanwhile: the record says undeliverable', async () => {
  await using scene = await startScene();
  const { ada } = scene;
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: ada.directMessage });
  const status = await ada.directMessage.waitForMessage(hasStatus);
  ada.acceptDirectMessages(false);
  await scene.work(scene.finish);
  await until(async () => {
    const found = await scene.queue.get(idOf(status.text));
    return found?.failure?.code === 'undeliverable' ? found : undefined;
  });
  expect(ada.directMessage.messages.filter(hasVideo)).toEqual([]);
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
  const ending = await scene.channel.waitForMessage(({ text }) => text.includes('GPU ran out of memory'));
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

test('an entry of the moderators’ log in the same channel is not taken for the final message', async () => {
  await using scene = await startScene();
  const { discord, guild, channel, queue } = scene;
  const { id } = await accepted(scene);
  const manager = guild.createRole('manager', ['ManageMessages', 'ManageGuild']);
  const mod = guild.addMember(discord.createUser('mod'), { roles: [manager] });
  const log = await mod.run('/queue log', { channel }, { channel });
  await log.firstResponse();
  // As an attempt leaves it that dies before it posts: whoever comes next looks for what may have been posted.
  await queue.updateReply(id, { finalChannelId: channel.id, statusMessageId: null });
  const looking = discord.faults.pause({ method: 'GET', path: `/channels/${channel.id}/messages` });
  await mod.run('/queue cancel', { id, reason: 'Too loud' }, { channel });
  await looking.reached;
  const entry = await channel.waitForMessage(({ text }) => text.includes(`\`${id}\``));
  looking.release();
  const { reply } = await delivered(scene, id);
  const ending = await channel.waitForMessage((message) => message.id === reply.finalMessageId);
  expect(ending.id).not.toBe(entry.id);
  expect(ending.text).toContain('Too loud');
});

test('a volume that is gone when the video is to be sent: it is sent when the volume is back', async () => {
  await using scene = await startScene();
  await scene.store.health();
  const { id } = await accepted(scene);
  const [there, away] = [join(scene.dataDirectory, 'artifacts'), join(scene.dataDirectory, 'away')];
  const gone = Promise.withResolvers<void>();
  await scene.work(async (generation) => {
    const result = await scene.finish(generation);
    await rename(there, away);
    gone.resolve();
    return result;
  });
  await gone.promise;
  // Whoever asks how the store is makes an empty folder: that is how one sees that somebody has asked.
  await until(async () => (existsSync(there) ? true : undefined));
  await rm(there, { recursive: true, force: true });
  await rename(away, there);
  expect(await delivered(scene, id)).toMatchObject({ status: 'delivered' });
  expect(scene.channel.messages.filter(hasVideo).length).toBe(1);
});

test('what a killed worker left in the store goes with the last word', async () => {
  await using scene = await startScene();
  const { id, status } = await accepted(scene);
  const keys = [`previews/${id}.jpg`, `videos/${id}.mp4`, `videos/${id}.json`];
  for (const key of keys) await scene.store.put(key, Buffer.from('left behind'));
  await scene.ada.click(status, 'Cancel');
  await delivered(scene, id);
  const left = async () => Promise.all(keys.map(async (key) => scene.store.size(key)));
  await expect.poll(left, patience).toEqual([null, null, null]);
});

test('a record that this program cannot read keeps no bot from starting', async () => {
  await using scene = await startScene();
  const first = await accepted(scene);
  await scene.ada.run('/humo', { prompt: 'Again', image: picture() }, { channel: scene.channel });
  const second = await scene.channel.waitForMessage(({ text }) => text.includes('number 2 of 2'));
  const [key] = (await scene.keysWith(first.id)).filter((name) => name.endsWith(`:generation:${first.id}`));
  const redis = new Redis(parseRedisUrl(scene.redisUrl));
  await redis.hset(key ?? '', 'version', '99');
  redis.disconnect();
  await scene.restartBot();
  await scene.work(scene.finish);
  expect(await delivered(scene, idOf(second.text))).toMatchObject({ status: 'delivered' });
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
  const { status } = await accepted(scene);
  await scene.restartBot();
  await scene.work(scene.finish);
  const result = await scene.channel.waitForMessage(hasVideo);
  expect(result.repliesTo).toBe(status.id);
});

test('two videos ready at once do not hold each other up', async () => {
  await using scene = await startScene();
  const first = await accepted(scene);
  await scene.ada.run('/humo', { prompt: 'Again', image: picture() }, { channel: scene.channel });
  await scene.channel.waitForMessage(({ text }) => text.includes('number 2 of 2'));
  await scene.work(scene.finish);
  await until(async () => (scene.channel.messages.filter(hasVideo).length === 2 ? true : undefined));
  expect((await delivered(scene, first.id)).status).toBe('delivered');
});

const followUps = /^\/webhooks\/\d+\/[^/]+$/;
const edits = /^\/webhooks\/\d+\/[^/]+\/messages\/\d+$/;

test.each([
  ['the begun answer', { method: 'POST', path: followUps }],
  ['the video', { method: 'PATCH', path: edits }],
] as const)(
  'private, and Discord’s word on %s is lost: one message carries the video',
  async (_, request) => {
    await using scene = await startScene();
    const { ada, channel, discord } = scene;
    await ada.run('/humo', { prompt: 'She speaks', image: picture(), private: true }, { channel });
    const status = await ada.waitForMessage(channel, hasStatus);
    discord.faults.add({ ...request, when: 'after', times: 1 });
    await scene.work(scene.finish);
    await delivered(scene, idOf(status.text));
    expect(ada.sees(channel).filter(hasVideo).length).toBe(1);
    expect(ada.directMessage.messages.filter(hasVideo)).toEqual([]);
  },
);

test('private, and the token dies before its time: a direct message', async () => {
  await using scene = await startScene();
  const { ada, channel, discord } = scene;
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), private: true }, { channel });
  await ada.waitForMessage(channel, hasStatus);
  discord.faults.add({ path: /^\/webhooks\//, status: 401, code: 50_027, times: 100 });
  await scene.work(scene.finish);
  const result = await ada.directMessage.waitForMessage(hasVideo);
  expect(result.mentions).toEqual([ada.id]);
  discord.faults.clear();
});

test('in a group that the bot is not in: the answer comes there while Discord allows it', async () => {
  await using scene = await startScene();
  const { discord } = scene;
  const eve = discord.createUser('eve', { hasInstalledApplication: true });
  const group = discord.createGroup([eve, scene.ada]);
  await scene.work(scene.finish);
  await eve.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: group });
  const result = await group.waitForMessage(hasVideo);
  expect(result.mentions).toEqual([eve.id]);
});

test('delivered, and the bot died before the status message said so: the next one catches up', async () => {
  await using scene = await startScene();
  const { id, status } = await accepted(scene);
  const held = scene.discord.faults.pause({ method: 'PATCH', path: /original$/ });
  await scene.work(scene.finish);
  const { reply } = await delivered(scene, id);
  await held.reached;
  scene.discord.faults.add({ method: 'PATCH', path: /original$/, status: 404, code: 10_008 });
  held.release();
  // Of many that came later and ended before it, none takes its place.
  for (let count = 0; count < 50; count += 1) {
    const draft = testDraft('1', { reply: apiReply });
    await scene.queue.accept(draft);
    await scene.queue.cancel(draft.id, { code: 'cancelled', identifier: 'cancelled_by_user', context: {} });
  }
  await scene.restartBot();
  await status.waitUntil(({ text }) => text.includes(String(reply.finalMessageId)));
  expect(status.buttons).toEqual([]);
});
