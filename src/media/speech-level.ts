import { frameLoudness } from './loudness.ts';
import { samplesOf } from './wav.ts';

/** Speech that is quieter is raised to this: what people record from near reaches it. Decibels below full scale, while somebody speaks. */
export const speechLevel = -26;
/** Beyond, it would be the noise of the microphone that is raised. Decibels. */
const mostGain = 40;
/** The loudest sample stays below this, so that nothing is clipped. Decibels below full scale. */
const highestPeak = -1;
/** The two gates of ITU-R BS.1770-5: what is quieter than the first, or by the second than what passes it, is a pause. Decibels. */
const gates = { absolute: -70, relative: -10 } as const;
/** Parts of a second that are measured, one after the other; a syllable is longer. */
const partsPerSecond = 25;

/**
 * How loud speech is while somebody speaks, in decibels below full scale; null for silence. The mean power of what passes the two gates
 * of ITU-R BS.1770-5, in parts of 40 ms and without that recommendation's weighting, so that pauses do not count.
 *
 * @param wav 16 kHz, mono, 16 bits
 */
export function activeLevel(wav: Buffer): number | null {
  const heard = frameLoudness(wav, partsPerSecond).filter((level) => level > gates.absolute);
  const mean = meanLevel(heard);
  return mean === null ? null : meanLevel(heard.filter((level) => level > mean + gates.relative));
}

function meanLevel(levels: readonly number[]): number | null {
  if (levels.length === 0) return null;
  const power = levels.reduce((sum, level) => sum + 10 ** (level / 10), 0) / levels.length;
  return 10 * Math.log10(power);
}

/**
 * Brings quiet speech to the level of speech, in place: Whisper's features are not the same for a voice that is far away. One gain for
 * all of it, so that what is loud stays loud beside what is quiet. Speech that is loud enough, and silence, stay as they are.
 *
 * @param wav 16 kHz, mono, 16 bits
 * @returns the gain in decibels; 0 where nothing was changed
 */
export function raiseSpeech(wav: Buffer): number {
  const level = activeLevel(wav);
  if (level === null) return 0;
  const samples = samplesOf(wav);
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 1);
  const room = highestPeak - 20 * Math.log10(peak / 32_768);
  const gain = Math.min(speechLevel - level, mostGain, room);
  if (gain <= 0) return 0;
  const factor = 10 ** (gain / 20);
  const start = wav.indexOf('data', 12, 'latin1') + 8;
  for (const [index, sample] of samples.entries()) {
    wav.writeInt16LE(Math.round(sample * factor), start + index * 2);
  }
  return gain;
}
