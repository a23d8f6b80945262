import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseEngineLine } from '../../../src/worker/engine-protocol.ts';

test('every event of the protocol is read, and what a newer engine adds is passed over', () => {
  for (const event of [
    {
      type: 'ready',
      protocol: 1,
      models: ['17b'],
      device: 'NVIDIA H200',
      torch: '2.5.1',
      weights: 'official',
    },
    {
      type: 'progress',
      id: 'a',
      stage: 'denoise',
      step: 12,
      steps: 50,
      secondsPerStep: 9.8,
      etaSeconds: 372,
    },
    { type: 'progress', id: 'a', stage: 'encode', step: 0, steps: 1, secondsPerStep: null, etaSeconds: null },
    { type: 'frames', id: 'a', path: '/scratch/frames-000001.rgb', first: 1, count: 4 },
    { type: 'preview', id: 'a', path: '/scratch/p.jpg', step: 12 },
    {
      type: 'done',
      id: 'a',
      frames: { path: '/scratch/f.rgb', pixelFormat: 'rgb24', width: 832, height: 480, fps: 25, count: 97 },
      seconds: { encode: 0.4, denoise: 600, decode: 2 },
      peakGiB: 38.1,
      seed: 1,
    },
    { type: 'failed', id: 'a', code: 'out_of_memory', message: 'CUDA out of memory' },
    { type: 'failed', id: null, code: 'invalid_input', message: 'the line is not JSON' },
  ]) {
    expect(parseEngineLine(JSON.stringify({ ...event, mood: 'good' }))).toEqual(event);
  }
});

test('a wrong event names its type and fields, never a value', () => {
  const line = JSON.stringify({ type: 'progress', id: 'a', stage: 'secret', step: -1, steps: 50 });
  const read = parseEngineLine(line);
  expect(read).toMatchObject({ type: 'unreadable', meant: 'progress' });
  expect(JSON.stringify(read)).toMatch(/stage.*step/);
  expect(JSON.stringify(read)).not.toContain('secret');
});

test('no line makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      expect(parseEngineLine(line)).toHaveProperty('type');
    }),
  );
});
