import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { parseGenerateSettings } from '../../../src/config/generate.ts';

const text = readFileSync('generate.yaml', 'utf8');

test.each([
  [['sampler', 'shift'], 1000],
  [['sampler', 'shift'], 0],
  [['models', '17b', 'scales', 'audio'], 1e38],
  [['models', '1_7b', 'scales', 'image'], 101],
])('%s is bounded as the engine bounds it', (path, value) => {
  const document = parseDocument(text);
  document.setIn(path, value);
  expect(() => parseGenerateSettings(document.toJS(), 'official')).toThrow(
    `generate.yaml: ${path.join('.')}: `,
  );
});

test('the file of the repository is right', () => {
  const settings = parseGenerateSettings(parseDocument(text).toJS(), 'official');
  expect(settings.preset('standard', 'landscape').shift).toBe(5);
});
