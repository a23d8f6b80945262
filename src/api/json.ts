import type { FastifyInstance, FastifyRequest } from 'fastify';
import { brokenTexts } from '../text/broken-texts.ts';
import { Problem } from './problem.ts';

/**
 * JSON from outside, as RFC 8259 wants it between programs that do not know each other: UTF-8 and nothing else (8.1), and texts without
 * halves of characters (8.2), which no other program could read again.
 */

/** @returns undefined for bytes that are no such JSON, which is a value that no JSON has */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Bodies are JSON, or forms. One that is empty is none. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => {
      if (body.length === 0) return undefined;
      const value = parseJson(body);
      if (value === undefined) throw new Problem(400, 'malformed_json');
      const broken = brokenTexts(value);
      if (broken.length > 0) throw new Problem(400, 'broken_text', { paths: broken });
      return value;
    },
  );
}
