import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message } from '../../../sandbox/scripting/message.ts';
import { file } from '../../../sandbox/start.ts';
import { shardOf } from '../../../src/config/shards.ts';
import { artifactFolders } from '../../../src/storage/keys.ts';
import { hasStatus, idOf, leftOnPurpose, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

/** One bot over three connections, as Discord asks for: everything here holds over each of them. */
let scene: Scene;

beforeAll(async () => {
  scene = await startScene({}, { shards: 3 });
  await scene.work(scene.finish);
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

type Person = Scene['ada'];
type Channel = Scene['channel'];

function member(name: string, guild = scene.guild): Person {
  return guild.addMember(scene.discord.createUser(name));
}

function moderatorOf(guild: Scene['guild'], name: string): Person {
  const roles = [guild.createRole(`moderator ${name}`, ['ManageMessages'])];
  return guild.addMember(scene.discord.createUser(name), { roles });
}

async function resultFor(person: Person, channel: Channel = scene.channel): Promise<Message> {
  const before = new Set(channel.messages.map(({ id }) => id));
  await person.run('/humo', { prompt: 'She speaks', image: picture(), preset: 'draft' }, { channel });
  const result = await channel.waitForMessage(
    ({ id, text, attachments }) => !before.has(id) && text.includes('ready') && attachments.length === 1,
  );
  await until(async () => (await scene.queue.byMessage(result.id)) ?? undefined);
  return result;
}

test('a bot that Discord asks for three connections hears every server and direct messages', async () => {
  const guilds = [scene.guild];
  while (new Set(guilds.map(({ id }) => shardOf(id, 3))).size < 3) {
    guilds.push(scene.discord.createGuild({ name: `Server ${guilds.length}` }));
  }
  for (const guild of guilds) {
    const channel = guild === scene.guild ? scene.channel : guild.createChannel('general');
    await resultFor(member('dora', guild), channel);
  }
  const direct = scene.ada.directMessage;
  await scene.ada.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel: direct });
  const result = await direct.waitForMessage(({ attachments }) => attachments.length === 1);
  // Nothing there hears ✉️ or 🚩.
  expect(result.text).not.toContain('🚩');
});

test('a report hides a result whose video is gone, tells its author, and counts once a person', async () => {
  const { guild, queue, store, channel } = scene;
  const author = member('author');
  const result = await resultFor(author);
  expect(result.text).toContain('🚩');
  const id = idOf(result.text);
  const generation = await queue.get(id);
  await store.delete(generation?.result?.video ?? '');
  const [ben, cleo] = [member('ben'), member('cleo')];
  ben.react(result, '🚩');
  await result.waitUntil(({ text, attachments }) => text.includes('Reported') && attachments.length === 0);
  await author.directMessage.waitForMessage(({ text }) => text.includes('reported your video'));
  cleo.react(result, '🚩');
  await cleo.directMessage.waitForMessage(({ text }) => text.includes('until a moderator has looked'));
  const mia = moderatorOf(guild, 'mia');
  const list = await mia.run('/queue reports', {}, { channel });
  const shown = await list.waitForMessage(({ text }) => text.includes(id));
  for (const person of [ben, cleo]) expect(shown.text).toContain(`<@${person.id}> (1 report in all)`);
  expect(shown.text).toContain('hidden, 2 reports');
  // No video to show again: it stays hidden, and says why.
  const click = await mia.click(result, 'Show again');
  await click.waitForMessage(({ text, loading }) => !loading && text !== '');
  expect((await queue.get(id))?.hiddenAt).not.toBeNull();
});

test('a report removes a message that Discord fails to edit; the video is kept for the moderators', async () => {
  const { queue, store, channel, discord } = scene;
  const result = await resultFor(member('luc'));
  const id = idOf(result.text);
  discord.faults.add({
    method: 'PATCH',
    path: new RegExp(`/messages/${result.id}$`),
    status: 500,
    times: Infinity,
  });
  const noa = member('noa');
  noa.react(result, '🚩');
  await result.waitForDeletion();
  await noa.directMessage.waitForMessage(({ text }) => text.includes('hidden until a moderator'));
  const generation = await queue.get(id);
  expect(generation?.hiddenAt).not.toBeNull();
  expect(generation?.deletedAt).toBeNull();
  expect(await store.size(generation?.result?.video ?? '')).not.toBeNull();
  const list = await moderatorOf(scene.guild, 'olga').run('/queue reports', {}, { channel });
  await list.waitForMessage(({ text }) => text.includes(id));
});

test('what a moderator shows again is not reported again; who is banned reports nothing; nobody floods', async () => {
  const { guild, queue, moderation, channel } = scene;
  const result = await resultFor(member('maker'));
  const id = idOf(result.text);
  const [fred, max] = [member('fred'), moderatorOf(guild, 'max')];
  fred.react(result, '🚩');
  await result.waitUntil(({ attachments }) => attachments[0]?.filename.startsWith('SPOILER_') === true);
  const look = await max.click(result, 'View');
  const alone = await look.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(alone.ephemeral).toBe(true);
  await max.click(result, 'Show again');
  await result.waitUntil(({ text, attachments }) => !text.includes('Reported') && attachments.length === 1);
  const gina = member('gina');
  gina.react(result, '🚩');
  await gina.directMessage.waitForMessage(({ text }) => text.includes('has already checked this video'));
  expect((await queue.get(id))?.hiddenAt).toBeNull();

  const other = await resultFor(member('maker2'));
  const hans = member('hans');
  await moderation.ban(guild.id, { userId: hans.id, by: max.id, reason: null, until: null });
  hans.react(other, '🚩');
  await hans.directMessage.waitForMessage(({ text }) => text.includes('I don’t take reports from you'));
  const report = (by: string, generationId: string) =>
    moderation.report({ guildId: guild.id, generationId, targetUserId: '1', by, details: {} });
  const otherId = idOf(other.text);
  const outcomes = await Promise.all(['7', '7', '8'].map((by) => report(by, otherId)));
  expect(outcomes.toSorted()).toEqual(['counted', 'hidden', 'repeated']);
  expect(await report('8', '01JC5W8V3Q0000000000000000')).toBe('gone');
  await moderation.unreport(guild.id, otherId, '7');
  const listed = await moderation.reports(guild.id);
  expect(listed.find(({ generation }) => generation.id === otherId)?.by.map(({ userId }) => userId)).toEqual([
    '8',
  ]);
  const ids: string[] = [];
  for (let count = 0; count < 6; count += 1) ids.push(idOf((await resultFor(scene.ada, channel)).text));
  const all: string[] = [];
  for (const one of ids) all.push(await report('9', one));
  expect(all).toEqual(['hidden', 'hidden', 'hidden', 'hidden', 'hidden', 'too_many']);
});

test('a result that a moderator deletes with Discord’s own menu is deleted: link, store and all', async () => {
  const { queue, store, channel, guild } = scene;
  const result = await resultFor(member('noa'));
  const generation = await queue.get(idOf(result.text));
  const status = channel.messages.find(({ id }) => id === generation?.reply.statusMessageId);
  await status?.waitUntil(({ text }) => text.includes(`/${result.id}`));
  moderatorOf(guild, 'moe').delete(result);
  await status?.waitUntil(({ text }) => !text.includes(`/${result.id}`));
  expect((await queue.get(idOf(result.text)))?.deletedAt).not.toBeNull();
  await expect(store.get(generation?.result?.video ?? '')).rejects.toMatchObject({
    identifier: 'files_expired',
  });
});

test('a channel that is deleted takes its results along; what stands elsewhere stays', async () => {
  const { queue, store, guild } = scene;
  const parent = guild.createChannel('season');
  const thread = guild.createThread(parent, 'episode');
  const person = member('pia');
  const results: Message[] = [];
  for (const place of [parent, thread, guild.createChannel('kept')])
    results.push(await resultFor(person, place));
  const all = await Promise.all(results.map(({ text }) => queue.get(idOf(text))));
  const stored = () => Promise.all(all.map((one) => store.size(one?.result?.video ?? '')));
  thread.delete();
  await until(async () => ((await stored())[1] === null ? true : undefined));
  parent.delete();
  await until(async () => ((await stored())[0] === null ? true : undefined));
  expect((await stored())[2]).not.toBeNull();
  const now = await Promise.all(all.map((one) => queue.get(one?.id ?? '')));
  expect(now.map((one) => typeof one?.deletedAt === 'number')).toEqual([true, true, false]);
});

test('what is refused, by a limit or because of a file, is for the person alone, and leaves nothing in the channel', async () => {
  const channel = scene.guild.createChannel('quiet');
  const olga = member('olga');
  const broken = file(Buffer.from('no picture at all'), 'broken.png');
  const asked = await olga.run('/humo', { prompt: 'x', image: broken, preset: 'draft' }, { channel });
  const refused = await asked.waitForMessage(({ text, loading }) => !loading && text.includes('image'));
  expect(refused.ephemeral).toBe(true);
  const { moderation, guild } = scene;
  const entry = {
    guildId: guild.id,
    actorId: '1',
    action: 'limits',
    targetUserId: null,
    generationId: null,
    reason: null,
    details: {},
  } as const;
  const limited = (cooldownSeconds: number | null) =>
    moderation.changeGuild(
      guild.id,
      (settings) => ({ ...settings, limits: { ...settings.limits, everyone: { cooldownSeconds } } }),
      entry,
    );
  await limited(3600);
  await olga.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel });
  await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  const before = channel.messages.filter(({ ephemeral }) => !ephemeral).map(({ id }) => id);
  const again = await olga.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel });
  const told = await again.waitForMessage(({ text, loading }) => !loading && text !== '');
  expect(told.ephemeral).toBe(true);
  expect(channel.messages.filter(({ ephemeral }) => !ephemeral).map(({ id }) => id)).toEqual(before);
  await limited(null);
});

test('a request whose acknowledgement got through, though its answer was lost, is accepted', async () => {
  const channel = scene.guild.createChannel('lossy');
  const pia = member('pia');
  scene.discord.faults.add({ method: 'POST', path: /\/callback/, when: 'after', times: 1 });
  await pia.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel });
  await channel.waitForMessage(hasStatus);
  await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(await scene.queue.list({ userId: pia.id })).toHaveLength(1);
});

test('whoever is written to for later is greeted once, ever', async () => {
  const { discord, guild } = scene;
  const channel = guild.createChannel('private');
  const quinn = member('quinn');
  const ask = () =>
    quinn.run('/humo', { prompt: 'x', image: picture(), preset: 'draft', private: true }, { channel });
  const greetings = () => quinn.directMessage.messages.filter(({ text }) => text.startsWith('Hi!'));
  await ask();
  await quinn.directMessage.waitForMessage(({ text }) => text.startsWith('Hi!'));
  const asked = (count: number) =>
    until(async () => ((await scene.queue.list({ userId: quinn.id })).length === count ? true : undefined));
  await asked(1);
  discord.clock.advance('2d');
  await scene.restartBot();
  await ask();
  await asked(2);
  expect(greetings()).toHaveLength(1);
});

test('/forget shows a person what is stored of them and, asked to, erases it; what limits count on stays', async () => {
  const { queue, store, channel } = scene;
  const [person, other] = [member('forgetful'), member('remembered')];
  await resultFor(person);
  await resultFor(other);
  const [mine] = await queue.list({ userId: person.id });
  await until(async () => ((await queue.get(mine?.id ?? ''))?.deliveredAt === null ? undefined : true));
  const command = await person.run('/forget', {}, { channel });
  const shown = await command.waitForMessage(({ text }) => text.includes('1 video or request'));
  expect(shown.ephemeral).toBe(true);
  await person.click(shown, 'Erase everything');
  await command.waitForMessage(({ text }) => text.includes('Erased: 1 video or request'));
  expect(await queue.list({ userId: person.id })).toEqual([]);
  expect(await store.size(mine?.result?.video ?? '')).toBeNull();
  const left = await scene.keysWith(person.id);
  expect(left.filter((key) => !leftOnPurpose.test(key))).toEqual([]);
  expect(left.some((key) => key.endsWith(':used'))).toBe(true);
  const [theirs] = await queue.list({ userId: other.id });
  expect(await store.size(theirs?.result?.video ?? '')).not.toBeNull();
});

test('/forget while the video is uploaded: it does not stay, nothing of it is left, and the status message points nowhere', async () => {
  const { queue, store, discord } = scene;
  const person = member('quick forgetter');
  const channel = scene.guild.createChannel('forgotten');
  const upload = discord.faults.pause({
    method: 'POST',
    path: `/channels/${channel.id}/messages`,
    when: 'before',
  });
  await person.run('/humo', { prompt: 'She speaks', image: picture(), preset: 'draft' }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  await upload.reached;
  const id = idOf(status.text);
  const command = await person.run('/forget', {}, { channel });
  const shown = await command.waitForMessage(({ text }) => text.includes('1 video or request'));
  await person.click(shown, 'Erase everything');
  await command.waitForMessage(({ text }) => text.includes('Erased: 1 video or request'));
  upload.release();
  await status.waitUntil(({ text }) => text.includes('deleted'));
  expect(channel.messages.filter(({ attachments }) => attachments.length > 0)).toEqual([]);
  expect(await queue.get(id)).toBeNull();
  expect(
    (await Promise.all(artifactFolders.map((folder) => store.list(folder))))
      .flat()
      .filter(({ key }) => key.includes(id)),
  ).toEqual([]);
  const left = [...(await scene.keysWith(person.id)), ...(await scene.keysWith(id))];
  expect(left.filter((key) => !leftOnPurpose.test(key))).toEqual([]);
});

test('a report in the very moment of the posting hides, too', async () => {
  const [author, reporter] = [member('quick author'), member('quick reporter')];
  const channel = scene.guild.createChannel('quick');
  await author.run('/humo', { prompt: 'She speaks', image: picture(), preset: 'draft' }, { channel });
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  reporter.react(result, '🚩');
  await result.waitUntil(({ attachments }) =>
    attachments.every(({ filename }) => filename.startsWith('SPOILER_')),
  );
  const thanks = await reporter.directMessage.waitForMessage(() => true);
  expect(thanks.text).toContain('hidden until a moderator');
});
