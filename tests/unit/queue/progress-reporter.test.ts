import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GenerationProgress } from '../../../src/queue/contract/generation.ts';
import { createProgressReporter } from '../../../src/queue/jobs/progress-reporter.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function progress(step: number, stage: GenerationProgress['stage'] = 'denoise'): GenerationProgress {
  return { stage, step, steps: 50, etaSeconds: null, preview: null };
}

function open() {
  const sent: string[] = [];
  const reporter = createProgressReporter(async ({ stage, step }) => {
    sent.push(`${stage} ${step}`);
  }, 1000);
  return { sent, reporter };
}

test('at most one in a second, and always the newest', () => {
  const { sent, reporter } = open();
  for (const step of [1, 2, 3]) reporter.report(progress(step));
  expect(sent).toEqual(['denoise 1']);
  vi.advanceTimersByTime(1000);
  expect(sent).toEqual(['denoise 1', 'denoise 3']);
  vi.advanceTimersByTime(5000);
  expect(sent).toHaveLength(2);
  reporter.report(progress(4));
  expect(sent).toEqual(['denoise 1', 'denoise 3', 'denoise 4']);
});

test('a change of stage does not wait', () => {
  const { sent, reporter } = open();
  reporter.report(progress(50));
  reporter.report(progress(0, 'decode'));
  expect(sent).toEqual(['denoise 50', 'decode 0']);
});

test('nothing is sent after the end, and a failing report harms nobody', async () => {
  const { sent, reporter } = open();
  reporter.report(progress(1));
  reporter.report(progress(2));
  reporter.close();
  vi.advanceTimersByTime(5000);
  expect(sent).toEqual(['denoise 1']);
  const failing = createProgressReporter(() => Promise.reject(new Error('no Redis')), 1000);
  failing.report(progress(1));
  await vi.advanceTimersByTimeAsync(2000);
  failing.close();
});
