import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Generation } from '../queue/contract/generation.ts';
import { ArtifactMissing, nullIfMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { partOf, precondition } from './conditional.ts';
import type { Validators } from './conditional.ts';
import type { Lookup } from './lookup.ts';
import { Problem, problems } from './problem.ts';
import { idParameters, streamed } from './schemas.ts';
import type { ApiParts } from './server.ts';
import { Thumbnails } from './thumbnails.ts';

const security = [{ token: [] }];

/** The video of a generation and pictures of it. */
export function videoRoutes(
  plain: FastifyInstance,
  { store, scratchRoot }: Pick<ApiParts, 'store' | 'scratchRoot'>,
  { own }: Lookup,
): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const thumbnails = new Thumbnails(store, scratchRoot);

  app.get(
    '/v1/generations/:id/video',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getVideo',
        summary: 'The video, whole or in part',
        description:
          'Conditional requests and ranges as RFC 9110 has them. A request for several parts at once gets the whole.',
        tags: ['generations'],
        security,
        params: idParameters,
        headers: z.object({
          range: z.string().optional(),
          'if-range': z.string().optional(),
          'if-none-match': z.string().optional(),
          'if-modified-since': z.string().optional(),
        }),
        response: {
          200: { description: 'The whole file', content: { 'video/mp4': { schema: streamed } } },
          206: { description: 'The part that was asked for', content: { 'video/mp4': { schema: streamed } } },
          304: z.undefined().meta({ description: 'It is the one that the client has.' }),
          ...problems(400, 404, 410, 412, 416),
        },
      },
    },
    async (request, reply) => {
      const generation = await own(request.params.id, request);
      const result = videoOf(generation);
      reply.header('content-disposition', `inline; filename="humo-${generation.id}.mp4"`);
      reply.header('accept-ranges', 'bytes');
      return sendArtifact(request, reply, store, {
        key: result.video,
        type: 'video/mp4',
        etag: `"${generation.id}-${result.bytes}"`,
        modifiedAt: generation.finishedAt ?? generation.createdAt,
      });
    },
  );

  app.get(
    '/v1/generations/:id/thumbnail',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getThumbnail',
        summary: 'A small still of the video',
        description: 'A JPEG whose longer side has at most 320 pixels.',
        tags: ['generations'],
        security,
        params: idParameters,
        headers: z.object({ 'if-none-match': z.string().optional() }),
        response: {
          200: { description: 'A JPEG', content: { 'image/jpeg': { schema: streamed } } },
          304: z.undefined().meta({ description: 'It is the one that the client has.' }),
          ...problems(400, 404, 410, 412),
        },
      },
    },
    async (request, reply) => {
      const generation = await own(request.params.id, request);
      const result = videoOf(generation);
      const validators = { etag: `"${generation.id}-still"`, modifiedAt: generation.finishedAt ?? undefined };
      // A video that is no longer kept has no still either, whatever the client has.
      if ((await store.size(result.video)) === null) throw new Problem(410, 'video_gone');
      if (answered(request, reply, validators)) return reply.code(304).send();
      const still = await thumbnails.of(generation.id, result).catch(gone);
      return reply.type('image/jpeg').send(still);
    },
  );

  app.get(
    '/v1/generations/:id/preview',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getPreview',
        summary: 'The newest picture while it runs',
        tags: ['generations'],
        security,
        params: idParameters,
        response: {
          200: { description: 'A JPEG', content: { 'image/jpeg': { schema: streamed } } },
          ...problems(400, 404),
        },
      },
    },
    async (request, reply) => {
      const { progress } = await own(request.params.id, request);
      const key = progress?.preview ?? null;
      const data = key === null ? null : await store.get(key).catch(nullIfMissing);
      if (data === null) throw new Problem(404, 'no_preview');
      return reply.header('cache-control', 'no-store').type('image/jpeg').send(data);
    },
  );
}

function videoOf({ result, deletedAt }: Generation): NonNullable<Generation['result']> {
  if (result === null) throw new Problem(404, 'no_video');
  if (deletedAt !== null) throw new Problem(410, 'video_gone');
  return result;
}

/** Adds what a cache needs besides {@link tellCaches}. @returns whether the client has it already @throws Problem when its condition does not hold */
function answered(request: FastifyRequest, reply: FastifyReply, validators: Validators): boolean {
  reply.header('etag', validators.etag);
  if (validators.modifiedAt !== undefined) {
    reply.header('last-modified', new Date(validators.modifiedAt).toUTCString());
  }
  const outcome = precondition(request.method, request.headers, validators);
  if (outcome === 'failed') throw new Problem(412, 'precondition_failed');
  return outcome === 'not_modified';
}

/** Sends what the store has as it comes: never more of it is in memory than the connection takes. */
async function sendArtifact(
  request: FastifyRequest,
  reply: FastifyReply,
  store: Pick<ArtifactStore, 'size' | 'open'>,
  { key, type, ...validators }: Validators & { readonly key: string; readonly type: string },
): Promise<FastifyReply> {
  const size = await store.size(key);
  if (size === null) throw new Problem(410, 'video_gone');
  if (answered(request, reply, validators)) return reply.code(304).send();
  const part = partOf(request.method, request.headers, size, validators);
  if (part === 'beyond') {
    throw new Problem(416, 'range_beyond_end', { headers: { 'content-range': `bytes */${size}` } });
  }
  if (part !== 'whole') {
    reply.code(206).header('content-range', `bytes ${part.start}-${part.end}/${size}`);
  }
  reply.type(type).header('content-length', part === 'whole' ? size : part.end - part.start + 1);
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  const data = await store.open(key, part === 'whole' ? undefined : part).catch(gone);
  return reply.send(data);
}

function gone(error: unknown): never {
  throw error instanceof ArtifactMissing ? new Problem(410, 'video_gone') : error;
}
