import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { hasStatus, idOf, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

/** Results of Ada's whose records are gone, as after their month. */
async function results({ ada, channel, queue, redisUrl }: Scene, count: number) {
  const found = [];
  for (let number = 1; number <= count; number += 1) {
    await ada.run('/humo', { prompt: `Wish ${number}`, image: picture(), preset: 'draft' }, { channel });
    const result = await channel.waitForMessage(
      ({ attachments, text }) => attachments.length === 1 && text.includes(`Wish ${number}`),
    );
    await until(async () =>
      (await queue.get(idOf(result.text)))?.status === 'delivered' ? true : undefined,
    );
    found.push(result);
  }
  const connection = new Redis(parseRedisUrl(redisUrl));
  try {
    for (const { text } of found) expect(await connection.del(`humo:generation:${idOf(text)}`)).toBe(1);
  } finally {
    connection.disconnect();
  }
  return found;
}

test('after the record’s month the author and moderators remove a result, and nobody else does; 🚩 and “That’s me” hide it', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, discord, guild, moderation } = scene;
  const [one, two, three, four, five] = await results(scene, 5);
  if (one === undefined || two === undefined || three === undefined || four === undefined)
    throw new Error('there are not enough results');
  const sam = guild.addMember(discord.createUser('sam'));
  const mia = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });

  const refused = await sam.click(one, 'Delete');
  await refused.waitForMessage(({ text }) => text.includes('Only the person who asked'));
  sam.react(one, '❌');
  await sam.directMessage.waitForMessage(({ text }) => text.includes('Only the person who asked'));
  expect(one.deleted).toBe(false);

  await (await ada.click(one, 'Delete')).waitForMessage(({ text }) => text.includes('Deleted'));
  await one.waitForDeletion();
  ada.react(two, '❌');
  await two.waitForDeletion();
  mia.react(three, '❌');
  await three.waitForDeletion();

  const bytes = await four.attachments[0]?.bytes();
  sam.react(four, '🚩');
  await four.waitUntil(({ text }) => text.includes('Reported'));
  expect(four.attachments.map(({ filename }) => filename)).toEqual([`SPOILER_humo-${idOf(four.text)}.mp4`]);
  expect(await four.attachments[0]?.bytes()).toEqual(bytes);
  await sam.directMessage.waitForMessage(({ text }) => text.includes('until a moderator has looked'));
  await (await sam.click(four, 'Show again')).waitForMessage(({ text }) => text !== '');
  expect(four.text).toContain('Reported');
  await (await mia.click(four, 'Show again')).waitForMessage(({ text }) => text.includes('shown again'));
  expect(four.text).not.toContain('Reported');
  expect(four.attachments.map(({ filename }) => filename)).toEqual([`humo-${idOf(four.text)}.mp4`]);

  // Discord does not take the renamed file: then there is none. (A moderator has looked, which counts for a month.)
  discord.faults.add({
    method: 'PATCH',
    path: new RegExp(`/messages/${four.id}$`),
    status: 403,
    code: 50_013,
  });
  const ben = guild.addMember(discord.createUser('ben'));
  await scene.queue.unclaim(`report:${four.id}`);
  // The brakes are those of every report: who is banned hides nothing, and the author hears of what is hidden.
  const max = guild.addMember(discord.createUser('max'));
  await moderation.ban(guild.id, { userId: max.id, by: mia.id, reason: null, until: null });
  max.react(four, '🚩');
  await max.directMessage.waitForMessage(({ text }) => text.includes('don’t take reports from you'));
  expect(four.text).not.toContain('Reported');
  ben.react(four, '🚩');
  await four.waitUntil(({ text }) => text.includes('Reported'));
  expect(four.attachments).toEqual([]);
  await (await mia.click(four, 'Delete')).waitForMessage(({ text }) => text.includes('Deleted'));
  await four.waitForDeletion();
  // “That’s me” works on it as well, and says that there are no inputs to know again.
  if (five === undefined) throw new Error('there is no fifth result');
  const claim = await sam.click(five, 'That’s me');
  await claim.waitForMessage(({ text }) => text.includes('hidden this video') && text.includes('no longer'));
  expect(five.attachments.map(({ filename }) => filename)).toEqual([`SPOILER_humo-${idOf(five.text)}.mp4`]);
  await ada.directMessage.waitForMessage(({ text }) =>
    text.includes(`reported your video (${idOf(five.text)})`),
  );
  for (const index of [1, 2, 3, 4, 5, 6]) {
    const about = {
      guildId: guild.id,
      generationId: `${idOf(five.text).slice(0, -1)}${index}`,
      targetUserId: null,
    };
    const outcome = await moderation.report({ ...about, by: ben.id, details: {}, withoutRecord: true });
    expect(outcome).toBe(index < 5 ? 'hidden' : 'too_many');
  }
  const entries = await moderation.audit({ guildId: guild.id, limit: 50 });
  const actions = entries.map(({ action, actorId, targetUserId }) => [action, actorId, targetUserId]);
  for (const expected of [
    ['delete_result', mia.id, ada.id],
    ['report', sam.id, ada.id],
    ['report', mia.id, ada.id],
    ['report', ben.id, ada.id],
  ])
    expect(actions).toContainEqual(expected);
});

test('a status of almost an hour: a new one takes over, the old one points to it, and the video answers the new one', async () => {
  await using scene = await startScene();
  const { ada, channel, discord } = scene;
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const worker = await scene.work(async (generation) => {
    begun.resolve();
    await gate.promise;
    return scene.finish(generation);
  });
  await ada.run('/humo', { prompt: 'A long one', image: picture(), preset: 'draft' }, { channel });
  const old = await channel.waitForMessage(hasStatus);
  const id = idOf(old.text);
  await begun.promise;
  discord.clock.advance('56m');
  const fresh = await channel.waitForMessage((one) => one.id !== old.id && hasStatus(one));
  await old.waitUntil(({ text }) => text.includes(`/${fresh.id}`));
  expect(old.buttons).toEqual([]);
  expect(fresh.buttons.map(({ label }) => label)).toEqual(['❌ Cancel']);
  // The reaction stops it on either message.
  expect((await scene.queue.byMessage(old.id))?.id).toBe(id);
  expect((await scene.queue.byMessage(fresh.id))?.id).toBe(id);
  gate.resolve();
  const video = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(video.repliesTo).toBe(fresh.id);
  await fresh.waitUntil(({ text }) => text.includes(`/${video.id}`));
  await worker.close();
});
