import { expect, test } from 'vitest';
import { commandOptions, DemoError } from '../../scripts/support/demo-options.ts';
import type { DemoValues } from '../../scripts/support/demo-options.ts';

test('what the demo’s options cannot be is named', () => {
  const wrong: readonly (readonly [DemoValues, string])[] = [
    [{ seed: '7x' }, '7x'],
    [{ seed: ' ' }, '--seed'],
    [{ 'audio-start': 'soon' }, '--audio-start'],
    [{ preset: 'none' }, 'none'],
    [{ shape: 'round' }, 'round'],
    [{ image: ['none.png'] }, 'none.png'],
    [{ image: Array(5).fill(import.meta.filename) }, '4 images'],
    [{ say: 'Hello', audio: import.meta.filename }, '--say'],
  ];
  for (const [values, words] of wrong) {
    const act = () => commandOptions(values);
    expect(act, words).toThrow(DemoError);
    expect(act, words).toThrow(words);
  }
});

test('without files of one’s own the demo asks for the examples, and for the same video each time', () => {
  expect(commandOptions({})).toMatchObject({ audio_end: 3.88, seed: 3 });
  const own = commandOptions({ image: [import.meta.filename], seed: '7' });
  expect(own).toMatchObject({ seed: 7 });
  expect(Object.keys(own).toSorted()).toEqual(['image', 'prompt', 'seed']);
});
