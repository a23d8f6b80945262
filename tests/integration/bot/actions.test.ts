import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { hasStatus, idOf, picture, speech, startScene, until } from './scene.ts';
import type { Scene } from './scene.ts';

/** Asks for a video and has it made; then the bot starts anew, and three days pass: nothing may depend on memory or tokens. */
async function finished(scene: Scene, options: Record<string, unknown> = {}) {
  const { ada, channel } = scene;
  const given = { prompt: 'She speaks', image: picture(), audio: speech(), seed: 7, preset: 'draft' };
  await ada.run('/humo', { ...given, ...options }, { channel });
  const result = await nextResult(scene);
  await scene.restartBot();
  scene.discord.clock.advance('3d');
  return result;
}

/** The newest result, once the record knows it, too. */
async function nextResult({ channel, queue }: Scene, ...before: { id: string }[]) {
  const result = await channel.waitForMessage(
    ({ id, attachments, text }) =>
      attachments.length === 1 && text.includes('ready') && before.every((one) => one.id !== id),
  );
  await until(async () => (await queue.byMessage(result.id)) ?? undefined);
  return result;
}

test('Again: the same inputs, a new seed, a link to the parent, for whoever taps, after a restart', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  expect(first.buttons.map(({ label }) => label)).toEqual([
    ...['🔁 Again', '⬆️ Better', '✏️ Edit', '❌ Delete', '🙋 That’s me'],
  ]);
  const ben = scene.guild.addMember(scene.discord.createUser('ben'));
  await ben.click(first, 'Again');
  const second = await nextResult(scene, first);
  const [parent, child] = await Promise.all([
    scene.queue.get(idOf(first.text)),
    scene.queue.get(lastId(second.text)),
  ]);
  expect(child).toMatchObject({ parentId: parent?.id, userId: ben.id });
  expect(child?.request.seed).not.toBe(7);
  expect(child?.request).toMatchObject({ prompt: 'She speaks', preset: 'draft', mode: 'TIA' });
  // The files are the child's own, and the same.
  expect(child?.request.images).not.toEqual(parent?.request.images);
  const bytes = (key: string | null | undefined) => scene.store.get(key ?? '');
  expect(await bytes(child?.request.images[0])).toEqual(await bytes(parent?.request.images[0]));
  expect(await bytes(child?.request.audio)).toEqual(await bytes(parent?.request.audio));
  expect(second.mentions).toEqual([ben.id]);
  expect(second.text).toContain(`channels/${scene.guild.id}/${scene.channel.id}/${first.id}`);
  expect(second.text).toContain(`seed 7 → ${child?.request.seed}`);
});

test('the reaction does the same; a double tap is one job, the bot and other emoji are none', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  const ben = scene.guild.addMember(scene.discord.createUser('ben'));
  ben.react(first, '🎉');
  ben.react(first, '🔁');
  ben.unreact(first, '🔁');
  ben.react(first, '🔁');
  const second = await nextResult(scene, first);
  expect(second.mentions).toEqual([ben.id]);
  const status = await scene.channel.waitForMessage(
    ({ text }) => text.includes('Your video is here') && text.includes(second.id),
  );
  expect(status.repliesTo).toBe(first.id);
  expect(await scene.queue.list({ userId: ben.id })).toHaveLength(1);
});

test('two bots that hear the same press: one job, whichever of them Discord lets answer', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { channel, discord, guild } = scene;
  const first = await finished(scene);
  await scene.anotherBot();
  const press = async (name: string, ...before: { id: string }[]) => {
    const person = guild.addMember(discord.createUser(name));
    const click = await person.click(first, 'Again');
    return {
      person,
      click,
      made: async () => {
        const result = await nextResult(scene, first, ...before);
        expect(result.mentions).toEqual([person.id]);
        expect(person.sees(channel).filter(({ ephemeral }) => ephemeral)).toEqual([]);
        expect(await scene.queue.list({ userId: person.id })).toHaveLength(1);
        return result;
      },
    };
  };
  const second = await (await press('ben')).made();
  // Whoever was quicker before is slower now.
  const held = discord.faults.pause({ method: 'POST', path: /\/callback$/, when: 'arrival' });
  const { click, made } = await press('cleo', second);
  await held.reached;
  await click.firstResponse();
  held.release();
  await made();
});

test('a tap that is refused has not counted: the next one says why again, or does it', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { discord, guild, moderation } = scene;
  const first = await finished(scene);
  const ben = guild.addMember(discord.createUser('ben'));
  await moderation.ban(guild.id, { userId: ben.id, by: '9', reason: 'spam', until: null });
  for (let tap = 1; tap <= 2; tap += 1) {
    const click = await ben.click(first, 'Again');
    expect((await click.firstResponse()).message?.text).toContain('Reason: spam');
  }
  await moderation.unban(guild.id, ben.id, '9');
  await ben.click(first, 'Again');
  await nextResult(scene, first);
  expect(await scene.queue.list({ userId: ben.id })).toHaveLength(1);
});

test('Better: the same seed with the next preset; the best has no such button, and says so to the reaction', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  await scene.ada.click(first, 'Better');
  const second = await nextResult(scene, first);
  expect(second.text).toContain('Draft → Fast');
  await scene.ada.click(second, 'Better');
  const third = await nextResult(scene, first, second);
  expect(third.text).toContain('Fast → Standard');
  scene.ada.react(third, '⬆️');
  const fourth = await nextResult(scene, first, second, third);
  expect(await scene.queue.get(lastId(fourth.text))).toMatchObject({
    request: { preset: 'final', seed: 7 },
  });
  expect(fourth.buttons.map(({ label }) => label)).not.toContain('⬆️ Better');
  scene.ada.react(fourth, '⬆');
  await scene.ada.directMessage.waitForMessage(({ text }) => text.includes('already the best quality'));
});

test('Edit: a form with what it was made from; text, look, start, seed and files can change', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene, { audio: speech(9), audio_start: 2 });
  const click = await scene.ada.click(first, 'Edit');
  const { modal } = await click.firstResponse();
  expect(JSON.stringify(modal)).toContain('She speaks');
  const submitted = await scene.ada.submitModal(click, {
    prompt: 'She sings',
    look: ['draft/square'],
    start: '0:04',
    seed: '9',
    files: [file(await pictureBytes(), 'other.png', 'image/png')],
  });
  await submitted.firstResponse();
  const second = await nextResult(scene, first);
  const child = await scene.queue.get(lastId(second.text));
  expect(child?.request).toMatchObject({ prompt: 'She sings', shape: 'square', seed: 9 });
  expect(child?.request.audioWindow).toMatchObject({ startSeconds: 4, sourceSeconds: 9 });
  for (const change of [
    'Landscape → Square',
    'new prompt',
    'new images',
    'audio from 0:04.0 instead of 0:02.0',
  ])
    expect(second.text).toContain(change);
});

test('Edit by reaction: a button stands in for the form; nonsense in it is refused with what it takes', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  scene.ada.react(first, '✏️');
  const offer = await scene.channel.waitForMessage(({ text }) => text.includes('press the button'));
  const click = await scene.ada.click(offer, 'Edit');
  await click.firstResponse();
  const bad = await scene.ada.submitModal(click, { start: 'soon' });
  await bad.waitForMessage(({ text, ephemeral }) => ephemeral && text.includes('start of the audio'));
  const odd = await scene.ada.submitModal(await scene.ada.click(offer, 'Edit'), { seed: '1.5' });
  await odd.waitForMessage(({ text, ephemeral }) => ephemeral && text.includes('whole number'));
  expect(await scene.queue.list({})).toHaveLength(1);
});

test('✉️ sends the video privately; closed direct messages are explained in the channel', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  const ben = scene.guild.addMember(scene.discord.createUser('ben'));
  ben.react(first, '✉️');
  const copy = await ben.directMessage.waitForMessage(({ attachments }) => attachments.length === 1);
  const { result } = (await scene.queue.get(idOf(first.text))) ?? {};
  expect(await copy.attachments[0]?.bytes()).toEqual(await scene.store.get(result?.video ?? ''));
  const cleo = scene.guild.addMember(scene.discord.createUser('cleo'));
  cleo.acceptDirectMessages(false);
  cleo.react(first, '✉');
  const told = await scene.channel.waitForMessage(({ text }) => text.includes('DMs are closed'));
  expect(told.mentions).toEqual([cleo.id]);
});

test('❌ and Delete: the author or a moderator; the video is gone from the store, too', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { discord, guild } = scene;
  const first = await finished(scene);
  const stranger = guild.addMember(discord.createUser('sam'));
  stranger.react(first, '❌');
  await stranger.directMessage.waitForMessage(({ text }) => text.includes('Only the person who asked'));
  expect(first.deleted).toBe(false);
  const generation = await scene.queue.get(idOf(first.text));
  const moderator = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  moderator.react(first, '❌');
  await first.waitForDeletion();
  await scene.ada.directMessage.waitForMessage(({ text }) => text.includes('A moderator deleted your video'));
  expect(await scene.store.size(generation?.result?.video ?? '')).toBeNull();
  expect((await scene.queue.get(idOf(first.text)))?.deletedAt).not.toBeNull();
  await scene.ada.run('/humo', { prompt: 'x', image: picture() }, { channel: scene.channel });
  const second = await nextResult(scene, first);
  await scene.ada.click(second, 'Delete');
  await second.waitForDeletion();
});

test('a private result has the same buttons: what comes of it is private, and Delete takes it away', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel } = scene;
  await ada.run('/humo', { prompt: 'x', image: picture(), preset: 'draft', private: true }, { channel });
  const mine = (...before: { id: string }[]) =>
    ada.waitForMessage(
      channel,
      ({ id, attachments, ephemeral }) =>
        ephemeral && attachments.length === 1 && before.every((one) => one.id !== id),
    );
  const first = await mine();
  await until(async () => (await scene.queue.byMessage(first.id)) ?? undefined);
  await ada.click(first, 'Again');
  const second = await mine(first);
  expect(channel.messages).toEqual([]);
  const generation = await scene.queue.get(lastId(second.text));
  expect(generation).toMatchObject({ parentId: lastId(first.text), reply: { private: true } });
  await ada.click(second, 'Delete');
  await second.waitForDeletion();
  expect(await scene.store.size(generation?.result?.video ?? '')).toBeNull();
});

test('a server’s result that came as a direct message is run again there, under the server’s rules', async () => {
  await using scene = await startScene();
  const { ada, channel, discord, moderation, guild } = scene;
  await ada.run('/humo', { prompt: 'x', image: picture(), preset: 'draft', private: true }, { channel });
  await ada.waitForMessage(channel, hasStatus);
  discord.clock.advance('16m');
  await scene.work(scene.finish);
  const mine = (...before: { id: string }[]) =>
    ada.directMessage.waitForMessage(
      ({ id, attachments }) => attachments.length === 1 && before.every((one) => one.id !== id),
    );
  const first = await mine();
  await until(async () => (await scene.queue.byMessage(first.id)) ?? undefined);
  await ada.click(first, 'Again');
  const second = await mine(first);
  expect(await scene.queue.get(lastId(second.text))).toMatchObject({
    parentId: lastId(first.text),
    guildId: null,
  });
  const details = await ada.contextMenu('HuMo details', first);
  await details.waitForMessage(({ attachments }) => attachments.length === 1);
  ada.react(first, '⬆️');
  const third = await mine(first, second);
  expect(third.text).toContain('Draft → Fast');
  await moderation.changeGuild(guild.id, (settings) => ({ ...settings, keepInputsDays: 1 }), {
    guildId: guild.id,
    actorId: '900000000000000001',
    action: 'settings',
    targetUserId: null,
    generationId: null,
    reason: null,
    details: {},
  });
  discord.clock.advance('3d');
  const late = await ada.click(first, 'Again');
  await late.waitForMessage(({ text }) => text.includes('This server keeps files for 1 day'));
});

test('what was deleted or reported does not come back by another way', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel, discord, guild } = scene;
  const first = await finished(scene);
  const ben = guild.addMember(discord.createUser('ben'));
  ben.react(first, '🚩');
  await first.waitUntil(({ text }) => text.includes('Reported'));
  for (const emoji of ['🔁', '⬆️', '✏️', '✉️']) ada.react(first, emoji);
  await ada.directMessage.waitForMessage(({ text }) => text.includes('Once a moderator shows it again'));
  const status = channel.messages.find(({ text }) => text.includes(`/${first.id}`));
  if (status === undefined) throw new Error('no status message');
  await ada.click(first, 'Delete');
  await first.waitForDeletion();
  ben.react(status, '🔁');
  await ben.directMessage.waitForMessage(({ text }) => text.includes('This video was deleted'));
  const cleo = guild.addMember(discord.createUser('cleo'));
  cleo.react(status, '✉️');
  await cleo.directMessage.waitForMessage(({ text }) => text.includes('This video was deleted'));
  const details = await cleo.contextMenu('HuMo details', status);
  await details.waitForMessage(({ text }) => text.includes('isn’t about one of my videos'));
  expect(await scene.queue.list({})).toHaveLength(1);
  const copies = [ada, ben, cleo].flatMap(({ directMessage }) => directMessage.messages);
  expect(copies.flatMap(({ attachments }) => attachments)).toEqual([]);
});

test('whoever keeps their videos private gets a private one of another’s; a reaction says to press the button', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { channel, discord, guild } = scene;
  const first = await finished(scene);
  const ben = guild.addMember(discord.createUser('ben'));
  const settings = await ben.run('/settings', {}, { channel });
  await settings.firstResponse();
  await (
    await ben.submitModal(settings, { private: true })
  ).waitForMessage(({ text }) => text.includes('Saved'));
  ben.react(first, '🔁');
  await ben.directMessage.waitForMessage(({ text }) => text.includes('press the button below the video'));
  await ben.click(first, 'Again');
  const result = await ben.waitForMessage(
    channel,
    ({ id, attachments }) => attachments.length === 1 && id !== first.id,
  );
  expect(result.ephemeral).toBe(true);
  expect(await scene.queue.list({ userId: ben.id })).toHaveLength(1);
});

test('Delete in a server that the bot is no member of', async () => {
  await using scene = await startScene();
  const { eve, elsewhere } = scene.asGuest();
  await scene.work(scene.finish);
  await eve.run('/humo', { prompt: 'She speaks', image: picture(), preset: 'draft' }, { channel: elsewhere });
  const result = await elsewhere.waitForMessage(({ attachments }) => attachments.length === 1);
  const generation = await until(async () => (await scene.queue.byMessage(result.id)) ?? undefined);
  const click = await eve.click(result, 'Delete');
  await result.waitForDeletion();
  await click.waitForMessage(({ text, ephemeral }) => ephemeral && text.includes('Deleted'));
  expect(await scene.store.size(generation.result?.video ?? '')).toBeNull();
});

test('a Delete that fails leaves the result as it stands, and says so', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  scene.discord.faults.add({ method: 'DELETE', path: /@original/, status: 403 });
  const click = await scene.ada.click(first, 'Delete');
  await click.waitForMessage(({ id, text, ephemeral }) => id !== first.id && ephemeral && text !== '');
  expect(first.text).toContain('ready');
  expect(first.attachments).toHaveLength(1);
});

test('Edit takes a start of more than milliseconds as the form shows it', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene, { audio: speech(9), audio_start: 2.123456 });
  const click = await scene.ada.click(first, 'Edit');
  await click.firstResponse();
  await (await scene.ada.submitModal(click, { prompt: 'She sings' })).firstResponse();
  const second = await nextResult(scene, first);
  const child = await scene.queue.get(lastId(second.text));
  expect(child?.request.audioWindow?.startSeconds).toBe(2.123);
  expect(child?.lineage?.changes.map(({ what }) => what)).toEqual(['prompt']);
});

test('Edit with the start left empty, where it was the beginning: the sound is as it was', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene, { audio: speech(9) });
  const click = await scene.ada.click(first, 'Edit');
  await click.firstResponse();
  await (await scene.ada.submitModal(click, { prompt: 'She sings', start: '' })).firstResponse();
  const second = await nextResult(scene, first);
  const child = await scene.queue.get(lastId(second.text));
  expect(child?.lineage?.changes.map(({ what }) => what)).toEqual(['prompt']);
});

test('a form that was open while its quality was taken out of the settings: refused, with what to do', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene, { preset: 'final' });
  const click = await scene.ada.click(first, 'Edit');
  await click.firstResponse();
  const settings = await readFile(join(projectRoot, 'generate.yaml'), 'utf8');
  const changed = join(scene.dataDirectory, 'generate.yaml');
  await writeFile(changed, settings.replace(/^  final:/m, '  finest:'));
  await scene.restartBot({ GENERATE_FILE: changed });
  const submitted = await scene.ada.submitModal(click, { prompt: 'She sings' });
  const { message } = await submitted.firstResponse();
  expect(message).toMatchObject({ ephemeral: true });
  expect(message?.text).toContain('no longer available');
  // What was made with it is run again with what there is.
  const again = await scene.ada.click(first, 'Again');
  const status = await again.waitForMessage(hasStatus);
  expect((await scene.queue.get(lastId(status.text)))?.request.preset).toBe('standard');
});

test('the deployment’s own negative prompt meets no filter when a result is run again', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  const { negativePrompt } = (await scene.queue.get(idOf(first.text)))?.request ?? {};
  const text = negativePrompt?.split(/[ ,]+/)[0] ?? '';
  expect(text).not.toBe('');
  await scene.moderation.addFilter(scene.guild.id, { kind: 'word', text }, '900000000000000001');
  await scene.ada.click(first, 'Again');
  await nextResult(scene, first);
});

test('❌ on the status message stops what runs', async () => {
  await using scene = await startScene();
  const started = Promise.withResolvers<void>();
  await scene.work(async (generation, { signal }) => {
    started.resolve();
    if (!signal.aborted) await once(signal, 'abort');
    signal.throwIfAborted();
    return scene.finish(generation);
  });
  await scene.ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel: scene.channel });
  const status = await scene.channel.waitForMessage(hasStatus);
  await started.promise;
  scene.ada.react(status, '❌');
  const ending = await scene.channel.waitForMessage(({ text }) => text.includes('You cancelled it'));
  expect(ending.repliesTo).toBe(status.id);
});

test('🚩 hides the result behind a spoiler, once; a moderator shows it again', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { discord, guild } = scene;
  const first = await finished(scene);
  const ben = guild.addMember(discord.createUser('ben'));
  ben.react(first, '🚩');
  // Gone at once, and back behind a spoiler once it is uploaded.
  await first.waitUntil(({ text, attachments }) => text.includes('Reported') && attachments.length === 1);
  expect(first.attachments.map(({ filename }) => filename.startsWith('SPOILER_'))).toEqual([true]);
  expect(first.buttons.map(({ label }) => label)).toEqual([
    ...['👀 View', '👁️ Show again', '❌ Delete', '🧹 Delete with all re-runs', '🙋 That’s me'],
  ]);
  await ben.directMessage.waitForMessage(({ text }) => text.includes('until a moderator has looked'));
  const refused = await ben.click(first, 'Show again');
  await refused.waitForMessage(({ text }) => text.includes('Only a moderator can show it again'));
  const moderator = guild.addMember(discord.createUser('mia'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  // Neither the bot nor the click may change it.
  scene.discord.faults.add({ method: 'PATCH', path: /messages/, status: 403, times: 2 });
  const failed = await moderator.click(first, 'Show again');
  await failed.waitForMessage(({ ephemeral, text }) => ephemeral && text !== '');
  scene.discord.faults.clear();
  expect((await scene.queue.get(idOf(first.text)))?.hiddenAt).not.toBeNull();
  await moderator.click(first, 'Show again');
  await first.waitUntil(({ text }) => !text.includes('Reported'));
  expect(first.attachments.map(({ filename }) => filename.startsWith('SPOILER_'))).toEqual([false]);
});

test('Animate with HuMo: pictures and sound of any message, the rest in a form, even after a restart', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel } = scene;
  const given = await ada.send(channel, { content: 'look', files: [picture(), speech()] });
  const menu = await ada.contextMenu('Animate with HuMo', given);
  await menu.firstResponse();
  await scene.restartBot();
  await ada.submitModal(menu, { prompt: 'She laughs', look: ['draft/portrait'] });
  const result = await channel.waitForMessage(
    ({ text, attachments }) => text.includes('ready') && attachments.length === 1,
  );
  const generation = await scene.queue.get(idOf(result.text));
  expect(generation?.request).toMatchObject({ mode: 'TIA', prompt: 'She laughs', shape: 'portrait' });
  const plain = await ada.send(channel, { content: 'nothing here' });
  const refused = await ada.contextMenu('Animate with HuMo', plain);
  await refused.waitForMessage(({ text }) => text.includes('no image and no audio'));
});

test('Animate with HuMo: what was forwarded counts, and of more than fits the first ones, as the form says', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel, discord, guild } = scene;
  const elsewhere = guild.createChannel('elsewhere');
  const files = [...Array.from({ length: 5 }, picture), speech(), speech()];
  const original = await guild.addMember(discord.createUser('ben')).send(elsewhere, { files });
  const forwarded = await ada.send(channel, { forward: original });
  const menu = await ada.contextMenu('Animate with HuMo', forwarded);
  const { modal } = await menu.firstResponse();
  expect(JSON.stringify(modal)).toContain('first 4 images');
  await ada.submitModal(menu, { prompt: 'They laugh', look: ['draft/square'] });
  const result = await nextResult(scene);
  const { request } = (await scene.queue.get(idOf(result.text))) ?? {};
  expect(request).toMatchObject({ mode: 'TIA', prompt: 'They laugh' });
  expect(request?.images).toHaveLength(4);
});

test('HuMo details: all that it takes to make the video again', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  const menu = await scene.ada.contextMenu('HuMo details', first);
  const answer = await menu.waitForMessage(({ attachments }) => attachments.length === 1);
  expect(answer.ephemeral).toBe(true);
  expect(answer.text).toContain('Seed `7`');
  const recipe: unknown = JSON.parse(String(await answer.attachments[0]?.bytes()));
  expect(recipe).toMatchObject({ request: { prompt: 'She speaks', seed: 7, preset: 'draft', images: 1 } });
  expect(JSON.stringify(recipe)).not.toContain('inputs/');
  expect(JSON.stringify(recipe)).not.toContain(scene.ada.id);
});

test('/jobs: mine alone, each with position and a button that stops it', async () => {
  await using scene = await startScene();
  const { ada, channel, discord, guild } = scene;
  for (const prompt of ['first', 'second']) {
    await ada.run('/humo', { prompt, image: picture() }, { channel });
    await channel.waitForMessage((message) => hasStatus(message));
  }
  const ben = guild.addMember(discord.createUser('ben'));
  await ben.run('/humo', { prompt: 'of somebody else', image: picture() }, { channel });
  await until(async () =>
    (await scene.queue.list({ statuses: ['queued'] })).length === 3 ? true : undefined,
  );
  const command = await ada.run('/jobs', {}, { channel });
  const list = await command.waitForMessage(({ text }) => text.includes('Your videos on their way'));
  expect(list.ephemeral).toBe(true);
  expect(list.text).toMatch(/1\. first.*\n.*2\. second/s);
  expect(list.text).not.toContain('somebody else');
  await ada.click(list, 'Cancel 2');
  await until(async () =>
    (await scene.queue.list({ userId: ada.id, statuses: ['cancelled'] })).length === 1 ? true : undefined,
  );
  await ada.click(list, 'Refresh');
  await list.waitUntil(({ text }) => !text.includes('second'));
});

test('/jobs says what is left while the engine does not, and that times are guesses', async () => {
  await using scene = await startScene();
  const { ada, channel } = scene;
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  await scene.work(async (generation) => {
    started.resolve();
    await end.promise;
    return scene.finish(generation);
  });
  for (const prompt of ['first', 'second']) {
    const command = await ada.run('/humo', { prompt, image: picture() }, { channel });
    await command.waitForMessage((message) => hasStatus(message));
  }
  await started.promise;
  const command = await ada.run('/jobs', {}, { channel });
  const list = await command.waitForMessage(({ text }) => text.includes('second'));
  const [, first, second] = list.text.split(/^\d\. /m);
  expect(first).toMatch(/Getting ready.*About \d+ s left\. These times are a guess\./);
  expect(second).toMatch(/Starts.*These times are a guess\./);
  end.resolve();
});

test('/history: mine, newest first, paged, with links', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel } = scene;
  const results: { id: string }[] = [];
  for (let number = 1; number <= 9; number += 1) {
    await ada.run('/humo', { prompt: `video ${number}.`, image: picture(), preset: 'draft' }, { channel });
    results.push(await nextResult(scene, ...results));
  }
  await until(async () =>
    (await scene.queue.list({ statuses: ['delivered'] })).length === 9 ? true : undefined,
  );
  const command = await ada.run('/history', {}, { channel });
  const list = await command.waitForMessage(({ text }) => text.includes('Your videos'));
  expect(list.text).toContain(String(results.at(-1)?.id));
  expect(list.text).not.toContain('video 1.');
  await ada.click(list, 'Older');
  await list.waitUntil(({ text }) => text.includes('video 1.') && text.includes('page 2'));
});

test('a reaction in the very moment of the posting counts, on a result and on a status', async () => {
  await using scene = await startScene();
  const { ada, channel, queue } = scene;
  const worker = await scene.work(scene.finish);
  const seen = new Set<string>();
  const posted = async () => {
    const result = await channel.waitForMessage(
      ({ id, attachments }) => attachments.length === 1 && !seen.has(id),
    );
    seen.add(result.id);
    return result;
  };
  const ask = () => ada.run('/humo', { prompt: 'now', image: picture(), preset: 'draft' }, { channel });
  await ask();
  ada.react(await posted(), '✉️');
  await ada.directMessage.waitForMessage(({ attachments }) => attachments.length === 1);
  await ask();
  ada.react(await posted(), '🔁');
  const again = await posted();
  ada.react(again, '❌');
  await again.waitForDeletion();
  await ask();
  const last = await posted();
  await until(async () => (await queue.byMessage(last.id)) ?? undefined);
  await worker.close();
  ada.react(last, '🔁');
  const status = await channel.waitForMessage(({ repliesTo, text }) => repliesTo === last.id && text !== '');
  ada.react(status, '❌');
  const ending = await channel.waitForMessage(({ text }) => text.includes('You cancelled it'));
  expect(ending.attachments).toEqual([]);
});

test('/history: why something did not become a video is a link away; what was deleted says so in its status, too', async () => {
  await using scene = await startScene();
  const { ada, channel } = scene;
  await ada.run('/humo', { prompt: 'stopped', image: picture(), preset: 'draft' }, { channel });
  const waiting = await channel.waitForMessage(hasStatus);
  ada.react(waiting, '❌');
  const ending = await channel.waitForMessage(({ text }) => text.includes('You cancelled it'));
  await until(async () => (await scene.queue.byMessage(ending.id)) ?? undefined);
  await scene.work(scene.finish);
  await ada.run('/humo', { prompt: 'made', image: picture(), preset: 'draft' }, { channel });
  const result = await nextResult(scene);
  const status = await channel.waitForMessage(({ text }) => text.includes(`/${result.id}`));
  await scene.restartBot();
  // The status is no result: its cross says where to put it.
  ada.react(status, '❌');
  await ada.directMessage.waitForMessage(({ text }) => text.includes('react to its message with ❌'));
  ada.react(result, '❌');
  await result.waitForDeletion();
  await status.waitUntil(({ text }) => text.includes('This video was deleted'));
  expect(status.text).not.toContain('channels/');
  const command = await ada.run('/history', {}, { channel });
  const list = await command.waitForMessage(({ text }) => text.includes('page 1'));
  expect(list.text).toMatch(new RegExp(`stopped – cancelled https://\\S+/${ending.id}`));
  expect(list.text).toContain('made – deleted');
});

test('/history: a private video is shown again, days after Discord has forgotten it; the notice has no dead link', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel, discord } = scene;
  const settings = await ada.run('/settings', {}, { channel });
  await settings.firstResponse();
  const saved = await ada.submitModal(settings, { private: true, notify: true });
  await saved.waitForMessage(({ text }) => text.includes('Saved'));
  await ada.run('/humo', { prompt: 'secret', image: picture(), preset: 'draft' }, { channel });
  const first = await ada.waitForMessage(channel, ({ attachments }) => attachments.length === 1);
  const generation = await until(async () => {
    const found = await scene.queue.get(idOf(first.text));
    return found?.status === 'delivered' ? found : undefined;
  });
  const notice = await ada.directMessage.waitForMessage(({ text }) =>
    text.includes('private video is ready'),
  );
  expect(notice.text).not.toContain('https://');
  await scene.restartBot();
  discord.clock.advance('5d');
  const command = await ada.run('/history', {}, { channel });
  const list = await command.waitForMessage(({ text }) => text.includes('Show 1'));
  expect(list.text).not.toContain('https://');
  const again = await (
    await ada.click(list, 'Show 1')
  ).waitForMessage(({ attachments }) => attachments.length === 1);
  expect(again.ephemeral).toBe(true);
  expect(await again.attachments[0]?.bytes()).toEqual(await scene.store.get(generation.result?.video ?? ''));
  const made = await (
    await ada.click(again, 'Again')
  ).waitForMessage(({ ephemeral, text }) => ephemeral && hasStatus({ text }));
  expect(await scene.queue.get(lastId(made.text))).toMatchObject({ parentId: generation.id });
  await until(async () =>
    (await scene.queue.list({ statuses: ['delivered'] })).length === 2 ? true : undefined,
  );
  // Elsewhere it can be seen and deleted; it is run again where it was made.
  const lobby = discord.createGuild({ name: 'Other' });
  lobby.addMember(ada);
  const there = await ada.run('/history', {}, { channel: lobby.createChannel('lobby') });
  const listThere = await there.waitForMessage(({ text }) => text.includes('Show 2'));
  const shown = await (
    await ada.click(listThere, 'Show 2')
  ).waitForMessage(({ attachments }) => attachments.length === 1);
  expect(shown.buttons.map(({ label }) => label)).toEqual(['❌ Delete']);
  await ada.click(shown, 'Delete');
  await shown.waitForDeletion();
  expect(await scene.store.size(generation.result?.video ?? '')).toBeNull();
});

test('/settings: saved for good, and used by /humo; a notice comes when it is done', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, channel } = scene;
  const command = await ada.run('/settings', {}, { channel });
  await command.firstResponse();
  const saved = await ada.submitModal(command, {
    preset: ['draft'],
    shape: ['portrait'],
    negative: 'rain',
    notify: true,
  });
  await saved.waitForMessage(({ text }) => text.includes('Saved'));
  await scene.restartBot();
  await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  expect((await scene.queue.get(idOf(result.text)))?.request).toMatchObject({
    preset: 'draft',
    shape: 'portrait',
    negativePrompt: 'rain',
  });
  const notice = await ada.directMessage.waitForMessage(({ text }) => text.includes('Your video is ready'));
  expect(notice.text).toContain(result.id);
  const again = await ada.run('/settings', {}, { channel });
  expect(JSON.stringify((await again.firstResponse()).modal)).toContain('rain');
});

test('inputs that are gone: the answer says so and how to go on', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const first = await finished(scene);
  await scene.store.deletePrefix(`inputs/${idOf(first.text)}/`);
  const click = await scene.ada.click(first, 'Again');
  const answer = await click.waitForMessage(
    ({ text }) => text.includes('no longer have the files') && text.includes('again with them'),
  );
  expect(answer.text).not.toContain('inputs/');
  expect(await scene.queue.list({})).toHaveLength(1);
});

test('a result from before the records that are kept: button and reactions say so, in the server’s language', async () => {
  await using scene = await startScene();
  await scene.work(scene.finish);
  const { ada, discord, redisUrl } = scene;
  const guild = discord.createGuild({ name: 'Atelier', locale: 'de' });
  const channel = guild.createChannel('general');
  guild.addMember(ada);
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), preset: 'draft' }, { channel });
  const result = await channel.waitForMessage(({ attachments }) => attachments.length === 1);
  const { id } = await until(async () => (await scene.queue.byMessage(result.id)) ?? undefined);
  await until(async () => ((await scene.queue.get(id))?.status === 'delivered' ? true : undefined));
  await scene.restartBot();
  discord.clock.advance('31d');
  const connection = new Redis(parseRedisUrl(redisUrl));
  const [key = ''] = await connection.keys(`*:generation:${id}`);
  expect(await connection.pttl(key)).toBeLessThanOrEqual(30 * 24 * 3600_000);
  await connection.del(key);
  connection.disconnect();
  const click = await ada.click(result, 'Noch mal');
  expect((await click.firstResponse()).message?.text).toContain('I no longer have this video');
  ada.react(result, '🎉');
  ada.react(result, '🔁');
  await ada.directMessage.waitForMessage(({ text }) => text.includes('Dieses Video habe ich nicht mehr'));
  const ben = guild.addMember(discord.createUser('ben'));
  ben.react(result, '✉️');
  await ben.directMessage.waitForMessage(({ text }) => text.includes('Dieses Video habe ich nicht mehr'));
  expect(await scene.queue.list({})).toEqual([]);
});

function lastId(text: string): string {
  const ids = [...text.matchAll(/-# ([0-9A-HJKMNP-TV-Z]{26})/g)];
  return ids.at(-1)?.[1] ?? '';
}

async function pictureBytes(): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp({ create: { width: 80, height: 80, channels: 3, background: '#204060' } })
    .png()
    .toBuffer();
}
