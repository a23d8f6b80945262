import { defineConfig } from 'vitest/config';
import { quickStart } from './scripts/support/quick-start.mjs';

// The tests start the bot, workers and tools hundreds of times, as `npm start` does: a bot in 0.6 s of a core instead of 1.3.
Object.assign(process.env, quickStart(process.env));

/**
 * Five files at a time on any machine: much of what they do is waiting for processes, and with fewer two cores are idle at the end of a run. All projects
 * say the same, so that they run as one group, in the order of their names: the end-to-end tests, which take longest, begin, and what follows
 * fills up what they leave of the machine. Polling, too, is only ended where it hangs: a second, as vitest has it, is a verdict on the machine.
 */
const together = { maxWorkers: 5, expect: { poll: { timeout: 600_000 } } };

/**
 * Files that a process runs one after the other share what they import, which most of them take longer to load than to run: nothing of ours
 * keeps anything in a module that another test could see, and the tests put back what they change of their process.
 */
const sharing = { ...together, isolate: false };

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
          testTimeout: 300_000,
          ...sharing,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 600_000,
          ...sharing,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 600_000,
          ...together,
        },
      },
    ],
  },
});
