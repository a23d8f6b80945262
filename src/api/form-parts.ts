import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

type Limits = NonNullable<Parameters<FastifyRequest['parts']>[0]>;

/**
 * The parts of a form, as they come. The parser passes over whatever has no readable `Content-Disposition: form-data` without a word, so
 * what it hands on is held against the delimiters that came. Has to be read from the turn in which this is called.
 *
 * @throws Problem `invalid_part` at the end, when a part was passed over
 */
export async function* everyPart(request: FastifyRequest, options: Limits): AsyncGenerator<Multipart> {
  const delimiters = countDelimiters(boundaryOf(request.headers['content-type'] ?? '') ?? '');
  request.raw.on('data', delimiters.push);
  try {
    let seen = 0;
    for await (const part of request.parts(options)) {
      seen += 1;
      yield part;
    }
    // The last one closes the form; a body that is empty has none.
    if (seen < delimiters.count() - 1) throw new Problem(400, 'invalid_part', { text: 'nameless_part' });
  } finally {
    request.raw.off('data', delimiters.push);
  }
}

/** What divides a form; undefined: none that holds to https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1, of 1 to 70 characters. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, bare] = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;]*))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare ?? '';
  return /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/.test(boundary) ? boundary : undefined;
}

/** Counts `CRLF--boundary` in bytes that come in pieces; the first one needs no line before it. */
function countDelimiters(boundary: string): {
  readonly push: (chunk: Buffer) => void;
  readonly count: () => number;
} {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  let held: Buffer = Buffer.from('\r\n');
  let count = 0;
  return {
    push: (chunk) => {
      const bytes = Buffer.concat([held, chunk]);
      let end = 0;
      for (let at = bytes.indexOf(delimiter); at !== -1; at = bytes.indexOf(delimiter, end)) {
        count += 1;
        end = at + delimiter.length;
      }
      held = bytes.subarray(Math.max(end, bytes.length - delimiter.length + 1));
    },
    count: () => count,
  };
}
