import type { Mode } from '../queue/contract/generation.ts';
import { Refusal } from '../refusal.ts';

/**
 * What drives the video follows from what is given.
 *
 * @throws Refusal when there is nothing but a prompt, a start without a sound to start in, or both words and a sound
 */
export function chooseMode(given: {
  images: number;
  hasAudio: boolean;
  hasAudioStart: boolean;
  /** words for a voice */
  hasWords?: boolean;
}): Mode {
  if (given.hasWords === true) {
    if (given.hasAudio) throw new Refusal('refused.say_and_audio');
    if (given.hasAudioStart) throw new Refusal('refused.audio_start_without_audio');
    return given.images > 0 ? 'TIA' : 'TA';
  }
  if (given.hasAudio) return given.images > 0 ? 'TIA' : 'TA';
  if (given.images === 0) throw new Refusal('refused.prompt_alone');
  if (given.hasAudioStart) throw new Refusal('refused.audio_start_without_audio');
  return 'TI';
}
