import { z } from 'zod';
import type { GenerationRequest } from '../queue/contract/generation.ts';

/** Whether HuMo hears the voice alone, without music and noise; `auto`: where the engine finds music in the sound. */
export const cleanSchema = z.enum(['auto', 'on', 'off']);
export type Clean = z.infer<typeof cleanSchema>;

const vocals = { auto: 'auto', on: true, off: false } as const satisfies Record<
  Clean,
  GenerationRequest['vocals']
>;

/** What the engine is asked for. Without sound there is nothing to isolate, and what a voice of ours says is nothing else. */
export function vocalsFor(
  clean: Clean,
  { audio, speech }: Pick<GenerationRequest, 'audio' | 'speech'>,
): GenerationRequest['vocals'] {
  return audio === null || speech !== null ? false : vocals[clean];
}

/** What was chosen for a request. One without a sound had nothing to choose. */
export function cleanOf(request: Pick<GenerationRequest, 'audio' | 'speech' | 'vocals'>): Clean {
  if (request.audio === null || request.speech !== null) return 'auto';
  if (request.vocals === 'auto') return 'auto';
  return request.vocals ? 'on' : 'off';
}
