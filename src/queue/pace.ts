import type { ModelId } from '../config/generate.ts';

/** What a measured pace holds for: other sizes, lengths or numbers of steps have their own. */
export function paceKey(work: {
  readonly model: ModelId;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly steps: number;
}): string {
  return `${work.model}:${work.width}x${work.height}:${work.frames}:${work.steps}`;
}
