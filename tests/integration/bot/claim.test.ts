import { once } from 'node:events';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message } from '../../../sandbox/scripting/message.ts';
import { file } from '../../../sandbox/start.ts';
import { hasStatus, idOf, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

/** “That’s me”, and what follows from it. */
const endless = 'It never ends';
let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
  await scene.work(async (generation, context) => {
    if (generation.request.prompt !== endless) return scene.finish(generation);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    throw context.signal.reason;
  });
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

type Person = Scene['ada'];
const member = (name: string, roles: ReturnType<Scene['guild']['createRole']>[] = []): Person =>
  scene.guild.addMember(scene.discord.createUser(name), { roles });
const moderator = (name: string): Person => member(name, [scene.guild.createRole(name, ['ManageMessages'])]);

/** A picture that is like no other: each seed has its own waves. */
async function drawn(seed: number): Promise<() => Sharp> {
  const [width, height] = [96, 72];
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < pixels.length; at += 1) {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
    const wave = Math.sin((x * (1 + (seed % 7)) + y * (1 + (seed % 5))) / 17 + seed);
    pixels[at] =
      128 + 60 * wave + 60 * Math.cos((x - y * (1 + (seed % 3))) / 23 + (x * y) / (200 + 60 * seed));
  }
  const raw = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(640, 480)
    .raw()
    .toBuffer();
  return () => sharp(raw, { raw: { width: 640, height: 480, channels: 3 } });
}

async function ask(person: Person, image: Buffer, channel = scene.channel, prompt = 'x'): Promise<Message> {
  const command = await person.run(
    '/humo',
    { prompt, image: file(image, 'face.png'), preset: 'draft' },
    { channel },
  );
  return command.waitForMessage(({ text, loading }) => !loading && text !== '');
}
async function resultOf(person: Person, image: Buffer, channel = scene.channel): Promise<Message> {
  const id = idOf((await ask(person, image, channel)).text);
  const result = await channel.waitForMessage(
    ({ text, attachments }) => text.includes(id) && attachments.length === 1,
  );
  await until(async () => (await scene.queue.byMessage(result.id)) ?? undefined);
  return result;
}

test('it is hidden at once, all are told, its picture is not taken in any small edit, and a moderator sweeps all of it away', async () => {
  const { channel, guild, queue, moderation, store } = scene;
  const [author, other, eve, mia] = [member('author'), member('other'), member('eve'), moderator('mia')];
  const picture = await drawn(3);
  const result = await resultOf(author, await picture().png().toBuffer());
  const id = idOf(result.text);
  const again = await other.click(result, 'Again');
  const rerun = idOf((await again.waitForMessage(hasStatus)).text);
  await until(async () => ((await queue.get(rerun))?.deliveredAt === null ? undefined : true));
  other.react(result, '✉️');
  const copy = await other.directMessage.waitForMessage(({ attachments }) => attachments.length === 1);

  const answer = await eve.click(result, 'That’s me');
  const told = await answer.waitForMessage(({ text }) => text.includes('hidden this video'));
  expect([told.ephemeral, told.text.includes('blocked on this server')]).toEqual([true, true]);
  await result.waitUntil(({ attachments, text }) => attachments.length === 0 && text.includes('Reported'));
  await author.directMessage.waitForMessage(({ text }) => text.includes('says your video'));
  const [entry] = await moderation.audit({ guildId: guild.id, limit: 1 });
  expect(entry).toMatchObject({ action: 'report', actorId: eve.id, generationId: id, details: { me: true } });

  const edits = [
    await picture().flop().jpeg({ quality: 50 }).toBuffer(),
    await picture().resize(320).linear(1.2, 0).png().toBuffer(),
    await picture().extract({ left: 16, top: 12, width: 608, height: 456 }).png().toBuffer(),
  ];
  for (const edited of edits) {
    const refused = await ask(other, edited);
    expect(refused.text).toContain('Someone says image 1 shows them');
    expect([refused.ephemeral, refused.text.includes('ask a moderator')]).toEqual([true, true]);
  }
  await resultOf(other, await (await drawn(4))().png().toBuffer());

  await mia
    .click(result, 'Delete with all re-runs')
    .then(async (click) => click.waitForMessage(({ text }) => text.includes('Deleted: 2 videos')));
  expect(copy.deleted).toBe(true);
  for (const one of [id, rerun]) {
    const record = await queue.get(one);
    expect(record?.deletedAt).not.toBeNull();
    const keys = [record?.result?.video, ...(record?.request.images ?? [])];
    for (const key of keys)
      await expect(store.get(key ?? '')).rejects.toMatchObject({ identifier: 'files_expired' });
    expect(
      channel.messages.filter(({ text, attachments }) => text.includes(one) && attachments.length > 0),
    ).toEqual([]);
  }
  const listed = await mia.run('/queue blocks', {}, { channel });
  const list = await listed.waitForMessage(({ text }) => text.includes(id));
  await mia
    .click(list, 'Unblock 1')
    .then(async (click) => click.waitForMessage(({ text }) => text.includes('Unblocked')));
  expect((await ask(other, await picture().png().toBuffer())).ephemeral).toBe(false);
});

test('a moderator who sees nothing wrong shows it again, for good: the picture is taken, and nobody claims it twice', async () => {
  const { guild, moderation } = scene;
  const [author, eve, max] = [member('author2'), member('eve2'), moderator('max')];
  const picture = await drawn(11);
  const result = await resultOf(author, await picture().png().toBuffer());
  await eve
    .click(result, 'That’s me')
    .then(async (click) => click.waitForMessage(({ text }) => text.includes('hidden')));
  expect(await moderation.blocks(guild.id)).toHaveLength(1);
  // Nobody else's button, and no author's word against it, brings it back.
  const refused = await author.click(result, 'Show again');
  await refused.waitForMessage(({ text }) => text.includes('Only a moderator can show it again'));
  await max.click(result, 'Show again');
  await result.waitUntil(({ attachments }) => attachments.length === 1);
  await until(async () => ((await moderation.blocks(guild.id)).length === 0 ? true : undefined));
  const late = await eve.click(result, 'That’s me');
  await late.waitForMessage(({ text }) => text.includes('has already checked this video'));
  expect(await moderation.blocks(guild.id)).toEqual([]);
});

test('what is being made of the same picture at that moment is stopped, and of another one is not', async () => {
  const { channel, queue } = scene;
  const [author, other, eve] = [member('author5'), member('other5'), member('eve5')];
  const picture = await drawn(29);
  const result = await resultOf(author, await picture().png().toBuffer());
  const same = idOf((await ask(other, await picture().flop().png().toBuffer(), channel, endless)).text);
  const third = await (await drawn(31))().png().toBuffer();
  const different = idOf((await ask(author, third, channel, endless)).text);
  await eve
    .click(result, 'That’s me')
    .then(async (click) => click.waitForMessage(({ text }) => text.includes('blocked on this server')));
  const end = await channel.waitForMessage(
    ({ text }) => text.includes(same) && text.includes('so I stopped'),
  );
  expect(end.attachments).toEqual([]);
  expect(['queued', 'running']).toContain((await queue.get(different))?.status);
  await queue.cancel(different, { code: 'cancelled', identifier: 'cancelled_by_user', context: {} });
});

test('what a moderator has lifted stays so: who pressed before, or presses now, hides the video and blocks nothing', async () => {
  const { channel, guild, moderation } = scene;
  const [author, eve, ivy, max] = [member('author6'), member('eve6'), member('ivy6'), moderator('max6')];
  const result = await resultOf(author, await (await drawn(37))().png().toBuffer());
  const id = idOf(result.text);
  const blocked = async () =>
    (await moderation.blocks(guild.id)).some(({ generationId }) => generationId === id);
  await eve
    .click(result, 'That’s me')
    .then(async (click) => click.waitForMessage(({ text }) => text.includes('blocked on this server')));
  expect(await blocked()).toBe(true);
  const listed = await max.run('/queue blocks', {}, { channel });
  const list = await listed.waitForMessage(({ text }) => text.includes(id));
  // The newest is the first.
  await max
    .click(list, 'Unblock 1')
    .then(async (click) => click.waitForMessage(({ text }) => text.includes('Unblocked')));
  for (const person of [eve, ivy]) {
    const answer = await person.click(result, 'That’s me');
    await answer.waitForMessage(({ text }) => text.includes('A moderator has decided'));
  }
  expect(await blocked()).toBe(false);
});

test('a moderator who decides while the pictures are still looked at is not too late', async () => {
  const { guild, moderation } = scene;
  const generationId = ulid();
  const block = { version: 1 as const, generationId, at: 1, pictures: [], sounds: ['ab'.repeat(32)] };
  expect(await moderation.unblock(guild.id, generationId, '1')).toBe(false);
  expect(await moderation.block(guild.id, block)).toBe(false);
  expect((await moderation.blocks(guild.id)).map((one) => one.generationId)).not.toContain(generationId);
});

test('whom a video shows that somebody else reported says so all the same: no file stays, and nobody brings the picture again', async () => {
  const { guild, moderation } = scene;
  const [author, ben, eve] = [member('author3'), member('ben3'), member('eve3')];
  const picture = await drawn(17);
  const result = await resultOf(author, await picture().png().toBuffer());
  ben.react(result, '🚩');
  await result.waitUntil(({ attachments }) => attachments[0]?.filename.startsWith('SPOILER_') === true);
  const answer = await eve.click(result, 'That’s me');
  await answer.waitForMessage(({ text }) => text.includes('blocked on this server'));
  expect(result.attachments).toEqual([]);
  const [entry] = await moderation.audit({ guildId: guild.id, limit: 1 });
  expect(entry).toMatchObject({ actorId: eve.id, details: { me: true } });
  expect((await ask(ben, await picture().png().toBuffer())).text).toContain('image 1 shows them');
});

test('also in a server that the bot is no member of, where a moderator shows it again', async () => {
  const guild = scene.discord.createGuild({ name: 'Elsewhere', botIsMember: false });
  const elsewhere = guild.createChannel('lobby');
  const author = guild.addMember(scene.discord.createUser('guest', { hasInstalledApplication: true }));
  const picture = await drawn(23);
  const result = await resultOf(author, await picture().png().toBuffer(), elsewhere);
  const [ivy, max] = ['ivy', 'max4'].map((name) => scene.discord.createUser(name));
  if (ivy === undefined || max === undefined) throw new Error('nobody is there');
  const answer = await guild.addMember(ivy).click(result, 'That’s me');
  await answer.waitForMessage(({ text }) => text.includes('hidden this video'));
  await result.waitUntil(({ text, attachments }) => attachments.length === 0 && text.includes('Reported'));
  expect((await ask(author, await picture().png().toBuffer(), elsewhere)).text).toContain('shows them');
  const roles = [guild.createRole('moderator', ['ManageMessages'])];
  await guild.addMember(max, { roles }).click(result, 'Show again');
  await result.waitUntil(({ attachments }) => attachments.length === 1);
});
