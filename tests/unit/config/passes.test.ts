import { expect, it } from 'vitest';
import { passesOfStep } from '../../../src/config/generate.ts';

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
