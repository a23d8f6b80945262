import { expect, it } from 'vitest';
import { passesOfStep } from '../../../src/config/shortcuts.ts';
import type { Shortcuts } from '../../../src/config/shortcuts.ts';

it('counts the passes of a step by model and mode, as the guidance table of the engine has them', () => {
  expect([passesOfStep('17b', 'TIA', 3), passesOfStep('17b', 'TA', 3), passesOfStep('17b', 'TI', 3)]).toEqual(
    [3, 3, 2],
  );
  expect([
    passesOfStep('1_7b', 'TIA', 4),
    passesOfStep('1_7b', 'TA', 4),
    passesOfStep('1_7b', 'TI', 4),
  ]).toEqual([4, 3, 3]);
});

it('counts what a guidance table leaves, and on average what gating leaves out', () => {
  const passes = (mode: 'TIA' | 'TA' | 'TI', shortcuts: Shortcuts) => passesOfStep('17b', mode, 3, shortcuts);
  expect([passes('TIA', { guidance: 'audio' }), passes('TA', { guidance: 'audio' })]).toEqual([2, 2]);
  expect([passes('TI', { guidance: 'audio' }), passes('TIA', { guidance: 'none' })]).toEqual([1, 1]);
  expect(passes('TIA', { gating: { text: 0.5, audio: 0.75 } })).toBe(2.25);
  // There is no difference of text to keep where the table has none, and none of sound where nothing is heard.
  expect(passes('TIA', { guidance: 'audio', gating: { text: 0.5, audio: 0.75 } })).toBe(1.75);
  expect(passes('TI', { gating: { text: 0.5, audio: 0.75 } })).toBe(1.5);
  expect(passes('TIA', { guidance: 'none', gating: { text: 0, audio: 0 } })).toBe(1);
});
