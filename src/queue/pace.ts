import type { ModelId } from '../config/generate.ts';
import type { Take } from './take.ts';

interface PacedWork {
  readonly model: ModelId;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly steps: number;
  readonly take?: Take | null | undefined;
}

/**
 * What a measured pace holds for: other sizes, lengths or numbers of steps have their own. What the model does not see at once has one
 * pace for all lengths, of a pass over the usual number of frames.
 */
export function paceKey(work: PacedWork): string {
  const length = (work.take ?? null) === null ? String(work.frames) : 'take';
  return `${work.model}:${work.width}x${work.height}:${length}:${work.steps}`;
}
