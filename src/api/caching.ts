import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { precondition } from './conditional.ts';
import { personHeader } from './identity.ts';
import { languageFor } from './problem.ts';

/** What an answer depends on: whose it is, and in which language. */
export const vary = `authorization, ${personHeader}, accept-language`;

/**
 * What caches between here and a person have to know: answers are one person's, in one language, and are asked for again each time, since what was
 * deleted must not come out of somebody's cache; an answer
 * that the client has is not sent again.
 */
export function tellCaches(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!reply.hasHeader('cache-control'))
      reply.header('cache-control', isRead ? 'private, no-cache' : 'no-store');
    const isJson = String(reply.getHeader('content-type') ?? '').startsWith('application/json');
    if (!isJson || typeof payload !== 'string') return payload;
    if (!reply.hasHeader('content-language')) reply.header('content-language', languageFor(request));
    if (!isRead || reply.statusCode !== 200 || reply.getHeader('cache-control') === 'no-store')
      return payload;
    // A weak one: it says the same, and nobody asks for parts of it.
    const etag = `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`;
    reply.header('etag', etag);
    if (precondition(request.method, request.headers, { etag }) !== 'not_modified') return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return Readable.from([]);
  });
}
