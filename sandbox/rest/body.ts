import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { refuse } from '../errors.ts';
import type { JsonObject } from '../model.ts';
import { isObject } from '../json.ts';

export interface UploadedFile {
  /** name of the form field, `files[0]` */
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface RequestBody {
  /** the JSON body or the `payload_json` part; undefined when there was none */
  readonly json: unknown;
  readonly files: readonly UploadedFile[];
}

/** No upload that Discord accepts is larger (Nitro); what is, need not be kept in memory. */
const largestUpload = 512 * 1024 * 1024;

/** Reads a JSON or multipart body. @throws DiscordError 413 or 50109 */
export async function readBody(request: IncomingMessage): Promise<RequestBody> {
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.startsWith('multipart/form-data')) return await readMultipart(request);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestUpload) throw refuse.tooLarge();
    chunks.push(chunk);
  }
  if (size === 0) return { json: undefined, files: [] };
  return { json: parseJson(Buffer.concat(chunks).toString()), files: [] };
}

async function readMultipart(request: IncomingMessage): Promise<RequestBody> {
  const files: UploadedFile[] = [];
  const fields: JsonObject = {};
  let payload: unknown;
  let tooLarge = false;
  const parser = busboy({
    headers: request.headers,
    defParamCharset: 'utf8',
    limits: { fileSize: largestUpload, fieldSize: 10 * 1024 * 1024 },
  });
  parser.on('file', (field, stream, info) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('limit', () => (tooLarge = true));
    stream.on('end', () => {
      files.push({
        field,
        filename: info.filename ?? 'unknown',
        contentType: info.mimeType,
        bytes: Buffer.concat(chunks),
      });
    });
  });
  parser.on('field', (name, value) => {
    if (name === 'payload_json') payload = value;
    else fields[name] = value;
  });
  await new Promise<void>((resolve, reject) => {
    parser.once('close', resolve);
    parser.once('error', reject);
    // A sender that dies in the middle of an upload ends the stream without the parser noticing.
    request.once('error', reject);
    request.once('aborted', () => reject(new Error('the sender hung up')));
    request.pipe(parser);
  });
  if (tooLarge) throw refuse.tooLarge();
  const json = typeof payload === 'string' ? parseJson(payload) : undefined;
  return { json: json ?? (Object.keys(fields).length > 0 ? fields : undefined), files };
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw refuse.invalidJson();
  }
}

/** The body as an object; an empty one when there was none. @throws DiscordError 50109 for anything else */
export function objectBody(body: RequestBody): JsonObject {
  if (body.json === undefined) return {};
  if (!isObject(body.json)) throw refuse.invalidJson();
  return body.json;
}
