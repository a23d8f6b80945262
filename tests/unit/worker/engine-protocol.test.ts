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

test('what was measured and is no number is not known, and nothing else of its event is lost', () => {
  const done =
    '{"type":"done","id":"a","frames":{"pixelFormat":"rgb24","width":16,"height":16,"fps":25,"count":5},' +
    '"seconds":{"encode":NaN,"denoise":2.5,"decode":-1,"vae":null},"peakGiB": Infinity ,"seed":1}';
  expect(parseEngineLine(done)).toMatchObject({ type: 'done', seconds: { denoise: 2.5 }, peakGiB: null });
  const progress =
    '{"type":"progress","id":"a: NaN,","stage":"denoise","step":1,"steps":5,"secondsPerStep":-Infinity,"etaSeconds":NaN}';
  const read = { type: 'progress', step: 1, secondsPerStep: null, etaSeconds: null };
  expect(parseEngineLine(progress)).toMatchObject(read);
  // What is counted, and not measured, is wrong all the same.
  expect(parseEngineLine(progress.replace('"step":1', '"step":NaN'))).toMatchObject({ meant: 'progress' });
});

test('no line makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      expect(parseEngineLine(line)).toHaveProperty('type');
    }),
  );
});
