import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { isDiskFull } from '../full-disk.ts';
import { isRefusedForNow, isTurnedAway } from '../full-redis.ts';
import { MediaProcessError } from '../media/process.ts';
import { WorkerUnable } from '../queue/jobs/worker-unable.ts';
import type { EncodedVideo } from './encode-generation.ts';

const encodeAttempts = 2;

/** milliseconds between tries to store a video: ten minutes in all */
const storePauses = [1, 2, 5, 10, 20, 30, 30, 60, 60, 60, 60, 60, 60, 60, 60].map(
  (seconds) => seconds * 1000,
);

/**
 * Trouble with the machine is none of the request's. A `Failure`, such as inputs that are no longer kept, is about the request,
 * unless `failures` says that nothing in here is.
 *
 * @throws WorkerUnable
 */
export async function asWorkerUnable<T>(work: () => Promise<T>, { failures = false } = {}): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error instanceof Failure && !failures) || isDiskFull(error)) throw error;
    throw new WorkerUnable(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * Encodes, and once more when that fails: the frames are there, and they are what is dear. What ffmpeg fails at twice, it fails at
 * on every machine, so no other GPU makes the same frames again; no time left is this machine's own.
 *
 * @throws Failure `video_not_packed`; what says that the disk is full, as it is
 */
export async function encodeWithRetry(
  encode: () => Promise<EncodedVideo>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<EncodedVideo> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await encode();
    } catch (error) {
      if (error instanceof Failure || isDiskFull(error) || signal.aborted) throw error;
      failed(error);
      if (attempt < encodeAttempts) continue;
      const isFinal = error instanceof MediaProcessError && !error.timedOut;
      throw new Failure('internal', 'video_not_packed', {}, { cause: error, isFinal });
    }
  }
}

/** S3's word for a key or a right that was taken away. What it turned away has changed nothing. */
function isForbidden(error: unknown): boolean {
  return forbidden.safeParse(error).success;
}

/** As the client has it: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const forbidden = z.object({ $metadata: z.object({ httpStatusCode: z.literal(403) }) });

/**
 * Stores what took minutes of GPU time to make, again and again while the store is away; for as long as it takes, where its disk or its memory is full or
 * it turns this worker away, as Redis and S3 do whose rights were changed: to make the video once more costs what it cost, and finds the same door.
 *
 * @param pauses milliseconds between tries, of which the last is kept to
 * @throws WorkerUnable when it is away for long; the signal's reason
 */
export async function storeWithRetry<T>(
  store: () => Promise<T>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
  pauses: readonly number[] = storePauses,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await store();
    } catch (error) {
      signal.throwIfAborted();
      failed(error);
      const keepsOn =
        isDiskFull(error) || isRefusedForNow(error) || isTurnedAway(error) || isForbidden(error);
      const pause = pauses[tries] ?? (keepsOn ? pauses.at(-1) : undefined);
      if (pause === undefined) throw new WorkerUnable('the store is away', { cause: error });
      await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
