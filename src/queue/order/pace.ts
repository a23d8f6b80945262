import type { ModelId } from '../../config/model-id.ts';
import type { Shortcuts } from '../../config/shortcuts.ts';
import type { Take } from '../contract/take.ts';

interface PacedWork {
  readonly model: ModelId;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly steps: number;
  readonly take?: Take | null | undefined;
  readonly shortcuts?: Shortcuts | undefined;
}

/**
 * What a measured pace holds for: other sizes, lengths or numbers of steps have their own, and so have clips of which caching skips steps
 * that the number of passes does not know of. What the model does not see at once has one pace for all lengths, of a pass over the
 * usual number of frames.
 */
export function paceKey(work: PacedWork): string {
  const length = (work.take ?? null) === null ? String(work.frames) : 'take';
  const caching = work.shortcuts?.caching;
  const cached = caching === undefined ? '' : `:${caching.threshold}x${caching.inARow}`;
  return `${work.model}:${work.width}x${work.height}:${length}:${work.steps}${cached}`;
}

/** What a measured pace holds for as well: a GPU is as fast as another of its name, and several make a clip together. */
export function machineOf({
  device,
  gpus = 1,
}: {
  readonly device: string;
  readonly gpus?: number | undefined;
}): string {
  return `${gpus}x${device}`;
}
