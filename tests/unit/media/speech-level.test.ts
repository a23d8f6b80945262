import { expect, test } from 'vitest';
import { activeLevel, raiseSpeech, speechLevel } from '../../../src/media/speech-level.ts';

/** 16 kHz mono: syllables of a quarter of a second with as long pauses, at that level while they sound. */
function syllables(decibels: number, { seconds = 2, click = 0 } = {}): Buffer {
  const amplitude = 32_768 * Math.SQRT2 * 10 ** (decibels / 20);
  const wav = Buffer.alloc(44 + seconds * 32_000);
  wav.write('data', 36, 'latin1');
  for (let at = 0; at < seconds * 16_000; at += 1) {
    const sounds = Math.floor(at / 4000) % 2 === 0;
    wav.writeInt16LE(sounds ? Math.round(amplitude * Math.sin(at / 6)) : 0, 44 + at * 2);
  }
  if (click !== 0) wav.writeInt16LE(click, 44 + 5000 * 2);
  return wav;
}

test('pauses and their noise do not count', () => {
  expect(activeLevel(syllables(-30))).toBeCloseTo(-30, 0);
  expect(activeLevel(syllables(-100))).toBeNull();
});

test.each([-30, -40, -50, -60])('speech at %d dB is raised to the level of speech', (decibels) => {
  const wav = syllables(decibels);
  expect(raiseSpeech(wav)).toBeCloseTo(speechLevel - decibels, 0);
  expect(Math.abs((activeLevel(wav) ?? 0) - speechLevel)).toBeLessThan(0.5);
  // What has been raised stays as it is.
  expect(raiseSpeech(wav)).toBeLessThan(0.5);
});

test('loud speech and silence stay as they are', () => {
  for (const wav of [syllables(-20), syllables(-10), syllables(-100), syllables(-300)]) {
    const before = Buffer.from(wav);
    expect(raiseSpeech(wav)).toBe(0);
    expect(wav.equals(before)).toBe(true);
  }
});

test('a knock on the microphone is not clipped, and speech so quiet that it is noise is raised by 40 dB alone', () => {
  const knock = syllables(-45, { click: -20_000 });
  const gain = raiseSpeech(knock);
  expect(gain).toBeCloseTo(-1 - 20 * Math.log10(20_000 / 32_768), 3);
  expect(knock.readInt16LE(44 + 5000 * 2)).toBeGreaterThan(-32_768);
  expect(raiseSpeech(syllables(-69))).toBe(40);
});
