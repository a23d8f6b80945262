import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mostImages } from '../intake/bounds.ts';
import type { ReceivedFile } from '../intake/intake.ts';
import { audioLimits } from '../media/audio.ts';
import { imageLimits } from '../media/image.ts';
import { Failure } from '../failure.ts';
import { brokenTexts, parseJson } from './json.ts';
import { fieldWordsFor, Problem } from './problem.ts';

/** The largest of the files; which of them may be how large is checked again where they are read. */
const mostFileBytes = Math.max(imageLimits.bytes, audioLimits.bytes);
const orderBytes = 64 * 1024;

/** Of a whole upload, with what the form itself takes. */
export const mostUploadBytes = mostImages * imageLimits.bytes + audioLimits.bytes + 2 * orderBytes;

export interface Upload<T> {
  readonly order: T;
  readonly images: readonly ReceivedFile[];
  readonly audio: ReceivedFile | null;
}

/**
 * Reads a form with the parts `request` (JSON), `image` (up to four) and `audio` (one). Files go to `folder` as they come, under
 * names of ours: nothing that the sender calls them is used.
 *
 * @throws Problem about the form, or Failure `file_too_large`
 */
export async function receiveUpload<T>(
  request: FastifyRequest,
  orderSchema: z.ZodType<T>,
  folder: string,
): Promise<Upload<T>> {
  if (!request.isMultipart()) throw new Problem(415, 'unsupported_content_type');
  const { order, images, audio } = await readForm(request, folder).catch((error: unknown) => {
    // What is still to come is passed over: left unread, it would block the connection for the sender's next request.
    request.raw.unpipe().resume();
    throw isAboutTheForm(error) ? new Problem(400, 'malformed_form') : error;
  });
  const parsed = orderSchema.safeParse(order ?? {}, { error: fieldWordsFor(request) });
  if (parsed.success) return { order: parsed.data, images, audio };
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: ['request', ...path].join('.'),
    message,
  }));
  throw new Problem(400, 'invalid_request', { issues });
}

async function readForm(request: FastifyRequest, folder: string): Promise<Upload<unknown>> {
  const images: ReceivedFile[] = [];
  let audio: ReceivedFile | null = null;
  let order: unknown;
  const parts = request.parts({
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
    if (part.fieldname === 'request') {
      if (order !== undefined) throw invalidPart('request');
      order = await readOrder(part);
      continue;
    }
    const isImage: boolean = part.fieldname === 'image' && images.length < mostImages;
    const isAudio: boolean = part.fieldname === 'audio' && audio === null;
    if (part.type !== 'file' || !(isImage || isAudio)) throw invalidPart(part.fieldname);
    const option: string = isAudio ? 'audio' : imageName(images.length);
    const path = join(folder, `received-${option}`);
    await pipeline(part.file, createWriteStream(path));
    if (part.file.truncated) {
      throw new Failure('too_large', 'file_too_large', { option, megabytes: mostFileBytes / 1024 / 1024 });
    }
    const received = { path, option, size: part.file.bytesRead };
    // A browser sends a file that nobody chose as an empty one without a name. One with a name is refused where it is read.
    if (received.size === 0 && (part.filename ?? '') === '') continue;
    if (isAudio) audio = received;
    else images.push(received);
  }
  return { order, images, audio };
}

/**
 * Reads a form with one file in it, the part `name`, to `path`.
 *
 * @throws Problem about the form, or Failure `file_too_large` or `file_empty`
 */
export async function receiveFile(
  request: FastifyRequest,
  { name, path, mostBytes }: { readonly name: string; readonly path: string; readonly mostBytes: number },
): Promise<void> {
  if (!request.isMultipart()) throw new Problem(415, 'unsupported_content_type');
  await readOneFile(request, name, path, mostBytes).catch((error: unknown) => {
    // As above: what is still to come is passed over.
    request.raw.unpipe().resume();
    throw isAboutTheForm(error) ? new Problem(400, 'malformed_form') : error;
  });
}

async function readOneFile(
  request: FastifyRequest,
  name: string,
  path: string,
  mostBytes: number,
): Promise<void> {
  let size: number | null = null;
  const parts = request.parts({ limits: { files: 2, fields: 1, parts: 2, fileSize: mostBytes } });
  for await (const part of parts) {
    if (part.type !== 'file' || part.fieldname !== name || size !== null) throw invalidPart(part.fieldname);
    await pipeline(part.file, createWriteStream(path));
    if (part.file.truncated) {
      throw new Failure('too_large', 'file_too_large', { option: name, megabytes: mostBytes / 1024 / 1024 });
    }
    size = part.file.bytesRead;
  }
  if (size === null) throw new Problem(400, 'missing_part', { values: { name } });
  if (size === 0) throw new Failure('invalid_input', 'file_empty', { option: name });
}

/** The part `request`, which may come as a field or as a file. @throws Problem when it is too long, or no JSON */
async function readOrder(part: Multipart): Promise<unknown> {
  if (part.type !== 'file') throw new TypeError('every part called request is read as a file');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of part.file) {
    size += chunk.length;
    if (size > orderBytes) throw new Problem(413, 'body_too_large');
    chunks.push(chunk);
  }
  const order = parseJson(Buffer.concat(chunks));
  if (order === undefined) throw invalidPart('request');
  const paths = brokenTexts(order, 'request');
  if (paths.length > 0) throw new Problem(400, 'broken_text', { paths });
  return order;
}

/** As in Discord: image, image2, image3, image4. */
function imageName(index: number): string {
  return index === 0 ? 'image' : `image${index + 1}`;
}

/** What the parser of forms throws about what was sent has nothing that would tell it from other errors but its words. */
function isAboutTheForm(error: unknown): boolean {
  return (
    error instanceof Error &&
    (/^Multipart: Boundary not found|^Unexpected end of multipart data|terminated early due to unexpected end/.test(
      error.message,
    ) ||
      ('code' in error && ['FST_PROTO_VIOLATION', 'FST_MP_PREMATURE_CLOSE'].includes(String(error.code))))
  );
}

/** @param name undefined: the part has none */
function invalidPart(name: string | undefined): Problem {
  return new Problem(400, 'invalid_part', { values: { name: (name ?? '').slice(0, 40) } });
}
