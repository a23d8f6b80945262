import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Detection, seenIn } from './detect.ts';
import type { OwnMarks } from './known-marks.ts';

/**
 * Looks for a watermark in frames, in a thread of its own.
 *
 * @param frames as `seenIn` has them
 * @param own as `detect` has it
 * @returns null when there is none that can be read
 * @throws Error when the thread fails, or the signal's reason
 */
export async function findMark(
  frames: Parameters<typeof seenIn>[0],
  own: OwnMarks | null,
  signal?: AbortSignal,
): Promise<Detection | null> {
  const thread = new Worker(new URL('detect-thread.ts', import.meta.url), {
    workerData: { ...frames, own },
  });
  try {
    const [found]: unknown[] = await once(thread, 'message', signal === undefined ? {} : { signal });
    return isDetection(found) ? found : null;
  } finally {
    await thread.terminate();
  }
}

function isDetection(found: unknown): found is Detection {
  return (
    typeof found === 'object' && found !== null && 'payload' in found && typeof found.payload === 'bigint'
  );
}
