import type { TextKey, TextValues } from './text/texts.ts';

/**
 * Why a request is not taken on, thrown before anything was accepted and shown to the person alone where that is possible.
 * Unlike a `Failure` it never becomes part of a record.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly key: TextKey;
  readonly values: TextValues;

  constructor(key: TextKey, values: TextValues = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}
