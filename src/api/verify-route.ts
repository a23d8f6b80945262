import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { openScratch } from '../media/scratch.ts';
import { knowledgeOf, mostVerifiedBytes, Verifier } from '../provenance/verify-video.ts';
import type { Verdict } from '../provenance/verify-video.ts';
import type { Pace } from './body.ts';
import { identityFor } from './identity.ts';
import { problems } from './problem.ts';
import { verdictSchema } from './schemas.ts';
import type { VerdictView } from './schemas.ts';
import type { ApiParts } from './server.ts';
import { receiveFile } from './upload.ts';
import { UploadPlaces } from './upload-places.ts';

/** Files on disk at a time: one is looked at, the others wait for their turn. */
const uploadsAtOnce = 4;

/** Of one token in a minute: each takes seconds of a processor. */
const questionsPerMinute = 20;

/** `POST /v1/verify`: where a video comes from. */
export function verifyRoute(plain: FastifyInstance, parts: ApiParts & { readonly pace: Pace }): void {
  const { config, queue, scratchRoot, stopping, pace } = parts;
  const knowledge = knowledgeOf(queue);
  const verifier = new Verifier({ knowledge, anchors: config.trustList ?? null });
  const places = new UploadPlaces(uploadsAtOnce);
  plain.withTypeProvider<ZodTypeProvider>().post(
    '/v1/verify',
    {
      config: {
        scope: 'read',
        body: 'form',
        rateLimit: { max: Math.min(questionsPerMinute, config.api.requestsPerMinute) },
      },
      schema: {
        operationId: 'verifyVideo',
        summary: 'Says where a video comes from',
        description:
          'By its Content Credentials (C2PA) and by the watermark in its pixels, which a copy keeps that was encoded again. The file is kept no longer than this takes.',
        tags: ['provenance'],
        security: [{ token: [] }],
        consumes: ['multipart/form-data'],
        response: { 200: verdictSchema, ...problems(400, 408, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      // Before the file is on its way: without the queue there is no answer.
      const own = await knowledge.signers();
      const identity = identityFor(request);
      return places.during(identity.name, async () => {
        await using scratch = await openScratch(scratchRoot, 'api');
        const path = join(scratch.path, 'asked');
        await receiveFile(request, reply, { name: 'video', path, mostBytes: mostVerifiedBytes }, pace);
        const verdict = await verifier.verify(path, { scratch: scratch.path, signal: stopping, own });
        return viewOf(verdict, identity.has('admin'));
      });
    },
  );
}

/** @param isAdmin whether the caller may know who asked for the video */
export function viewOf({ signature, generation, ...verdict }: Verdict, isAdmin: boolean): VerdictView {
  const facts = signature?.generation ?? null;
  return {
    ...verdict,
    signature:
      signature === null
        ? null
        : {
            signer: signature.signer,
            name: signature.name,
            issuer: signature.issuer,
            intact: signature.intact,
            expired: signature.expired,
            createdAt: signature.createdAt,
            stampedAt: signature.stampedAt,
            certificateEnds: signature.certificateEnds,
            generator: signature.generator,
            model: facts?.model ?? null,
            weights: facts?.weights ?? null,
            preset: facts?.preset ?? null,
            generationId: facts?.generation ?? null,
            parentId: facts?.parent ?? null,
            problems: [...signature.problems],
          },
    generation:
      generation === null
        ? null
        : {
            id: generation.id,
            createdAt: new Date(generation.createdAt).toISOString(),
            model: generation.request.model,
            weights: generation.result?.weights ?? null,
            preset: generation.request.preset,
            userId: isAdmin ? generation.userId : null,
          },
  };
}
