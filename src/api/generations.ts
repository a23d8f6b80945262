import { finished, Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { changing, reachable } from '../queue/reachable.ts';
import { removeArtifacts } from '../storage/delete-artifacts.ts';
import { precondition } from './conditional.ts';
import { eventStream, hasSeenTheEnd } from './events.ts';
import type { Feed } from './feed.ts';
import { identityFor } from './identity.ts';
import type { Lookup } from './lookup.ts';
import { Problem, problems } from './problem.ts';
import {
  cancelledSchema,
  generationViewSchema,
  idParameters,
  listQuery,
  pageSchema,
  streamed,
} from './schemas.ts';
import type { ApiParts } from './server.ts';
import { recordRetentionDays } from '../retention.ts';

/** Open event streams of one person. */
const streamsPerPerson = 20;

const security = [{ token: [] }];

/** What there is to see of generations under `/v1`, and to end. */
export function generationRoutes(
  plain: FastifyInstance,
  { queue, store, stopping }: Pick<ApiParts, 'queue' | 'store' | 'stopping'>,
  { own, show }: Lookup,
  feed: Feed,
): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const streams = new Map<string, number>();
  app.get(
    '/v1/generations',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listGenerations',
        summary: 'What was asked for, newest first',
        tags: ['generations'],
        security,
        querystring: listQuery,
        response: { 200: pageSchema, ...problems(400) },
      },
    },
    async (request) => {
      const { limit, before, status, user } = request.query;
      const identity = identityFor(request);
      if (user !== undefined && user !== identity.userId && !identity.has('admin')) {
        throw new Problem(403, 'forbidden', { values: { scope: 'admin' } });
      }
      const userId = user ?? (identity.has('admin') ? undefined : identity.userId);
      const found = await reachable(
        queue.list({
          limit: limit + 1,
          ...(userId === undefined ? {} : { userId }),
          ...(before === undefined ? {} : { before }),
          ...(status === undefined ? {} : { statuses: [status] }),
        }),
      );
      const page = found.slice(0, limit);
      return {
        items: await Promise.all(page.map((generation) => show(generation, request))),
        next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    '/v1/generations/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getGeneration',
        summary: 'How one of them stands',
        tags: ['generations'],
        security,
        params: idParameters,
        response: { 200: generationViewSchema, ...problems(400, 404) },
      },
    },
    async (request) => show(await own(request.params.id, request), request),
  );

  app.get(
    '/v1/generations/:id/events',
    {
      config: { scope: 'read' },
      // Asking for the headers alone of a stream without an end makes no sense.
      exposeHeadRoute: false,
      schema: {
        operationId: 'watchGeneration',
        summary: 'Tells every change until the end',
        description:
          'Server-sent events named `generation`, each with the whole generation as data. After a lost connection, send `Last-Event-ID`; 204 says that there is nothing more to come.',
        tags: ['generations'],
        security,
        params: idParameters,
        headers: z.object({ 'last-event-id': z.string().max(64).optional() }),
        response: {
          200: {
            description: 'Events',
            content: { 'text/event-stream': { schema: streamed } },
          },
          204: z.undefined().meta({ description: 'The client has seen the last event.' }),
          ...problems(400, 404),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const lastEventId = request.headers['last-event-id'];
      const { userId } = identityFor(request);
      const first = await show(await own(id, request), request);
      if (hasSeenTheEnd(first, lastEventId)) return reply.code(204).send();
      const open = streams.get(userId) ?? 0;
      if (open >= streamsPerPerson)
        throw new Problem(429, 'too_many_streams', { values: { count: streamsPerPerson } });
      streams.set(userId, open + 1);
      const gone = new AbortController();
      // Not the event `close`: whoever hung up while this was looked up is gone already, and it does not come twice.
      finished(reply.raw, () => {
        gone.abort();
        const left = (streams.get(userId) ?? 1) - 1;
        if (left === 0) streams.delete(userId);
        else streams.set(userId, left);
      });
      // Who closes their side hangs up, or will not wait: what there is to say now is said.
      const { socket } = request.raw;
      if (socket.readableEnded) gone.abort();
      else socket.once('end', () => gone.abort());
      const stream = eventStream({
        id,
        lastEventId,
        feed,
        signal: AbortSignal.any([gone.signal, stopping]),
        look: async () => {
          const generation = await queue.get(id);
          return generation === null ? null : show(generation, request);
        },
      });
      return (
        reply
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          // Otherwise it stays open when the stream has ended, and a server that stops waits for it.
          .header('connection', 'close')
          .type('text/event-stream')
          .send(Readable.from(stream))
      );
    },
  );

  app.post(
    '/v1/generations/:id/cancel',
    {
      config: { scope: 'cancel' },
      schema: {
        operationId: 'cancelGeneration',
        summary: 'Cancels what waits or runs',
        tags: ['generations'],
        security,
        params: idParameters,
        response: { 202: cancelledSchema, ...problems(400, 404, 409) },
      },
    },
    async (request, reply) => {
      const { id, userId } = await own(request.params.id, request);
      const identity = identityFor(request);
      const by = identity.userId === userId ? 'user' : 'moderator';
      const reason = { code: 'cancelled', identifier: `cancelled_by_${by}`, context: {} } as const;
      const outcome = await changing(queue.cancel(id, reason));
      request.log.info({ generationId: id, caller: identity.name, outcome }, 'cancel asked for');
      if (outcome === 'unknown')
        throw new Problem(404, 'not_found', { values: { days: recordRetentionDays } });
      if (outcome === 'finished') throw new Problem(409, 'already_finished');
      reply.code(202);
      return { outcome };
    },
  );

  app.delete(
    '/v1/generations/:id',
    {
      config: { scope: 'cancel' },
      schema: {
        operationId: 'deleteGeneration',
        summary: 'Deletes one that has ended: its record, its files and its video',
        tags: ['generations'],
        security,
        params: idParameters,
        response: {
          204: z.undefined().meta({ description: 'It is gone.' }),
          ...problems(400, 404, 409, 412),
        },
      },
    },
    async (request, reply) => {
      const generation = await own(request.params.id, request);
      const { id, status, reply: target } = generation;
      // Only `*` holds: the tags of what is read here are weak ones, which are never the very same (RFC 9110, 13.1.1).
      if (precondition(request.method, request.headers, { etag: 'W/""' }) === 'failed') {
        throw new Problem(412, 'precondition_failed');
      }
      if (status === 'queued' || status === 'running') throw new Problem(409, 'still_open');
      // Its message would stand there all the same, and its buttons would lead nowhere.
      if (target.kind !== 'api') throw new Problem(409, 'stands_in_discord');
      await changing(queue.markResult(id, 'deleted'));
      await removeArtifacts(store, id);
      await changing(queue.forget(generation));
      request.log.info({ generationId: id, caller: identityFor(request).name }, 'deleted');
      return reply.code(204).send();
    },
  );
}
