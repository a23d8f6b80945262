import type { Mode } from '../queue/contract.ts';
import { Refusal } from '../refusal.ts';

/**
 * What drives the video follows from what is given.
 *
 * @throws Refusal when there is nothing but a prompt, or a start without a sound to start in
 */
export function chooseMode(given: { images: number; hasAudio: boolean; hasAudioStart: boolean }): Mode {
  if (given.hasAudio) return given.images > 0 ? 'TIA' : 'TA';
  if (given.images === 0) throw new Refusal('refused.prompt_alone');
  if (given.hasAudioStart) throw new Refusal('refused.audio_start_without_audio');
  return 'TI';
}
