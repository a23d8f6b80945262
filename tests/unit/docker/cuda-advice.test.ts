import { expect, test } from 'vitest';
import { cudaAdvice } from '../../../scripts/tools/cuda-advice.ts';

test.each([
  ['an RTX 4090 and the usual image', '12', 8.9, 550, null],
  ['an H200 and the usual image', '12', 9, 580, 'works, HUMO_CUDA=13 '],
  ['an H200 and the usual image on the smaller base', '12-runtime', 9, 580, 'works, HUMO_CUDA=13-runtime '],
  ['an H200, the usual image and an old driver', '12', 9, 550, 'works, driver to 580'],
  ['an RTX 5090 and the usual image', '12', 12, 580, 'fails, HUMO_CUDA=13 '],
  ['an RTX 5090 and the other image', '13', 12, 580, null],
  ['an RTX 5090, the other image and an old driver', '13', 12, 570, 'fails, driver to 580'],
  ['an RTX 4090, the other image and an old driver', '13', 8.9, 550, 'fails, HUMO_CUDA=12 '],
  ['no image', '', 12, 580, null],
  ['a driver that does not say what the card can do', '12', Number.NaN, 580, null],
])('%s', (_name, cuda, capability, driver, wanted) => {
  const advice = cudaAdvice(cuda, capability, driver);
  if (wanted === null) {
    expect(advice).toBeNull();
    return;
  }
  const [works = '', fix = ''] = wanted.split(', ');
  expect(advice?.works).toBe(works === 'works');
  expect(advice?.fix).toContain(fix);
});
