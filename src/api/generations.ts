import { randomInt } from 'node:crypto';
import { finished, Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import parseRange from 'range-parser';
import { ulid } from 'ulid';
import { z } from 'zod';
import { admit, refuseOverLimit } from '../intake/admission.ts';
import { chosenSeeds } from '../intake/bounds.ts';
import { fetchedVideoBytes } from '../intake/limit.ts';
import { chooseMode } from '../intake/mode.ts';
import { reachable, takeOn } from '../intake/take-on.ts';
import { openScratch } from '../media/scratch.ts';
import { apiReply } from '../queue/contract.ts';
import type { Generation } from '../queue/contract.ts';
import { Refusal } from '../refusal.ts';
import { ArtifactMissing } from '../storage/store.ts';
import { textsFor } from '../text/texts.ts';
import { eventStream, hasSeenTheEnd } from './events.ts';
import type { Feed } from './feed.ts';
import { identityFor } from './identity.ts';
import { languageFor, Problem, problemSchema } from './problem.ts';
import {
  acceptedSchema,
  cancelledSchema,
  createOrderSchema,
  generationViewSchema,
  idParameters,
  listQuery,
  pageSchema,
} from './schemas.ts';
import type { GenerationView } from './schemas.ts';
import type { ApiParts } from './server.ts';
import { mostUploadBytes, receiveUpload } from './upload.ts';
import { adviceView, viewOf } from './view.ts';

/** Uploads on disk at a time: bounds the space, five files of at most 25 MiB each. */
const uploadsAtOnce = 16;

/** New generations of one token in a minute; more would only meet the limit of waiting ones. */
const ordersPerMinute = 60;

/** Open event streams of one person. */
const streamsPerPerson = 20;

/** The answers that any route may give instead. */
export const problems = (...statuses: number[]) =>
  Object.fromEntries(
    [401, 403, 429, 503, 500, ...statuses].map((status) => [
      status,
      { description: 'A problem', content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  );

/** What is sent as it is, and not made of an object. */
const streamed = z.any().meta({ type: 'string' });

const security = [{ token: [] }];

/** Everything about generations under `/v1`. */
export function generationRoutes(plain: FastifyInstance, parts: ApiParts, feed: Feed): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const { config, queue, moderation, store, stopping } = parts;
  const settings = config.generate;
  const orderSchema = createOrderSchema(settings);
  const streams = new Map<string, number>();
  let uploads = 0;

  /** @throws Problem `not_found`, also for what belongs to somebody else: whether it exists is nobody's business */
  const own = async (id: string, request: FastifyRequest): Promise<Generation> => {
    const identity = identityFor(request);
    const generation = await reachable(queue.get(id));
    if (generation === null || !(identity.has('admin') || generation.userId === identity.userId)) {
      throw new Problem(404, 'not_found');
    }
    return generation;
  };
  const show = async (generation: Generation, request: FastifyRequest): Promise<GenerationView> => {
    const { id, status, userId, guildId } = generation;
    const isOpen = status === 'queued' || status === 'running';
    const [position, notices] = await Promise.all([
      status === 'queued' ? reachable(queue.position(id)) : null,
      isOpen ? reachable(moderation.admission({ userId, guildId, roleIds: [] })) : null,
    ]);
    return viewOf(generation, position, notices, textsFor(languageFor(request)), settings.fps);
  };

  app.post(
    '/v1/generations',
    {
      config: {
        scope: 'generate',
        rateLimit: { max: Math.min(ordersPerMinute, config.api.requestsPerMinute) },
      },
      bodyLimit: mostUploadBytes,
      schema: {
        operationId: 'createGeneration',
        summary: 'Asks for a video',
        description:
          'The same queue, limits and checks as `/humo` in Discord. Files are checked before this answers; the video is made later.',
        tags: ['generations'],
        security,
        consumes: ['multipart/form-data'],
        response: { 201: acceptedSchema, ...problems(400, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const identity = identityFor(request);
      const { userId } = identity;
      const person = { userId, guildId: null, roleIds: [] };
      if (stopping.aborted) throw new Refusal('refused.stopping');
      if (uploads >= uploadsAtOnce) throw new Problem(503, 'busy', { headers: { 'retry-after': '5' } });
      uploads += 1;
      try {
        await using scratch = await openScratch(parts.scratchRoot, 'api');
        // Before the files are on their way: who may ask nothing need not send anything.
        const admission = await reachable(admit(person, [], parts));
        const leave = await reachable(parts.personLimit.enter(person, admission.limits.waiting));
        try {
          const { order, images, audio } = await receiveUpload(request, orderSchema, scratch.path);
          const {
            audioStart,
            audioEnd,
            seconds,
            seed = randomInt(chosenSeeds),
            say,
            voice,
            language,
            ...choices
          } = order;
          await reachable(admit(person, say === undefined ? [order.prompt] : [order.prompt, say], parts));
          const said =
            say === undefined
              ? null
              : {
                  words: say,
                  voice: voice ?? null,
                  language: language ?? null,
                  locale: languageFor(request),
                };
          if (said === null && (voice !== undefined || language !== undefined)) {
            throw new Refusal('refused.voice_without_say');
          }
          const mode = chooseMode({
            images: images.length,
            hasAudio: audio !== null,
            hasAudioStart: audioStart !== undefined || audioEnd !== undefined,
            hasWords: said !== null,
          });
          const { generation, advice } = await takeOn(
            {
              id: ulid(),
              userId,
              guildId: null,
              locale: languageFor(request),
              choices: { ...choices, seed, mode },
              files: { images, audio: said ?? audio, audioStart: audioStart ?? 0, audioEnd, seconds },
              limitBytes: fetchedVideoBytes,
              reply: apiReply,
              admission,
            },
            { settings, queue, intake: parts.intake, stopping },
          );
          request.log.info({ generationId: generation.id, caller: identity.name }, 'accepted');
          const view = await show(generation, request);
          reply.code(201).header('location', view.links.self);
          return { ...view, advice: adviceView(advice, textsFor(languageFor(request))) };
        } finally {
          leave();
        }
      } catch (error) {
        // Whatever broke off because the process stops is no fault of the files.
        throw stopping.aborted
          ? new Refusal('refused.stopping')
          : await refuseOverLimit(error, person, queue);
      } finally {
        uploads -= 1;
      }
    },
  );

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

  app.get(
    '/v1/generations/:id/video',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getVideo',
        summary: 'The video, whole or in part',
        tags: ['generations'],
        security,
        params: idParameters,
        headers: z.object({
          range: z.string().max(200).optional(),
          'if-range': z.string().max(200).optional(),
        }),
        response: {
          200: { description: 'The whole file', content: { 'video/mp4': { schema: streamed } } },
          206: { description: 'The part that was asked for', content: { 'video/mp4': { schema: streamed } } },
          ...problems(400, 404, 410, 416),
        },
      },
    },
    async (request, reply) => {
      const generation = await own(request.params.id, request);
      if (generation.result === null) throw new Problem(404, 'no_video');
      const data = await stored(generation.result.video);
      if (data === null) throw new Problem(410, 'video_gone');
      reply.header('content-disposition', `inline; filename="humo-${generation.id}.mp4"`);
      return sendRange(request, reply, data, `"${generation.id}"`);
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
      const data = key === null ? null : await stored(key);
      if (data === null) throw new Problem(404, 'no_preview');
      return reply.header('cache-control', 'no-store').type('image/jpeg').send(data);
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
      const outcome = await reachable(queue.cancel(id, reason));
      request.log.info({ generationId: id, caller: identity.name, outcome }, 'cancel asked for');
      if (outcome === 'unknown') throw new Problem(404, 'not_found');
      if (outcome === 'finished') throw new Problem(409, 'already_finished');
      reply.code(202);
      return { outcome };
    },
  );

  /** @returns null when its time is over */
  async function stored(key: string): Promise<Buffer | null> {
    try {
      return await store.get(key);
    } catch (error) {
      if (error instanceof ArtifactMissing) return null;
      throw error;
    }
  }
}

/** Browsers seek by asking for parts: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests */
function sendRange(request: FastifyRequest, reply: FastifyReply, data: Buffer, tag: string): FastifyReply {
  reply
    .header('accept-ranges', 'bytes')
    .header('etag', tag)
    .header('cache-control', 'private, max-age=3600')
    .type('video/mp4');
  const { range } = request.headers;
  const condition = request.headers['if-range'];
  if (range === undefined || (condition !== undefined && condition !== tag)) return reply.send(data);
  const ranges = parseRange(data.length, range, { combine: true });
  if (ranges === -1) {
    throw new Problem(416, 'range_beyond_end', { headers: { 'content-range': `bytes */${data.length}` } });
  }
  const [only] = ranges === -2 || ranges.type !== 'bytes' ? [] : ranges;
  // What cannot be understood, or asks for several parts at once, gets the whole: the standard leaves that open.
  if (only === undefined || (Array.isArray(ranges) && ranges.length > 1)) return reply.send(data);
  return reply
    .code(206)
    .header('content-range', `bytes ${only.start}-${only.end}/${data.length}`)
    .send(data.subarray(only.start, only.end + 1));
}
