import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { audioLimits } from '../media/audio.ts';
import { openScratch } from '../media/scratch.ts';
import { textsFor } from '../text/texts.ts';
import { identityFor } from './identity.ts';
import { languageFor, problems } from './problem.ts';
import { soundSchema } from './schemas.ts';
import type { Pace } from './body.ts';
import type { ApiParts } from './server.ts';
import { receiveFile } from './upload.ts';
import type { UploadPlaces } from './upload-places.ts';
import { adviceView } from './view.ts';

/** Sounds that are only listened to. */
export function soundRoutes(
  plain: FastifyInstance,
  parts: ApiParts & { readonly pace: Pace },
  places: UploadPlaces,
): void {
  plain.withTypeProvider<ZodTypeProvider>().post(
    '/v1/sounds',
    {
      config: { scope: 'generate', body: 'form' },
      schema: {
        operationId: 'inspectSound',
        summary: 'Says how long a sound is, and how loud from moment to moment',
        description:
          'Counted as an order counts it, whatever the file says of itself. Nothing of it is kept. Which part a video uses, and what it costs, `POST /v1/estimates` says.',
        tags: ['generations'],
        security: [{ token: [] }],
        consumes: ['multipart/form-data'],
        response: { 200: soundSchema, ...problems(400, 408, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      return places.during(identityFor(request).name, async () => {
        await using scratch = await openScratch(parts.scratchRoot, 'api');
        const file = { name: 'audio', path: join(scratch.path, 'sound'), mostBytes: audioLimits.bytes };
        const audio = await receiveFile(request, reply, file, parts.pace);
        const { durationSeconds, peaks, advice } = await parts.intake.listen(audio, parts.stopping);
        return {
          seconds: durationSeconds,
          peaks: [...peaks],
          advice: adviceView(advice, textsFor(languageFor(request))),
        };
      });
    },
  );
}
