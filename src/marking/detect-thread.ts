/** A thread that looks for a watermark: seconds of arithmetic that would hold up a bot's answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { detect, seenIn } from './detect.ts';

const taskSchema = z.object({
  luma: z.instanceof(Uint8Array),
  keys: z.instanceof(Uint8Array),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  own: z.object({ deployment: z.bigint(), generations: z.array(z.bigint()) }).nullable(),
});

const { own, ...seen } = taskSchema.parse(workerData);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node's, not a window
parentPort?.postMessage(detect(seenIn(seen), own));
