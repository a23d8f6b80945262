/**
 * Why a generation can fail. The code is part of the stored record and of the engine protocol; what a person reads is
 * looked up by `identifier` in `src/text`.
 */
export const failureCodes = [
  'invalid_input',
  'unsupported_media',
  'too_large',
  'content_blocked',
  'weights_missing',
  'out_of_memory',
  'engine_crashed',
  'engine_timeout',
  'cancelled',
  'undeliverable',
  'internal',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/** Values that a text about a failure may show: numbers, names of formats, limits. Never a prompt or a secret. */
export type FailureContext = Readonly<Record<string, string | number>>;

/**
 * An error whose reason a person can understand and act on.
 *
 * @property code       the class of the failure
 * @property identifier the text to show, a key of the message catalogue, for example `image_too_large`
 * @property context    values for the text
 * @property isFinal    whatever the code says, another try would cost more than it can bring
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly identifier: string;
  readonly context: FailureContext;
  readonly isFinal: boolean;

  constructor(
    code: FailureCode,
    identifier: string,
    context: FailureContext = {},
    options: ErrorOptions & { readonly isFinal?: boolean } = {},
  ) {
    super(`${code}: ${identifier}`, options);
    this.code = code;
    this.identifier = identifier;
    this.context = context;
    this.isFinal = options.isFinal ?? false;
  }
}

/**
 * Failures that may go away on another try or another machine. Everything else is deterministic: a GPU is never spent
 * twice on the same bad input.
 */
export function isRetryable({ code, isFinal }: Pick<Failure, 'code' | 'isFinal'>): boolean {
  if (isFinal) return false;
  return code === 'engine_crashed' || code === 'engine_timeout' || code === 'internal';
}
