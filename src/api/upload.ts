import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { mostImages, orderBytes } from '../intake/bounds.ts';
import type { ReceivedFile } from '../intake/intake.ts';
import { audioLimits } from '../media/audio.ts';
import { imageLimits } from '../media/image.ts';
import { Failure } from '../failure.ts';
import { namingFullDisk } from '../full-disk.ts';
import { mebibyte } from '../units.ts';
import { goOn, watchBody } from './body.ts';
import type { Pace } from './body.ts';
import { boundaryOf, everyPart } from './form-parts.ts';
import { brokenTexts } from '../text/broken-texts.ts';
import { parseJson } from './json.ts';
import { fieldWordsFor, Problem } from './problem.ts';
import type { ProblemOptions } from './problem.ts';

/** The largest of the files; which of them may be how large is checked again where they are read. */
const mostFileBytes = Math.max(imageLimits.bytes, audioLimits.bytes);

/** Of what the form itself takes. */
const formBytes = 64 * 1024;

/** Of a whole order. */
export const mostUploadBytes = mostImages * imageLimits.bytes + audioLimits.bytes + orderBytes + formBytes;

export interface Upload {
  /** what the part `request` says; undefined without */
  readonly order: unknown;
  readonly images: readonly ReceivedFile[];
  readonly audio: ReceivedFile | null;
  /** SHA-256 of the files, in hex */
  readonly contents: { readonly images: readonly string[]; readonly audio: string | null };
}

/** How much of a form is read, and how slowly it may come. */
export interface FormRules {
  /** bytes of the whole */
  readonly limit: number;
  readonly pace: Pace;
}

/**
 * Reads a form with the parts `request` (JSON), `image` (up to four) and `audio` (one). Files go to `folder` as they come, under names of
 * ours: nothing that the sender calls them is used.
 *
 * @throws Problem about the form, or Failure `file_too_large`
 */
export function receiveForm(
  request: FastifyRequest,
  reply: FastifyReply,
  { folder, ...rules }: FormRules & { readonly folder: string },
): Promise<Upload> {
  return received(request, reply, rules, (signal) => readForm(request, folder, signal));
}

/**
 * Reads a form with one file in it, the part `name`, to `path`.
 *
 * @throws Problem about the form, or Failure `file_too_large` or `file_empty`
 */
export function receiveFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: { readonly name: string; readonly path: string; readonly mostBytes: number },
  pace: Pace,
): Promise<ReceivedFile> {
  const rules = { limit: file.mostBytes + formBytes, pace };
  return received(request, reply, rules, (signal) => readOneFile(request, file, signal));
}

/** Reads a form with `read`, until it is too long, too slow, or none. */
async function received<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  rules: FormRules,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!request.isMultipart()) throw new Problem(415, 'unsupported_content_type');
  if (boundaryOf(request.headers['content-type'] ?? '') === undefined)
    throw new Problem(400, 'malformed_form');
  using body = watchBody(request, rules);
  goOn(request.raw, reply.raw);
  const { signal } = body;
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  const reading = read(signal);
  try {
    return await Promise.race([reading, stopped]);
  } catch (error) {
    // Nobody waits for it any more; it ends with the connection.
    reading.catch(() => undefined);
    throw isAboutTheForm(error) ? new Problem(400, 'malformed_form') : error;
  } finally {
    stopped.catch(() => undefined);
  }
}

/** The part `request` as an order. @throws Problem that names the fields which do not fit */
export function readOrder<T>(request: FastifyRequest, order: unknown, schema: z.ZodType<T>): T {
  const paths = brokenTexts(order, 'request');
  if (paths.length > 0) throw new Problem(400, 'broken_text', { paths });
  const parsed = schema.safeParse(order ?? {}, { error: fieldWordsFor(request) });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: ['request', ...path].join('.'),
    message,
  }));
  throw new Problem(400, 'invalid_request', { issues });
}

async function readForm(request: FastifyRequest, folder: string, signal: AbortSignal): Promise<Upload> {
  const images: ReceivedFile[] = [];
  const contents: { images: string[]; audio: string | null } = { images: [], audio: null };
  let audio: ReceivedFile | null = null;
  let order: unknown;
  const parts = everyPart(request, {
    // As bytes: a field would be decoded already, and what is no UTF-8 in it replaced without a word.
    isPartAFile: (name, _type, fileName) => name === 'request' || fileName !== undefined,
    limits: {
      files: mostImages + 2,
      fields: 8,
      parts: mostImages + 8,
      fileSize: mostFileBytes,
      fieldSize: orderBytes,
    },
  });
  for await (const part of parts) {
    if (part.type !== 'file') throw invalidPart(part.fieldname);
    if (part.fieldname === 'request' && order === undefined) {
      const bytes = await readRequest(part, signal);
      order = parseJson(bytes);
      if (order === undefined) throw invalidPart('request');
      continue;
    }
    const option = optionOf(part, images.length, audio !== null);
    const path = join(folder, `received-${option}`);
    const hash = createHash('sha256');
    const file = { path, option, size: await writeFile(part, path, signal, hash) };
    // Of a picture there may be less than of the largest file: who is told of that limit would be refused once more.
    const most = option === 'audio' ? audioLimits.bytes : imageLimits.bytes;
    if (part.file.truncated || file.size > most) {
      throw new Failure('too_large', 'file_too_large', { option, megabytes: most / mebibyte });
    }
    // A browser sends a file that nobody chose as an empty one without a name. One with a name is refused where it is read.
    if (file.size === 0 && (part.filename ?? '') === '') continue;
    const digest = hash.digest('hex');
    if (option === 'audio') [audio, contents.audio] = [file, digest];
    else {
      images.push(file);
      contents.images.push(digest);
    }
  }
  return { order, images, audio, contents };
}

async function readOneFile(
  request: FastifyRequest,
  { name: option, path, mostBytes }: Parameters<typeof receiveFile>[2],
  signal: AbortSignal,
): Promise<ReceivedFile> {
  let file: ReceivedFile | null = null;
  const parts = everyPart(request, { limits: { files: 2, fields: 1, parts: 2, fileSize: mostBytes } });
  for await (const part of parts) {
    if (part.type !== 'file' || part.fieldname !== option || file !== null) {
      throw invalidPart(part.fieldname, { text: 'one_file', values: { name: option } });
    }
    file = { path, option, size: await writeFile(part, path, signal) };
    if (part.file.truncated) {
      throw new Failure('too_large', 'file_too_large', { option, megabytes: mostBytes / 1024 / 1024 });
    }
  }
  if (file === null) throw new Problem(400, 'missing_part', { values: { name: option } });
  if (file.size === 0) throw new Failure('invalid_input', 'file_empty', { option });
  return file;
}

/** @returns bytes */
async function writeFile(
  { file }: MultipartFile,
  path: string,
  signal: AbortSignal,
  hash?: Hash,
): Promise<number> {
  let size = 0;
  const count = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash?.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  await namingFullDisk(dirname(path), () => pipeline(file, count, createWriteStream(path), { signal }));
  return size;
}

/** The name of the option that a file is: as in Discord image, image2, image3, image4, or audio. @throws Problem for what is none */
function optionOf({ fieldname: name }: Multipart, images: number, hasAudio: boolean): string {
  if (name === 'audio' && !hasAudio) return 'audio';
  if (name !== 'image' || images >= mostImages) throw invalidPart(name);
  return images === 0 ? 'image' : `image${images + 1}`;
}

async function readRequest({ file }: MultipartFile, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of file) {
    signal.throwIfAborted();
    size += chunk.length;
    if (size > orderBytes) throw new Problem(413, 'body_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What the parser of forms throws about what was sent has nothing that would tell it from other errors but its words. */
function isAboutTheForm(error: unknown): boolean {
  return (
    error instanceof Error &&
    (/^Multipart: Boundary not found|^Unexpected end of multipart data|terminated early due to unexpected end|^Malformed part header/.test(
      error.message,
    ) ||
      ('code' in error && ['FST_PROTO_VIOLATION', 'FST_MP_PREMATURE_CLOSE'].includes(String(error.code))))
  );
}

/** @param name undefined: the part has none */
function invalidPart(name: string | undefined, { values, ...more }: ProblemOptions = {}): Problem {
  if (name === undefined) return new Problem(400, 'invalid_part', { text: 'nameless_part' });
  const part = name.slice(0, 40).toWellFormed();
  return new Problem(400, 'invalid_part', { ...more, values: { part, ...values } });
}
