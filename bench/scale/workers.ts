/**
 * Some of the simulation's workers, in a process of their own: the real consumer, and an engine that only takes its time. Says on the
 * channel to its parent what it begins.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { contractVersion } from '../../src/queue/contract/generation.ts';
import { createWorkQueue } from '../../src/queue/jobs/create-work-queue.ts';
import { silent, testConfig } from '../../tests/support/queue-fixtures.ts';

export interface WorkersOptions {
  readonly redisUrl: string;
  readonly folder: string;
  readonly first: number;
  readonly count: number;
  /** simulated seconds in a real one */
  readonly factor: number;
}

const options: WorkersOptions = JSON.parse(process.argv[2] ?? '{}');
const queue = createWorkQueue(testConfig(options.redisUrl, options.folder), silent);
await Promise.all(
  Array.from({ length: options.count }, async (_, index) =>
    queue.consume({
      models: ['17b', '1_7b'],
      workerId: `w${options.first + index}`,
      async work(generation, { signal, report }) {
        const { request, id, costSeconds } = generation;
        process.send?.({ begun: id });
        const step = (costSeconds * 1000) / options.factor / 4;
        // Four reports: real engines tell more, and the queue passes on one a second at most.
        for (let part = 1; part <= 4; part += 1) {
          await pause(step, undefined, { signal });
          report({ stage: 'denoise', step: part, steps: 4, etaSeconds: null, preview: null });
        }
        return {
          version: contractVersion,
          video: `videos/${id}.mp4`,
          bytes: 3_000_000,
          width: request.width,
          height: request.height,
          seconds: 3.88,
          downscaled: false,
          weights: 'random' as const,
          seed: request.seed,
          engineSeconds: costSeconds,
          encodeSeconds: 2,
          peakGiB: null,
          warnings: [],
        };
      },
    }),
  ),
);
process.send?.({ ready: true });
process.once('disconnect', () => process.exit(0));
process.on('message', () => {
  void (async () => {
    await queue.close();
    process.exit(0);
  })();
});
