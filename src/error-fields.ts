import { ExecaError } from 'execa';

/**
 * An error as fields of a log line. Only what never holds a secret: the errors of HTTP clients carry the request with them,
 * and with it tokens in addresses and what people wrote; those of a Redis client carry the command.
 */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = withoutQuotation(error);
  const code = 'code' in error ? error.code : undefined;
  const status = 'status' in error ? error.status : undefined;
  const cause = error.cause === undefined ? undefined : errorFields(error.cause);
  return { name, message, code, status, stack, cause };
}

/** What JSON.parse says quotes the text that it could not read; what execa says holds the command and all output. */
function withoutQuotation(error: Error): Pick<Error, 'name' | 'message' | 'stack'> {
  const { name, message, stack } = error;
  const said =
    error instanceof SyntaxError
      ? message.replace(/^Unexpected token [^]* is not valid JSON$/, 'Unexpected token in JSON')
      : error instanceof ExecaError
        ? `a program failed (${error.code ?? error.signal ?? `exit code ${error.exitCode ?? '?'}`})`
        : message;
  return {
    name,
    message: said,
    ...(stack === undefined ? {} : { stack: stack.replace(message, () => said) }),
  };
}
