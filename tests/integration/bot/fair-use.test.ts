import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { GuildSettings, NewAuditEntry } from '../../../src/queue/moderation/moderation.ts';
import { hasStatus, idOf, picture, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

const moderator = '900000000000000001';

const stopped = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;

function change(scene: Scene, changed: Partial<GuildSettings>) {
  const entry: NewAuditEntry = {
    guildId: scene.guild.id,
    actorId: moderator,
    action: 'settings',
    targetUserId: null,
    generationId: null,
    reason: null,
    details: {},
  };
  return scene.moderation.changeGuild(scene.guild.id, (settings) => ({ ...settings, ...changed }), entry);
}

function askFor({ ada, channel }: Scene, prompt = 'She speaks', person = ada) {
  return person.run('/humo', { prompt, image: picture(), preset: 'draft' }, { channel });
}

/** What a refused person alone reads. */
async function refusal(asked: ReturnType<typeof askFor>): Promise<string> {
  const answer = await (await asked).waitForMessage(({ loading, text }) => !loading && text !== '');
  return answer.text;
}

test('a ban says why and until when, and holds for reactions, too; another guild does not know of it', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  await askFor(scene);
  const result = await scene.channel.waitForMessage(({ attachments }) => attachments.length === 1);
  await until(async () => (await scene.queue.byMessage(result.id)) ?? undefined);
  const later = Date.now() + 3_600_000;
  await scene.moderation.ban(scene.guild.id, {
    userId: scene.ada.id,
    by: moderator,
    reason: 'too **loud** @everyone',
    until: later,
  });
  const text = await refusal(askFor(scene));
  expect(text).toContain(`<t:${Math.ceil(later / 1000)}:f>`);
  expect(text).toContain(String.raw`too \*\*loud\*\*`);
  expect(text).not.toContain('@everyone');
  const left = await scene.ada.run('/limits', {}, { channel: scene.channel });
  await left.waitForMessage((message) => message.text.includes(String.raw`too \*\*loud\*\*`));
  scene.ada.react(result, '🔁');
  await scene.ada.directMessage.waitForMessage((message) => message.text.includes('can’t make videos here'));
  const other = scene.discord.createGuild({ name: 'Other' });
  other.addMember(scene.ada);
  const elsewhere = other.createChannel('general');
  await scene.ada.run('/humo', { prompt: 'x', image: picture() }, { channel: elsewhere });
  await elsewhere.waitForMessage(hasStatus);
  expect(await scene.queue.list({ userId: scene.ada.id })).toHaveLength(2);
});

test('a filter looks at the text of commands and of forms', async () => {
  await using scene = await startScene();
  await scene.moderation.addFilter(scene.guild.id, { kind: 'word', text: 'dragon' }, moderator);
  expect(await refusal(askFor(scene, 'A DRAGON speaks'))).toContain('isn’t allowed on this server');
  await askFor(scene, 'A dragonfly speaks');
  await scene.channel.waitForMessage(hasStatus);
  const given = await scene.ada.send(scene.channel, { content: 'look', files: [picture()] });
  const form = await scene.ada.submitModal(await scene.ada.contextMenu('Animate with HuMo', given), {
    prompt: 'the dragon',
  });
  await form.waitForMessage(({ text, ephemeral }) => ephemeral && text.includes('isn’t allowed'));
  // Where there is no server, its owners' filters are not said to be one's.
  await scene.moderation.addFilter(null, { kind: 'word', text: 'wyvern' }, moderator);
  const alone = await scene.ada.run(
    '/humo',
    { prompt: 'a wyvern', image: picture() },
    { channel: scene.ada.directMessage },
  );
  await alone.waitForMessage(({ text }) => text.includes('isn’t allowed. Please'));
  expect(await scene.queue.list({})).toHaveLength(1);
});

test('while nothing new is taken, the owners’ word is shown', async () => {
  await using scene = await startScene();
  await scene.moderation.drain(moderator, 'Back at noon.');
  expect(await refusal(askFor(scene))).toContain('Back at noon.');
  await scene.moderation.endDrain(moderator);
  await askFor(scene);
  expect((await scene.channel.waitForMessage(hasStatus)).fromBot).toBe(true);
});

test('each limit says which it is and when it clears; a stopped request gives it back', async () => {
  await using scene = await startScene();
  const limits = (everyone: GuildSettings['limits']['everyone']) =>
    change(scene, { limits: { everyone, roles: {} }, queueLength: null });
  await limits({ cooldownSeconds: 600 });
  await askFor(scene);
  const status = await scene.channel.waitForMessage(hasStatus);
  expect(await refusal(askFor(scene))).toMatch(/One video every 10 minutes here.*<t:\d+:R>/s);
  await limits({ waiting: 1 });
  expect(await refusal(askFor(scene))).toContain('1 video waiting');
  await scene.ada.click(status, 'Cancel');
  await scene.channel.waitForMessage(({ text }) => text.includes('You cancelled it'));
  await limits({ gpuSecondsPerDay: 1 });
  expect(await refusal(askFor(scene))).toContain('is the most for one person here');
  await change(scene, { limits: { everyone: {}, roles: {} }, queueLength: 1 });
  await askFor(scene);
  await until(async () =>
    (await scene.queue.list({ statuses: ['queued'] })).length === 1 ? true : undefined,
  );
  const ben = scene.guild.addMember(scene.discord.createUser('ben'));
  expect(await refusal(askFor(scene, 'mine', ben))).toContain('queue is full');
  expect(await scene.queue.list({})).toHaveLength(2);
});

test('the limit of one server is none in another; with a machine at work it says when the first is done', async () => {
  await using scene = await startScene({ MAXIMUM_WAITING_PER_USER: '1' });
  const started = Promise.withResolvers<void>();
  await scene.work(async (generation, { signal }) => {
    started.resolve();
    if (!signal.aborted) await once(signal, 'abort');
    signal.throwIfAborted();
    return scene.finish(generation);
  });
  await askFor(scene);
  await started.promise;
  expect(await refusal(askFor(scene))).toMatch(/most one person can have here\. The first is done <t:\d+:R>/);
  const other = scene.discord.createGuild({ name: 'Other' });
  other.addMember(scene.ada);
  const elsewhere = other.createChannel('general');
  await scene.ada.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel: elsewhere });
  await elsewhere.waitForMessage(hasStatus);
  await change(scene, { queueLength: 1 });
  await scene.queue.cancel(idOf(scene.channel.messages.find(hasStatus)?.text ?? ''), stopped);
  await until(async () => ((await scene.queue.countWaiting(scene.ada.id)) === 1 ? true : undefined));
  await askFor(scene);
  await until(async () => ((await scene.queue.countWaiting(scene.ada.id)) === 2 ? true : undefined));
  const ben = scene.guild.addMember(scene.discord.createUser('ben'));
  expect(await refusal(askFor(scene, 'mine', ben))).toMatch(/The next one starts <t:\d+:R>/);
});

test('a reaction that is refused is answered once, and a ban is no news for the channel', async () => {
  await using scene = await startScene();
  const { ada, channel } = scene;
  await scene.work(scene.finish);
  await askFor(scene);
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  await until(async () => (await scene.queue.byMessage(result.id)) ?? undefined);
  ada.acceptDirectMessages(false);
  const reason = 'not again';
  await scene.moderation.ban(scene.guild.id, { userId: ada.id, by: moderator, reason, until: null });
  ada.react(result, '🔁');
  const told = await channel.waitForMessage(({ text }) => text.includes('tells you why'));
  expect(told.text).not.toContain(reason);
  ada.unreact(result, '🔁');
  // Past the time in which a second tap is the same tap.
  scene.discord.clock.advance('1m');
  ada.react(result, '🔁');
  ada.react(result, '✉️');
  const explained = await channel.waitForMessage(({ text }) => text.includes('DMs are closed'));
  expect(channel.messages.filter(({ id }) => id > told.id).map(({ id }) => id)).toEqual([explained.id]);
});

test('a role may have more than everyone', async () => {
  await using scene = await startScene();
  const role = scene.guild.createRole('patron', []);
  const ben = scene.guild.addMember(scene.discord.createUser('ben'), { roles: [role] });
  await change(scene, {
    limits: { everyone: { cooldownSeconds: 600 }, roles: { [role.id]: { cooldownSeconds: null } } },
  });
  for (const prompt of ['one', 'two']) await askFor(scene, prompt, ben);
  await until(async () => ((await scene.queue.list({ userId: ben.id })).length === 2 ? true : undefined));
  await (await askFor(scene)).waitForMessage(hasStatus);
  expect(await refusal(askFor(scene))).toContain('One video every');
});

test('whoever runs a result again pays for it; a server may forbid it, and keep files for less long', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  await askFor(scene);
  const result = await scene.channel.waitForMessage(({ attachments }) => attachments.length === 1);
  await until(async () => (await scene.queue.byMessage(result.id)) ?? undefined);
  const ben = scene.guild.addMember(scene.discord.createUser('ben'));
  await scene.moderation.ban(scene.guild.id, { userId: ben.id, by: moderator, reason: null, until: null });
  const banned = await ben.click(result, 'Again');
  await banned.waitForMessage(({ text }) => text.includes('can’t make videos here'));
  await scene.moderation.unban(scene.guild.id, ben.id, moderator);
  // A ban of the owners' does not read as one of this server.
  await scene.moderation.ban(null, { userId: ben.id, by: moderator, reason: 'spam', until: null });
  const barred = await ben.click(result, 'Again');
  await barred.waitForMessage(({ text }) => /barred you from making videos, everywhere.*spam/.test(text));
  await scene.moderation.unban(null, ben.id, moderator);
  await change(scene, { rerunOthers: false });
  const refused = await ben.click(result, 'Again');
  await refused.waitForMessage(({ text }) => text.includes('only the person who asked'));
  await change(scene, { rerunOthers: true, keepInputsDays: 2 });
  scene.discord.clock.advance('3d');
  const expired = await ben.click(result, 'Again');
  await expired.waitForMessage(({ text }) => text.includes('keeps files for 2 days'));
  expect(await scene.queue.list({ userId: ben.id })).toEqual([]);
  expect((await scene.queue.get(idOf(result.text)))?.status).toBe('delivered');
});

test('inputs go from the store when their server keeps them no longer, and no others', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const other = scene.discord.createGuild({ name: 'Other' });
  other.addMember(scene.ada);
  const elsewhere = other.createChannel('general');
  await askFor(scene);
  await scene.ada.run('/humo', { prompt: 'x', image: picture(), preset: 'draft' }, { channel: elsewhere });
  const ended = await until(async () => {
    const found = await scene.queue.list({ statuses: ['delivered'] });
    return found.length === 2 ? found : undefined;
  });
  await change(scene, { keepInputsDays: 1 });
  const inputsOf = async (guildId: string) => {
    const image = ended.find((one) => one.guildId === guildId)?.request.images[0] ?? '';
    return scene.store.size(image);
  };
  await scene.restartBot();
  expect(await inputsOf(scene.guild.id)).toBeGreaterThan(0);
  scene.discord.clock.advance('25h');
  await scene.restartBot();
  await until(async () => ((await inputsOf(scene.guild.id)) === null ? true : undefined));
  expect(await inputsOf(other.id)).toBeGreaterThan(0);
});
