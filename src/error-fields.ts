/**
 * An error as fields of a log line. Only what never holds a secret: the errors of HTTP clients carry the request with them,
 * and with it tokens in addresses and what people wrote.
 */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  const status = 'status' in error ? error.status : undefined;
  const cause = error.cause === undefined ? undefined : errorFields(error.cause);
  return { name, message, code, status, stack, cause };
}
