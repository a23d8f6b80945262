import { expect, test } from 'vitest';
import { createFormChangesSchema, createOrderSchema } from '../../../src/api/schemas.ts';
import { digestOf, unsaidInChanges, unsaidInOrder } from '../../../src/api/understood.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { loadGenerateSettings } from '../../../src/config/generate.ts';

const settings = loadGenerateSettings(`${projectRoot}/generate.yaml`, 'official');
const none = { images: [], audio: null };
const files = { images: ['a', 'b'], audio: 'c' };

const ofOrder = (order: unknown, given = files) =>
  digestOf(order, createOrderSchema(settings), unsaidInOrder, given);
const ofChanges = (changes: unknown, given: typeof files | typeof none = none) =>
  digestOf(changes, createFormChangesSchema(settings), unsaidInChanges, given);

test('an order is the same however it is written', () => {
  const order = { prompt: 'x', scales: { audio: 2, text: 3 }, agreed: true };
  for (const same of [
    { agreed: true, scales: { text: 3, audio: 2 }, prompt: 'x' },
    { ...order, prompt: ' x\n' },
    { ...order, preset: settings.defaultPreset, shape: settings.defaultShape },
    { ...order, negativePrompt: '', audioStart: 0, clean: 'auto' },
  ])
    expect(ofOrder(same)).toBe(ofOrder(order));
  for (const other of [
    { ...order, prompt: 'y' },
    { ...order, scales: { audio: 3, text: 2 } },
    { ...order, audioStart: 1 },
    { ...order, clean: 'off' },
    { ...order, seed: 0 },
    { ...order, agreed: false },
    { ...order, unknown: 1 },
  ])
    expect(ofOrder(other)).not.toBe(ofOrder(order));
});

test('other files, or the same in another order, are another request', () => {
  const given = [
    files,
    { ...files, images: ['b', 'a'] },
    { ...files, images: ['a'] },
    { ...files, audio: 'd' },
  ];
  expect(new Set(given.map((one) => ofOrder({ prompt: 'x' }, one))).size).toBe(given.length);
});

test('changes: nothing said is nothing said; what only an order may leave out says something', () => {
  for (const same of [undefined, null, {}, { scales: {} }, { agreed: false }, { negativePrompt: '' }])
    expect(ofChanges(same)).toBe(ofChanges({}));
  for (const other of [{ clean: 'auto' }, { audioStart: 0 }, { preset: settings.defaultPreset }, { seed: 1 }])
    expect(ofChanges(other)).not.toBe(ofChanges({}));
  expect(ofChanges({ agreed: true }, files)).not.toBe(ofChanges({ agreed: true }));
});
