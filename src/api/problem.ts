import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ulid } from 'ulid';
import { z } from 'zod';
import { ownCommand } from '../config/runtime-environment.ts';
import { errorFields } from '../error-fields.ts';
import { Failure } from '../failure.ts';
import type { FailureCode } from '../failure.ts';
import { Refusal } from '../refusal.ts';
import { catalogues, failureText, isTextKey, languageOf, textsFor } from '../text/texts.ts';
import type { TextKey, Texts, TextValues } from '../text/texts.ts';
import { withoutMarkup } from './plain-text.ts';

/** RFC 9457. `type` is about:blank, so `title` is the status' own; programs go by `code`, people by `detail`. */
const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z
      .string()
      .meta({ description: 'What is wrong and what to do, in the language of Accept-Language.' }),
    code: z.string().meta({ description: 'The same for the same reason, in every language.' }),
    option: z.string().optional().meta({ description: 'The file that it is about.' }),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What does not fit in the request, field by field.' }),
    reference: z.string().optional().meta({ description: 'Stands in the server’s log beside the cause.' }),
  })
  .meta({ id: 'Problem' });
export type ProblemBody = z.infer<typeof problemSchema>;

/** The answers that any route may give instead. */
export const problems = (...statuses: number[]) =>
  Object.fromEntries(
    [401, 403, 429, 503, 500, ...statuses].map((status) => [
      status,
      { description: 'A problem', content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  );

type ApiTextCode = Extract<TextKey, `api.${string}`> extends `api.${infer Code}` ? Code : never;

export interface ProblemOptions {
  /** the catalogue's text, where the same code has several: `api.<text>` */
  readonly text?: ApiTextCode;
  readonly values?: TextValues;
  readonly issues?: ProblemBody['issues'];
  /** of the fields that it is about, where the problem's own words are all there is to say of each */
  readonly paths?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Why a request is not answered with what it asks for. Its text is the catalogue's `api.<code>`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: ApiTextCode;
  readonly options: ProblemOptions;

  constructor(status: number, code: ApiTextCode, options: ProblemOptions = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.options = options;
  }
}

/** HTTP's word for why a generation's files or options are not taken. */
const statusOfFailure: Readonly<Partial<Record<FailureCode, number>>> = {
  invalid_input: 422,
  unsupported_media: 422,
  too_large: 413,
  content_blocked: 422,
};

const statusOfRefusal: Readonly<Record<string, number>> = {
  'refused.too_many_waiting': 429,
  'refused.stopping': 503,
  'refused.banned': 403,
  'refused.banned_everywhere': 403,
  'refused.erased': 409,
  'refused.draining': 503,
  'refused.draining_because': 503,
  'refused.cooldown': 429,
  'refused.queue_full': 429,
  'refused.gpu_seconds': 429,
  'refused.gpu_everywhere': 429,
  'refused.waiting_everywhere': 429,
  'refused.budget': 429,
  'refused.server_unlisted': 403,
  'refused.person_unlisted': 403,
  'again.deleted': 410,
  'again.expired': 410,
  'again.sound_gone': 410,
  'again.reported': 409,
};

/** The language that the caller reads: the first of Accept-Language that the catalogue has. */
export function languageFor(request: FastifyRequest): string {
  // A request whose address is none never gets as far as the plugin that reads this header.
  const accepted = 'language' in request ? request.language(Object.keys(catalogues)) : '';
  return accepted || languageOf('');
}

const { de, en, es, fr, ja } = z.locales;
const wordsOf: Readonly<Record<string, () => { readonly localeError: z.core.$ZodErrorMap }>> = {
  ...{ de, en, es, fr, ja },
};

/** What a field's value lacks, in the language that the caller reads; for zod's option `error`. */
export function fieldWordsFor(request: FastifyRequest): z.core.$ZodErrorMap {
  return (wordsOf[languageFor(request)] ?? en)().localeError;
}

/** Every error of every route ends here. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const texts = textsFor(languageFor(request));
  const reference = ulid().slice(-8);
  const { headers = {}, ...body } = explain(error, texts, reference, request);
  if (hasHungUp(request)) {
    request.log.debug({ status: body.status }, 'whoever asked has hung up');
  } else if (body.status >= 500 && body.reference !== undefined) {
    request.log.error({ reference, error: errorFields(error) }, 'a request failed');
  }
  return reply
    .code(body.status)
    .headers(headers)
    .header('content-language', texts.language)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(body);
}

/** The same for an answer that somebody else's code has made, by its status alone. @returns JSON */
export function problemOfStatus(status: number, request: FastifyRequest): string {
  const reference = ulid().slice(-8);
  const error = Object.assign(new Error(`status ${status}`), { statusCode: status });
  const { headers: _, ...body } = explain(error, textsFor(languageFor(request)), reference, request);
  return JSON.stringify(body);
}

/** Nobody is there any more to be answered, which is their right and no fault of ours. */
function hasHungUp({ raw }: FastifyRequest): boolean {
  return raw.socket.destroyed || (raw.destroyed && !raw.complete);
}

/**
 * What is no HTTP, or too long or too slow to be any, never becomes a request: it is answered as a problem all the same, in English, since
 * nobody knows who is there.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.destroyed || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code] = clientErrors[error.code ?? ''] ?? ([400, 'malformed_request'] as const);
  const title = STATUS_CODES[status] ?? 'Error';
  const detail = textsFor('en').say(`api.${code}`);
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code });
  const headers = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Content-Language: en',
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const clientErrors: Readonly<Record<string, readonly [number, 'headers_too_large' | 'too_slow']>> = {
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'too_slow'],
};

/** Failures that are over when Redis or the store is back, or a disk has room; when that is nobody knows, so what is answered is how often to ask: seconds. */
const passing: ReadonlySet<string> = new Set([
  'queue_unreachable',
  'queue_full',
  'queue_uncertain',
  'change_uncertain',
  'store_unreachable',
  'disk_full',
]);
const awayFor = 30;

type Explained = ProblemBody & { readonly headers?: Readonly<Record<string, string>> | undefined };

function explain(error: unknown, texts: Texts, reference: string, request: FastifyRequest): Explained {
  const problem = (
    status: number,
    code: string,
    detail: string,
    more: Partial<Explained> = {},
  ): Explained => ({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    ...more,
  });
  const api = (
    status: number,
    code: ApiTextCode,
    { text = code, values, headers, paths, ...given }: ProblemOptions = {},
  ) => {
    // `{command}` is of the words about a token.
    const detail = texts.say(`api.${text}`, { command: ownCommand('apiToken', 'create'), ...values });
    const issues = given.issues ?? paths?.map((path) => ({ path, message: detail }));
    return problem(status, code, detail, { ...(issues === undefined ? {} : { issues }), headers });
  };

  if (error instanceof Problem) return api(error.status, error.code, error.options);
  if (error instanceof Refusal) {
    const ours = `api.${error.key}`;
    const key = isTextKey(ours) ? ours : error.key;
    const status = statusOfRefusal[error.key] ?? 422;
    const { clears } = error.values;
    const seconds = typeof clears === 'number' && clears > 0 ? clears - Math.floor(Date.now() / 1000) : 0;
    return problem(
      status,
      error.key.replace(/^refused\./, '').replaceAll('.', '_'),
      withoutMarkup(texts.say(key, error.values), texts),
      {
        ...(seconds > 0 ? { headers: { 'retry-after': String(seconds) } } : {}),
      },
    );
  }
  if (error instanceof Failure) {
    const unreachable = passing.has(error.identifier);
    const status = unreachable ? 503 : (statusOfFailure[error.code] ?? 500);
    const { option } = error.context;
    return problem(status, error.identifier, withoutMarkup(failureText(texts, error, reference), texts), {
      ...(typeof option === 'string' ? { option } : {}),
      ...(status === 500 || unreachable ? { reference } : {}),
      ...(unreachable ? { headers: { 'retry-after': String(awayFor) } } : {}),
    });
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    return api(400, 'invalid_request', { issues: issuesOf(error, request) });
  }
  const status = statusOf(error);
  // The upload library's own: 406 would be about what we answer, and this is about what was sent.
  if (status === 415 || status === 406) return api(415, 'unsupported_content_type');
  if (status === 413) return api(413, 'body_too_large');
  if (status === 429) return api(429, 'too_many_requests');
  if (status === 401) return api(401, 'unauthorised');
  if (status === 404) return api(404, 'no_such_address');
  if (status === 405) return api(405, 'method_not_allowed', { values: { allow: 'GET, HEAD' } });
  if (status >= 400 && status < 500) return api(400, 'malformed_request');
  return problem(500, 'internal', texts.say('failure.internal', { reference }), { reference });
}

/** The server has checked in English; the same schema says it in the caller's language. */
function issuesOf(
  { validation, validationContext: context }: FastifyError & { validation: unknown },
  request: FastifyRequest,
): NonNullable<ProblemBody['issues']> {
  if (context !== 'querystring' && context !== 'params' && context !== 'headers' && context !== 'body')
    return [];
  const schema = request.routeOptions.schema?.[context];
  const { query: querystring, params, headers, body } = request;
  if (!(schema instanceof z.ZodType))
    throw new TypeError('a schema that is none of zod', { cause: validation });
  const parsed = schema.safeParse({ querystring, params, headers, body }[context], {
    error: fieldWordsFor(request),
  });
  return (parsed.error?.issues ?? []).map(({ path, message }) => ({ path: path.join('.'), message }));
}

function statusOf(error: unknown): number {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;
}
