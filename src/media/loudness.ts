import { engineSampleRate, samplesOf } from './wav.ts';

/**
 * How loud each frame's sound is, in decibels below full scale; silence is -120.
 *
 * @param wav as `normaliseAudio` writes it for the engine: 16 kHz, mono, 16 bits
 */
export function frameLoudness(wav: Buffer, fps: number): number[] {
  const samples = samplesOf(wav);
  const each = engineSampleRate / fps;
  return Array.from({ length: Math.floor(samples.length / each) }, (_, frame) => {
    const part = samples.subarray(Math.round(frame * each), Math.round((frame + 1) * each));
    let energy = 0;
    for (const sample of part) energy += (sample / 32_768) ** 2;
    return Math.max(-120, 10 * Math.log10(energy / part.length));
  });
}
