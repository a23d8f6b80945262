import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { Attempt } from '../../../src/queue/jobs/attempt.ts';
import { conclude } from '../../../src/queue/jobs/conclusion.ts';
import { WorkerUnable } from '../../../src/queue/jobs/worker-unable.ts';
import { resultWith } from '../../support/generation.ts';

const crash = new Failure('engine_crashed', 'engine_crashed');
const refusal = new Failure('invalid_input', 'prompt_empty');
const unable = new WorkerUnable('the store does not answer');
/** The first try, that nobody stopped, of a worker that was able to. */
const usual = { cause: null, attempts: 1, timesUnable: 0 } as const;

test('a result is the end, even one that came after a cancel', () => {
  const outcome = resultWith();
  expect(conclude({ ...usual, outcome })).toEqual({ kind: 'finish', outcome });
  expect(conclude({ ...usual, outcome, cause: 'cancelled' })).toEqual({ kind: 'finish', outcome });
});

test('a crash is tried once more; a refusal, a cancel and what is final are not', () => {
  expect(conclude({ ...usual, outcome: crash })).toEqual({ kind: 'retry', failure: crash });
  expect(conclude({ ...usual, outcome: crash, attempts: 2 })).toEqual({ kind: 'finish', outcome: crash });
  expect(conclude({ ...usual, outcome: crash, cause: 'cancelled' }).kind).toBe('finish');
  expect(conclude({ ...usual, outcome: refusal }).kind).toBe('finish');
  const spent = new Failure('engine_crashed', 'engine_crashed', {}, { isFinal: true });
  expect(conclude({ ...usual, outcome: spent }).kind).toBe('finish');
});

test('a worker that is unable costs no try, until it has been so too often for the same request', () => {
  const once = { ...usual, outcome: unable, timesUnable: 1 };
  expect(conclude(once)).toEqual({ kind: 'wait', reason: unable });
  expect(conclude({ ...once, attempts: 2 }).kind).toBe('wait');
  const often = { ...once, timesUnable: 3 };
  expect(conclude(often)).toMatchObject({ kind: 'retry', failure: { code: 'internal', cause: unable } });
  expect(conclude({ ...often, attempts: 2 }).kind).toBe('finish');
  expect(conclude({ ...once, cause: 'cancelled' }).kind).toBe('finish');
});

test('whatever came of it, a job whose lock was lost is left to the worker that has it now', () => {
  for (const outcome of [resultWith(), crash, unable])
    expect(conclude({ ...usual, outcome, cause: 'lock lost' })).toEqual({ kind: 'leave' });
});

test('only the first reason to stop counts, and it is what the work is told', async () => {
  const attempt = new Attempt('01J');
  const closing = attempt.closing();
  attempt.abort('closing');
  attempt.abort('cancelled');
  expect(await closing).toBe('closing');
  expect(attempt.cause).toBe('closing');
  expect(attempt.signal.reason).toMatchObject({ code: 'internal', identifier: 'closing' });
});

test('work that has ended is not stopped any more, whatever becomes of its lock', () => {
  const attempt = new Attempt('01J');
  attempt.end();
  attempt.abort('lock lost');
  expect(attempt.cause).toBeNull();
  expect(attempt.signal.aborted).toBe(false);
});
