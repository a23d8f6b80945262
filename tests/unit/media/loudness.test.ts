import { expect, test } from 'vitest';
import { frameLoudness } from '../../../src/media/loudness.ts';

/** As ffmpeg writes it: a header with a chunk of its own before the samples. */
function wav(samples: readonly number[]): Buffer {
  const body = Buffer.alloc(samples.length * 2);
  for (const [index, sample] of samples.entries()) body.writeInt16LE(sample, index * 2);
  return Buffer.concat([Buffer.from('RIFF----WAVEfmt ----LIST-data----', 'latin1'), body]);
}

test('each frame has its own loudness, silence the least there is', () => {
  const loud = Array.from({ length: 640 }, () => 16_384);
  const quiet = Array.from({ length: 640 }, () => 164);
  const levels = frameLoudness(wav([...loud, ...quiet, ...Array.from({ length: 640 }, () => 0)]), 25);
  expect(levels).toEqual([expect.closeTo(-6, 1), expect.closeTo(-46, 0), -120]);
});

test('what is no WAV is refused', () => {
  expect(() => frameLoudness(Buffer.from('ID3'), 25)).toThrow(RangeError);
});
