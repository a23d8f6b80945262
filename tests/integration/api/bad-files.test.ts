import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import sharp from 'sharp';
import { withoutMarkup } from '../../../src/api/plain-text.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { audioLimits } from '../../../src/media/audio.ts';
import { imageLimits } from '../../../src/media/image.ts';
import { failureText, textsFor } from '../../../src/text/texts.ts';
import { portraitFile, problemOf, startApiScene } from '../../support/api.ts';
import type { ApiScene, Caller } from '../../support/api.ts';

/** Whatever is wrong with a file, people read the same of it at every door: in Discord, at the API, and on the page, which shows what the API says. */

let scene: ApiScene;
let ada: Caller;
let first: string;
beforeAll(async () => {
  scene = await startApiScene({ MAXIMUM_WAITING_PER_USER: '20' });
  ada = await scene.token('ada');
  first = (await ada.accepted()).id;
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const language = 'de';
const texts = textsFor(language);
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const portrait = async () => (await portraitFile()).data;

/** A WAV of silence, 8-bit, at 8 kHz. */
function wave(seconds: number): Uint8Array<ArrayBuffer> {
  const file = Buffer.alloc(44 + seconds * 8000, 0x80);
  file.write('RIFF????WAVEfmt ', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.writeUInt32LE(16, 16);
  for (const [at, value] of [[20, 1], [22, 1], [32, 1], [34, 8]] as const) file.writeUInt16LE(value, at); // prettier-ignore
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(8000, 28);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(file.length - 44, 40);
  return new Uint8Array(file);
}

/** Asks at every door that takes such a file. @returns what each of them says */
async function atEveryDoor(part: string, data: Uint8Array<ArrayBuffer>) {
  const form = (order: object | null) => {
    const body = new FormData();
    if (order !== null) body.set('request', JSON.stringify(order));
    body.append(part, new Blob([data]), 'file');
    return { method: 'POST', body, headers: { 'accept-language': language } };
  };
  const order = { prompt: 'A robot speaks', agreed: true };
  const doors = ['/v1/generations', '/v1/generations?dryRun=true', `/v1/generations/${first}/again`];
  const answers = doors.map(async (door, at) => ada.fetch(door, form(at === 2 ? { agreed: true } : order)));
  if (part === 'audio') answers.push(ada.fetch('/v1/sounds', form(null)));
  return Promise.all(answers.map(async (answer) => problemOf(await answer)));
}

describe.each([
  ['audio', 'file_empty', {}, async () => bytes('')],
  ['audio', 'audio_not_sound', {}, async () => bytes('just words')],
  ['audio', 'audio_not_sound', {}, portrait],
  ['audio', 'audio_nothing_heard', {}, async () => wave(0)],
  ['audio', 'audio_unreadable', {}, async () => bytes(`fLaC${'\u0007'.repeat(3000)}`)],
  // A recording that ended before its table was written.
  [
    'audio',
    'audio_cut_off',
    {},
    async () => bytes(`\0\0\0\u0010ftypisom\0\0\0\0\0\0\u0010\0mdat${'x'.repeat(2000)}`),
  ],
  ['audio', 'audio_too_long', { minutes: 10 }, async () => wave(601)],
  ['audio', 'file_too_large', { megabytes: 25 }, async () => new Uint8Array(audioLimits.bytes + 1)],
  ['image', 'file_empty', {}, async () => bytes('')],
  ['image', 'image_not_image', {}, async () => bytes('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  [
    'image',
    'image_not_image',
    {},
    async () => new Uint8Array(await readFile(join(projectRoot, 'examples', 'speech.ogg'))),
  ],
  ['image', 'image_heic', {}, async () => bytes('\0\0\0\u0018ftypheic\0\0\0\0mif1heic')],
  ['image', 'image_cut_off', {}, async () => (await portrait()).slice(0, 3000)],
  [
    'image',
    'image_too_long',
    { pixels: imageLimits.side },
    async () =>
      new Uint8Array(
        await sharp({ create: { width: imageLimits.side + 1, height: 1, channels: 3, background: 'red' } })
          .png()
          .toBuffer(),
      ),
  ],
  ['image', 'file_too_large', { megabytes: 20 }, async () => new Uint8Array(imageLimits.bytes + 1)],
  // More than any file may have, and still a picture's own limit.
  ['image', 'file_too_large', { megabytes: 20 }, async () => new Uint8Array(audioLimits.bytes + 1)],
] as const)('%s: %s', (part, code, context, make) => {
  test('is told in the same words everywhere', async () => {
    const problems = await atEveryDoor(part, await make());
    const failure = { code: 'invalid_input', identifier: code, context: { number: 1, ...context } } as const;
    const detail = withoutMarkup(failureText(texts, failure, ''), texts);
    const status = ['audio_too_long', 'file_too_large', 'image_too_long'].includes(code) ? 413 : 422;
    for (const problem of problems) expect(problem).toMatchObject({ status, code, detail, option: part });
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1);
  });
});
