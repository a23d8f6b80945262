import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import { hasStatus, idOf, picture, speech, startScene } from './scene.ts';

test('what could be better is said at once: a tiny image, a silent sound', async () => {
  await using scene = await startScene();
  const { ada, channel } = scene;
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), audio: speech(4, 0) }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  expect(status.text).toContain('image 1 is small (64×64)');
  expect(status.text).toContain('this part of the audio is silent');
});

test('speech a little longer than the usual clip is used whole, with a word about quality', async () => {
  await using scene = await startScene();
  const { ada, channel, queue } = scene;
  await ada.run('/humo', { prompt: 'She speaks', audio: speech(4.6) }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  expect(status.text).toContain('0:00.0–0:04.6 of 0:04.6 · 117 frames');
  expect(status.text).toContain('more than 97 frames');
  const generation = await queue.get(idOf(status.text));
  expect(generation?.request).toMatchObject({ mode: 'TA', frames: 117, images: [] });
});

test('a long sound is used up to what is allowed, from the chosen start, and the answer says how it is made', async () => {
  await using scene = await startScene();
  const { ada, channel, queue } = scene;
  await ada.run('/humo', { prompt: 'She speaks', audio: speech(63), audio_start: 12 }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  expect(status.text).toContain('0:12.0–0:32.0 of 1:03 · 501 frames');
  expect(status.text).toContain('One continuous take in 6 windows.');
  expect(status.text).toContain('at most 20 seconds');
  expect((await queue.get(idOf(status.text)))?.request.audioWindow).toMatchObject({ startSeconds: 12 });
  // Where people say so, less of it.
  await ada.run(
    '/humo',
    { prompt: 'She speaks', audio: speech(63), audio_start: 12, audio_end: 14 },
    { channel },
  );
  const shorter = await channel.waitForMessage(({ text }) => text.includes('0:12.0–0:14.0 of 1:03'));
  expect(shorter.text).not.toContain('windows');
});

test('without sound, `seconds` says how long; more than is allowed is refused', async () => {
  await using scene = await startScene();
  const { ada, channel, queue } = scene;
  await ada.run('/humo', { prompt: 'She smiles', image: picture(), seconds: 8 }, { channel });
  const status = await channel.waitForMessage(hasStatus);
  expect(status.text).toContain('201 frames');
  expect((await queue.get(idOf(status.text)))?.request).toMatchObject({
    frames: 201,
    take: { shots: [201] },
  });
  const command = await ada.run(
    '/humo',
    { prompt: 'She smiles', image: picture(), seconds: 25 },
    { channel },
  );
  await command.waitForMessage(({ text }) => text.includes('at most 20 seconds'));
});

test('a file that cannot be read is named by its option, in the language of the person, and nothing is queued', async () => {
  await using scene = await startScene();
  const { discord, guild, channel, queue } = scene;
  const berta = guild.addMember(discord.createUser('berta', { locale: 'de' }));
  // Whole by its beginning and end, and nothing between.
  const broken = file(
    Buffer.from('\x89PNG\r\n\x1a\n and then nothing IEND\xae\x42\x60\x82', 'latin1'),
    'face.png',
  );
  const command = await berta.run(
    '/humo',
    { prompt: 'Sie spricht', image: picture(), image2: broken },
    { channel },
  );
  const answer = await command.waitForMessage(({ text }) => text.includes('bild2'));
  expect(answer.text).toContain('konnte dieses Bild nicht lesen');
  expect(await queue.list({})).toEqual([]);
  // Nor does the store keep the image that could be read.
  expect(await scene.store.list('inputs/')).toEqual([]);
});

test('a text that calls itself a picture is judged by its content', async () => {
  await using scene = await startScene();
  const { ada, channel, queue } = scene;
  const playlist = file(Buffer.from('#EXTM3U\nfile:///etc/passwd\n'), 'face.png', 'image/png');
  const command = await ada.run('/humo', { prompt: 'She speaks', image: playlist }, { channel });
  await command.waitForMessage(({ text }) => text.includes('don’t know this kind of image'));
  expect(await queue.list({})).toEqual([]);
});

test('a start beyond the end of the sound is refused with the length', async () => {
  await using scene = await startScene();
  const { ada, channel } = scene;
  const command = await ada.run(
    '/humo',
    { prompt: 'She speaks', audio: speech(4), audio_start: 9 },
    { channel },
  );
  const answer = await command.waitForMessage(({ text }) => text.includes('audio'));
  expect(answer.text).toContain('ends at 4 s');
});

test('of a request that the queue refuses, no file stays in the store', async () => {
  await using scene = await startScene();
  const { ada, channel, guild, moderation, store } = scene;
  // Between the first look at the rules and the acceptance: the files are read by then.
  const taken = store.put.bind(store);
  store.put = async (key, source) => {
    const stored = await taken(key, source);
    await moderation.ban(guild.id, { userId: ada.id, by: '9', reason: 'spam', until: null });
    return stored;
  };
  const command = await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
  await command.waitForMessage(({ text }) => text.includes('spam'));
  expect(await scene.queue.list({})).toEqual([]);
  expect(await store.list('inputs/')).toEqual([]);
});

test('whatever happens, nothing stays in the scratch folder', async () => {
  await using scene = await startScene();
  const { ada, channel } = scene;
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), audio: speech() }, { channel });
  await channel.waitForMessage(hasStatus);
  const broken = file(Buffer.from('nothing'), 'face.png');
  const command = await ada.run(
    '/humo',
    { prompt: 'She speaks', image: broken, audio: speech() },
    { channel },
  );
  await command.waitForMessage(({ loading }) => !loading);
  expect(await readdir(scene.scratchRoot)).toEqual([]);
});
