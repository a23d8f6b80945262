import { afterAll, beforeAll, expect, test } from 'vitest';
import { pino } from 'pino';
import { loadWorkerConfig, projectRoot } from '../../../src/config/environment.ts';
import { MediaIntake } from '../../../src/intake/media-intake.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';
import type { Closable } from '../../../src/queue/interfaces.ts';
import { openScratch } from '../../../src/media/scratch.ts';
import { offerSpeech } from '../../../src/worker/offer-speech.ts';
import { sayLater } from '../../../src/worker/synthesize-speech.ts';
import { Speech, speechCommand } from '../../../src/worker/speech-process.ts';
import { hasStatus, idOf, picture, speech as sound, startScene } from './scene.ts';
import type { Scene } from './scene.ts';
import { join } from 'node:path';
import { patience } from '../../support/patience.ts';

/** A bot, and a worker's voices beside it: the real process, and the voice that comes with the set-up. */
let scene: Scene;
let voices: Speech;
let speaking: Closable | null;

beforeAll(async () => {
  scene = await startScene();
  const log = pino({ level: 'silent' });
  voices = new Speech(speechCommand(join(scene.dataDirectory, 'weights'), projectRoot), log);
  const config = loadWorkerConfig({ REDIS_URL: scene.redisUrl, HUMO_PROFILE: 'tiny' });
  speaking = await offerSpeech(
    config,
    { store: scene.store, speech: voices, scratchRoot: scene.scratchRoot },
    log,
  );
  if (speaking === null) throw new Error('there is no voice here; `npm run setup` brings one');
});

afterAll(async () => {
  await speaking?.close();
  await voices.stop();
  await scene[Symbol.asyncDispose]();
});

test('words are said, heard by the person alone, and make the video; edit and again keep them', async () => {
  const { ada, channel, queue } = scene;
  const words = 'Hi there!';
  const command = await ada.run('/humo', { prompt: 'She speaks', image: picture(), say: words }, { channel });
  const status = await channel.waitForMessage(hasStatus, patience);
  const generation = await queue.get(idOf(status.text));
  expect(generation?.request).toMatchObject({
    mode: 'TIA',
    speech: { text: words, voice: null, spoken: { voice: 'joe', language: 'en' } },
  });
  const seconds = generation?.request.audioWindow?.endSeconds ?? 0;
  expect(seconds).toBeGreaterThan(0.8);
  const heard = await command.waitForMessage(({ attachments }) => attachments.length > 0, patience);
  expect(heard.ephemeral).toBe(true);
  expect(heard.text).toContain(`Joe says it (${seconds.toFixed(1)} s)`);
  expect((await heard.attachments[0]?.bytes())?.subarray(0, 4).toString()).toBe('fLaC');
  // In the store until "again" is over, and nowhere in Redis but in the record.
  expect(await scene.keysWith(words)).toEqual([expect.stringContaining(`generation:${generation?.id}`)]);

  const worker = await scene.work(scene.finish);
  const result = await channel.waitForMessage(({ attachments }) => attachments.length > 0, patience);
  const edit = await ada.click(result, 'Edit');
  const { modal } = await edit.firstResponse();
  expect(JSON.stringify(modal)).toContain(words);
  const again = await ada.submitModal(edit, { say: 'Bye.' });
  const bye = await again.waitForMessage(({ attachments }) => attachments.length > 0, patience);
  expect(bye.text).toContain('Joe says it');
  const [newest] = await queue.list({ limit: 1 });
  expect(newest).toMatchObject({
    request: { speech: { text: 'Bye.' } },
    lineage: { changes: expect.arrayContaining([expect.objectContaining({ what: 'speech' })]) },
  });
  await worker.close();
});

test('voices are suggested with language and kind, and found by either', async () => {
  const { ada, discord, guild, channel } = scene;
  expect(await ada.autocomplete('/humo', { prompt: 'x' }, 'voice', { channel })).toContainEqual({
    name: 'Joe · American English · man',
    value: 'joe',
  });
  const berta = guild.addMember(discord.createUser('berta', { locale: 'de' }));
  const found = await berta.autocomplete('/humo', { prompt: 'x', voice: 'mann' }, 'voice', { channel });
  expect(found).toContainEqual({ name: 'Joe · Englisch (Vereinigte Staaten) · Mann', value: 'joe' });
  expect(await ada.autocomplete('/humo', { prompt: 'x', voice: 'zzz' }, 'voice', { channel })).toEqual([]);
});

test('what cannot be said is told at once, and nothing is queued', async () => {
  const { ada, channel, queue, moderation, guild } = scene;
  const before = (await queue.list({})).length;
  const refusal = async (options: Parameters<typeof ada.run>[1]): Promise<string> => {
    const command = await ada.run('/humo', { prompt: 'She speaks', ...options }, { channel });
    return (await command.waitForMessage(({ loading, text }) => !loading && text !== '', patience)).text;
  };
  expect(await refusal({ say: 'Hi', audio: sound(2) })).toContain('You gave both text to speak and audio');
  expect(await refusal({ voice: 'joe', image: picture() })).toContain('nothing for it to say');
  expect(await refusal({ say: '\u200b🎉' })).toContain('nothing in it to speak');
  expect(await refusal({ say: 'Guten Morgen, wie ist das Wetter?' })).toContain('no voice for this language');
  expect(await refusal({ say: 'Hi', voice: 'nobody' })).toContain('don’t have this voice');
  await moderation.addFilter(guild.id, { kind: 'word', text: 'badger' }, ada.id);
  expect(await refusal({ say: 'A b\u200badger speaks' })).toContain('isn’t allowed on this server');
  expect(await queue.list({})).toHaveLength(before);
});

test('where nobody speaks in time the request is taken all the same, with a guess of its length', async () => {
  const generate = loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'tiny');
  const intake = new MediaIntake({
    config: { generate, attachments: { hosts: [], certificateAuthority: undefined } },
    store: scene.store,
    scratchRoot: scene.scratchRoot,
    speech: { say: async () => null },
  });
  const words = { words: 'x'.repeat(28), voice: null, language: null, locale: 'en' };
  const taken = await intake.take(
    '01J00000000000000000000000',
    { images: [], audio: words, audioStart: 0 },
    new AbortController().signal,
    60,
  );
  expect(taken).toMatchObject({
    audio: null,
    frames: 97,
    speech: { text: words.words, spoken: null },
    advice: [{ identifier: 'said_later' }],
  });
});

test('words that the worker says make a video as long as they are, planned anew and the same in a second attempt', async () => {
  const { ada, channel, queue, store, scratchRoot } = scene;
  await ada.run('/humo', { prompt: 'She speaks', image: picture(), say: 'Hi!' }, { channel });
  const [newest] = await queue.list({ limit: 1 });
  if (newest === undefined) throw new Error('nothing was queued');
  // As it would be if nobody had spoken in time: longer than the model sees at once.
  const speech = { text: 'One two three. Four five six.', voice: null, language: null, spoken: null };
  const take = { shots: [249], preRoll: 24, windows: 3, units: 3 };
  const request = { ...newest.request, audio: null, soundtrack: null, speech, frames: 249, take };
  const generation = { ...newest, id: '01J00000000000000000000001', request };
  const settings = loadGenerateSettings(join(projectRoot, 'generate.yaml'), 'tiny');
  await using scratch = await openScratch(scratchRoot, 'say-later');
  const limits = { scratch: scratch.path, signal: new AbortController().signal };
  const said = await sayLater(generation, speech, { store, speech: voices, settings }, limits);
  expect(said.frames).toBeGreaterThan(30);
  expect(said.frames).toBeLessThan(settings.frames.default + 30);
  expect(said.take).toBeNull();
  const speak = async () => Promise.reject(new Error('it was said already'));
  const again = await sayLater(generation, speech, { store, speech: { speak }, settings }, limits);
  expect(again).toEqual(said);
});
