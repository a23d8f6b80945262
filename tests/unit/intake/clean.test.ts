import { expect, test } from 'vitest';
import { cleanOf, cleanSchema, vocalsFor } from '../../../src/intake/clean.ts';

const sound = { audio: 'inputs/a', speech: null };
const said = {
  audio: 'inputs/a',
  speech: { text: 'Hello', voice: null, language: null, spoken: { voice: 'kristin', language: 'en' } },
};

test.each(cleanSchema.options)('what was chosen for a sound is kept, again and again: %s', (clean) => {
  expect(cleanOf({ ...sound, vocals: vocalsFor(clean, sound) })).toBe(clean);
});

test('nothing is isolated from what a voice of ours says, nor where there is no sound', () => {
  expect(vocalsFor('on', said)).toBe(false);
  expect(vocalsFor('on', { audio: null, speech: null })).toBe(false);
  // With another sound, the choice is open again.
  expect(cleanOf({ ...said, vocals: false })).toBe('auto');
});
