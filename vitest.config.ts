import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// The tests start the bot, workers and tools hundreds of times; what Node compiles for one it keeps for the next: a start of
// the bot takes 2.1 s of a processor instead of 2.9. Beside the modules that it is made from, so that it goes with them.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node');

/**
 * Two files at a time: many start servers and encoders of their own, on two cores. Those that a process runs one after the other share what
 * they import, which most of them take longer to load than to run: nothing of ours keeps anything in a module that another test could see,
 * and the tests put back what they change of their process. Both projects say the same, since they run as one group.
 */
const together = { maxWorkers: 2, isolate: false };

export default defineConfig({
  test: {
    // A difference of two long values is cut: what it buries is the name of the test that failed.
    diff: { truncateThreshold: 60 },
    projects: [
      // What a test waits for is an event: these limits only end what hangs, on the busiest machine.
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          testTimeout: 60_000,
          ...together,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          ...together,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 240_000,
          // One at a time: every file runs a whole system with the real engine.
          fileParallelism: false,
        },
      },
    ],
  },
});
