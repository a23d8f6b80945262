import { Failure } from '../../failure.ts';
import type { StoredFailure } from './generation.ts';

/** Anything thrown, as it stands in a record. What is no `Failure` is `internal`: its message is for the log, not for people. */
export function storedFailure(error: unknown): StoredFailure {
  if (!(error instanceof Failure)) return { code: 'internal', identifier: 'internal', context: {} };
  return { code: error.code, identifier: error.identifier, context: { ...error.context } };
}
