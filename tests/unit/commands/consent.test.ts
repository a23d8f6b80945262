import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { consentWording, showsSomebody } from '../../../src/commands/support/consent.ts';
import { readWish, writeWish } from '../../../src/commands/support/waiting-wish.ts';
import { catalogues } from '../../../src/text/texts.ts';

test('other words are another wording: give it today’s date, and everybody is asked again', () => {
  const words = Object.entries(catalogues)
    .map(([language, texts]) => [language, texts['consent.text']] as const)
    .toSorted(([one], [other]) => one.localeCompare(other));
  const digest = createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 12);
  expect([consentWording, digest]).toEqual(['2026-11-29', '1556345b6452']);
});

const sound = {
  audio: 'inputs/a/speech.wav',
  soundtrack: 'inputs/a/soundtrack.flac',
  originalAudio: null,
  audioWindow: { startSeconds: 0, endSeconds: 4, sourceSeconds: 4 },
  frames: 97,
  speech: null,
};
const speech = { text: 'Hello', voice: null, language: null, spoken: null };
const file = { option: 'image', url: 'https://cdn.example/face.png', size: 5 };
const words = { words: 'Hello', voice: null, language: null, locale: 'de' };

test('pictures and voices are somebody’s, words that a computer says are nobody’s', () => {
  expect(showsSomebody({ images: [file], audio: null })).toBe(true);
  expect(showsSomebody({ images: { kept: ['a'] }, audio: words })).toBe(true);
  expect(showsSomebody({ images: [], audio: file })).toBe(true);
  expect(showsSomebody({ images: [], audio: { kept: sound } })).toBe(true);
  expect(showsSomebody({ images: [], audio: words })).toBe(false);
  expect(showsSomebody({ images: { kept: [] }, audio: { kept: { ...sound, speech } } })).toBe(false);
  expect(showsSomebody({ images: [], audio: null })).toBe(false);
});

test('what waits for an answer is afterwards what it was', () => {
  const choices = { prompt: 'x', mode: 'TIA', preset: 'draft', shape: 'square', seed: 1 } as const;
  for (const audio of [
    null,
    file,
    words,
    { kept: sound },
    { stored: 'inputs/a/original', option: 'audio' },
  ]) {
    for (const images of [[file], { kept: ['inputs/a/image-1.png'] }]) {
      const files = { images, audio, audioStart: 1.5, audioEnd: 3, seconds: null };
      const waiting = { wish: { choices, files, private: true }, token: 'token', wording: '2020-01-01' };
      expect(readWish(writeWish(waiting))).toMatchObject(waiting);
    }
  }
});
