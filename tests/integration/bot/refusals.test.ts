import { Redis } from 'ioredis';
import { expect, test, vi } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { hasStatus, idOf, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';
import { patience } from '../../support/patience.ts';

const hasVideo = ({ attachments, fromBot }: { attachments: readonly unknown[]; fromBot: boolean }) =>
  fromBot && attachments.length === 1;

async function accepted({ ada, channel }: Scene) {
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  return { status, id: idOf(status.text) };
}

const setting = {
  actorId: '9',
  action: 'settings',
  targetUserId: null,
  generationId: null,
  reason: null,
  details: {},
} as const;

const failed = ({ queue }: Scene, id: string) =>
  until(async () => {
    const found = await queue.get(id);
    return found?.status === 'failed' ? found : undefined;
  });

const posts = ({ channel }: Scene) => ({ method: 'POST', path: `/channels/${channel.id}/messages` });

const uploads = ({ discord }: Scene) =>
  discord.requests.filter(({ method, parts }) => method === 'POST' && parts.length > 0).length;

test('what Discord will not have is not sent again: the person reads why, it costs nothing, and /history has it', async () => {
  await using scene = await startScene(({ owner }) => ({ OWNER_IDS: owner.id }));
  const { ada, channel, discord } = scene;
  await scene.work(scene.finish);
  for (const code of [20_009, 240_000, 200_000]) {
    const { status, id } = await accepted(scene);
    discord.faults.add({ ...posts(scene), status: 400, code });
    const ending = await channel.waitForMessage(
      ({ text }) => text.includes('Discord doesn’t allow it') && text.includes(id),
    );
    // What is refused may be the prompt.
    expect(ending.text).not.toContain('She speaks');
    await status.waitUntil(({ text }) => text.includes(ending.id));
    expect(await failed(scene, id)).toMatchObject({
      failure: { code: 'content_blocked', identifier: 'discord_refused_content' },
      reply: { finalMessageId: ending.id },
    });
  }
  const used = new Redis(parseRedisUrl(scene.redisUrl));
  expect(await used.hlen(`humo:person:${scene.guild.id}:${ada.id}:used`)).toBe(0);
  used.disconnect();
  const history = await ada.run('/history', {}, { channel });
  const list = await history.waitForMessage(({ text }) => text.includes('couldn’t be posted'));
  const fetched = await ada.click(list, list.buttons[0]?.customId ?? '');
  await fetched.waitForMessage(hasVideo);
});

test('a plain retry leaves what is made alone; by its id it is delivered, and not made again', async () => {
  await using scene = await startScene();
  const made: string[] = [];
  await scene.work(async (generation, context) => {
    made.push(generation.id);
    return scene.finish(generation, context);
  });
  const { id } = await accepted(scene);
  scene.discord.faults.add({ ...posts(scene), status: 400, code: 20_009 });
  await failed(scene, id);
  await vi.waitFor(async () => expect((await scene.queue.get(id))?.deliveredAt).not.toBeNull(), patience);
  expect(await scene.moderation.retryFailed('1', { limit: 10 })).toEqual([]);
  // The second try looks for what the first may have posted, and finds the message that stood in for the video.
  scene.discord.faults.add({ ...posts(scene), status: 500 });
  expect(await scene.moderation.retryFailed('1', { id, limit: 10 })).toEqual([id]);
  const video = await scene.channel.waitForMessage(hasVideo);
  expect(video.text).toContain(id);
  await until(async () => ((await scene.queue.get(id))?.status === 'delivered' ? true : undefined));
  expect(made).toEqual([id]);
  // One upload a try: refused, failed, taken.
  expect(uploads(scene)).toBe(3);
});

test.each([160_006, 50_035])(
  'the channel will never take it (%i): it comes as a direct message, and was sent there once',
  async (code) => {
    await using scene = await startScene();
    await scene.work(scene.finish);
    await accepted(scene);
    scene.discord.faults.add({ ...posts(scene), status: 400, code, times: 100 });
    const video = await scene.ada.directMessage.waitForMessage(hasVideo);
    expect(video.mentions).toEqual([scene.ada.id]);
    await vi.waitFor(() => expect(uploads(scene)).toBe(2), patience);
  },
);

test('refused everywhere: the tries end, the status message says so, and the video is in /history', async () => {
  await using scene = await startScene();
  const { ada, channel } = scene;
  const { status, id } = await accepted(scene);
  scene.discord.faults.add({
    method: 'POST',
    path: /^\/channels\/\d+\/messages$/,
    status: 403,
    code: 50_009,
    times: 100,
  });
  await scene.work(scene.finish);
  expect(await failed(scene, id)).toMatchObject({ failure: { code: 'undeliverable' } });
  await status.waitUntil(({ text }) => text.includes('neither here nor in a DM'));
  scene.discord.faults.clear();
  const history = await ada.run('/history', {}, { channel });
  await history.waitForMessage(({ text }) => text.includes('couldn’t be posted'));
});

test('thrown out of a server: what waits there is cancelled, its settings go after a month, and coming back is coming back', async () => {
  await using scene = await startScene();
  const { guild, moderation } = scene;
  await moderation.ban(guild.id, { userId: '77', by: '9', reason: 'a note', until: null });
  await moderation.changeGuild(guild.id, (settings) => ({ ...settings, logChannelId: scene.channel.id }), {
    ...setting,
    guildId: guild.id,
  });
  const { id } = await accepted(scene);
  guild.removeBot();
  await until(async () => ((await scene.queue.get(id))?.status === 'cancelled' ? true : undefined));
  expect((await scene.queue.get(id))?.failure?.identifier).toBe('cancelled_bot_removed');
  const redis = new Redis(parseRedisUrl(scene.redisUrl));
  const settings = `humo:guild:${guild.id}:settings`;
  await vi.waitFor(
    async () => expect(await redis.pttl(settings)).toBeGreaterThan(29 * 24 * 3600_000),
    patience,
  );
  expect(await moderation.bans(guild.id)).toHaveLength(1);
  guild.addBot([]);
  await vi.waitFor(async () => expect(await redis.pttl(settings)).toBe(-1), patience);
  // Nobody is told where the connection was lost for so long that it begins anew.
  await scene.ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: scene.channel });
  const again = await until(async () => (await scene.queue.list({ statuses: ['queued'] }))[0]);
  scene.discord.gateway.disconnect({ resumable: false });
  guild.removeBot();
  await until(async () => ((await scene.queue.get(again.id))?.status === 'cancelled' ? true : undefined));
  redis.disconnect();
});
