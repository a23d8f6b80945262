import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { generateFileSchema, parseGenerateSettings } from '../../../src/config/generate.ts';
import { passesOfStep } from '../../../src/config/shortcuts.ts';

const text = readFileSync('generate.yaml', 'utf8');

test.each([
  [['sampler', 'shift'], 1000],
  [['sampler', 'shift'], 0],
  [['models', '17b', 'scales', 'audio'], 1e38],
  [['models', '1_7b', 'scales', 'image'], 101],
  [['presets', 'fast', 'sampler'], 'euler'],
  [['presets', 'fast', 'guidance'], 'text'],
  [['presets', 'fast', 'gating', 'text'], 1.5],
  [['presets', 'fast', 'caching', 'inARow'], 0],
  [['presets', 'fast', 'loras', '0', 'strength'], 11],
  [['presets', 'fast', 'audioStrength'], 4.5],
  [['profiles', 'mini', 'takes', 'take'], 'two'],
  [['profiles', 'official', 'loras'], 'no'],
  [['profiles', 'official', 'gating'], 0.5],
  [['profiles', 'official', 'caching'], 'no'],
])('%s is bounded as the engine bounds it', (path, value) => {
  const document = parseDocument(text);
  document.setIn(path, value);
  expect(() => parseGenerateSettings(document.toJS(), 'official')).toThrow(
    `generate.yaml: ${path.join('.')}: `,
  );
});

test('a preset says what it does otherwise than published, with what it leaves open filled in', () => {
  const document = parseDocument(text);
  const fast = (profile: string) =>
    parseGenerateSettings(document.toJS(), profile).preset('fast', 'square').shortcuts;
  expect(fast('official')).toMatchObject({ sampler: 'lcm', guidance: 'audio', loras: [{ strength: 1 }] });
  // The LoRAs of the official weights fit no others.
  expect(fast('tiny')).toEqual({ sampler: 'lcm', guidance: 'audio' });
  document.setIn(['presets', 'fast', 'gating'], { text: 0.5 });
  document.setIn(['presets', 'fast', 'caching'], { threshold: 0.1 });
  document.setIn(['presets', 'fast', 'audioStrength'], 1.5);
  expect(fast('official')).toMatchObject({
    gating: { text: 0.5, audio: 1 },
    caching: { threshold: 0.1, inARow: 1 },
    audioStrength: 1.5,
  });
  const settings = parseGenerateSettings(document.toJS(), 'official');
  expect(settings.preset('draft', 'square').shortcuts).toBeUndefined();
  expect(settings.preset('final', 'square').shortcuts).toBeUndefined();
});

test('standard gates and caches where that was measured, and not in profiles of fewer steps', () => {
  const document = parseDocument(text);
  const standard = (profile: string) =>
    parseGenerateSettings(document.toJS(), profile).preset('standard', 'square');
  const { steps, passes, shortcuts } = standard('official');
  expect(shortcuts).toEqual({ gating: { text: 0.3, audio: 1 }, caching: { threshold: 0.1, inARow: 1 } });
  expect(steps * passesOfStep('17b', 'TIA', passes, shortcuts)).toBeCloseTo(115);
  expect([standard('mini').shortcuts, standard('tiny').shortcuts]).toEqual([undefined, undefined]);
  // The exact mode is these two settings away.
  document.deleteIn(['presets', 'standard', 'gating']);
  document.deleteIn(['presets', 'standard', 'caching']);
  expect(standard('official').shortcuts).toBeUndefined();
});

test('the file of the repository is right', () => {
  const settings = parseGenerateSettings(parseDocument(text).toJS(), 'official');
  expect(settings.preset('standard', 'landscape').shift).toBe(5);
});

test('the grammar that the engine and editors read is the one of this check', () => {
  const written: unknown = JSON.parse(readFileSync('engine/humo_engine/generate.schema.json', 'utf8'));
  expect(written, 'run: npm run schema').toEqual(generateFileSchema());
});
