import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { OpenAPIV3 } from 'openapi-types';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import packageFile from '../../package.json' with { type: 'json' };
import type { GenerateSettings } from '../config/generate.ts';
import { mostImages } from '../intake/bounds.ts';
import { createFormChangesSchema, createOrderSchema } from './schemas.ts';
import { ownCommand } from '../config/runtime-environment.ts';

/** Makes the description of the API that {@link descriptionRoute} serves, from the schemas that check requests and answers. */
export async function describeApi(app: FastifyInstance, settings: GenerateSettings): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'HuMo',
        version: packageFile.version,
        description:
          'Makes a video of a person, speaking with a given sound: the queue of the Discord bot over HTTP.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: `Made by \`${ownCommand('apiToken')}\`.` },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject(given) {
      const document = jsonSchemaTransformObject(given);
      if (!('openapi' in document)) return document;
      const create = document.paths?.['/v1/generations']?.post;
      if (create !== undefined) {
        create.requestBody = uploadBody(createOrderSchema(settings), {
          anyOf: [{ required: ['image'] }, { required: ['audio'] }],
          example: { request: exampleOrder },
        });
      }
      const again = document.paths?.['/v1/generations/{id}/again']?.post?.requestBody;
      if (again !== undefined && 'content' in again) {
        Object.assign(again.content, uploadBody(createFormChangesSchema(settings)).content);
      }
      const verify = document.paths?.['/v1/verify']?.post;
      if (verify !== undefined) verify.requestBody = videoBody();
      describeHeaders(document);
      // Each schema is described twice, as what comes in and as what goes out; but these only go out.
      const { schemas } = document.components ?? {};
      for (const name of Object.keys(schemas ?? {})) if (name.endsWith('Input')) delete schemas?.[name];
      return document;
    },
  });
}

export function descriptionRoute(app: FastifyInstance): void {
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

const file = z.any().meta({ type: 'string', format: 'binary' });

/** The form of a video that somebody asks about. */
function videoBody(): OpenAPIV3.RequestBodyObject {
  const video: OpenAPIV3.SchemaObject = {
    type: 'string',
    format: 'binary',
    description: 'Of at most 100 MiB.',
  };
  const schema: OpenAPIV3.SchemaObject = {
    type: 'object',
    properties: { video },
    required: ['video'],
    additionalProperties: false,
  };
  return { required: true, content: { 'multipart/form-data': { schema } } };
}

/** The form of an order with files. It is read as it comes, so there is no whole body for the server itself to check. */
function uploadBody(request: z.ZodType, more: OpenAPIV3.SchemaObject = {}): OpenAPIV3.RequestBodyObject {
  const form = z.strictObject({
    request,
    image: z
      .array(file)
      .min(1)
      .max(mostImages)
      .optional()
      .meta({ description: 'Who or what is to be seen: PNG, JPEG, WebP, GIF or AVIF.' }),
    audio: file
      .optional()
      .meta({ ...file.meta(), description: 'What is to be said: a sound file or a video with sound.' }),
  });
  const { $schema: _dialect, ...schema } = z.toJSONSchema(form, { io: 'input' });
  // JSON Schema and OpenAPI 3.1 are one language; only their types are two.
  const same: OpenAPIV3.SchemaObject = { ...JSON.parse(JSON.stringify(schema)), ...more };
  const encoding = { request: { contentType: 'application/json' } };
  return { required: true, content: { 'multipart/form-data': { schema: same, encoding } } };
}

/** An order as somebody may send it. */
const exampleOrder = { prompt: 'A friendly robot speaks', preset: 'draft', audioStart: 1.5, seed: 7 };

const text = (description: string) => ({ description, schema: { type: 'string' as const } });

/** By the status that they come with. */
const headersByStatus: Readonly<Record<string, Readonly<Record<string, ReturnType<typeof text>>>>> = {
  201: {
    location: text('The address of the new generation.'),
    'idempotent-replayed': text(
      '`true`: this is the answer to an earlier request with the same `Idempotency-Key`.',
    ),
  },
  206: { 'content-range': text('Which bytes, of how many.'), etag: text('Of this version.') },
  304: { etag: text('Of the version that the client has.') },
  401: { 'www-authenticate': text('`Bearer`') },
  416: { 'content-range': text('How many bytes there are.') },
  429: { 'retry-after': text('For how many seconds to wait, where that is known.') },
};

/** What the schemas do not say: headers of answers, the data of events, and the messages of webhooks. */
function describeHeaders(document: object): void {
  const found: { paths?: Record<string, Record<string, OpenAPIV3.OperationObject>> } = document;
  for (const operation of Object.values(found.paths ?? {}).flatMap((methods) => Object.values(methods))) {
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      const headers = headersByStatus[status];
      if (headers !== undefined && !('$ref' in response)) response.headers = { ...headers };
    }
  }
  const events = found.paths?.['/v1/generations/{id}/events']?.['get']?.responses['200'];
  if (events !== undefined && !('$ref' in events)) {
    const data = { $ref: '#/components/schemas/Generation' };
    const described = { type: 'string', contentMediaType: 'application/json', contentSchema: data };
    Object.assign(events.content?.['text/event-stream'] ?? {}, {
      schema: { ...described, description: 'The `data` of each event `generation`.' },
    });
  }
  const message = { $ref: '#/components/schemas/WebhookMessage' };
  Object.assign(document, {
    webhooks: {
      generationEnded: {
        post: {
          operationId: 'generationEnded',
          summary: 'A generation has ended',
          requestBody: { required: true, content: { 'application/json': { schema: message } } },
          responses: {
            '2XX': { description: 'It is heard, and not told again.' },
            '410': { description: 'Nobody wants to hear of it any more.' },
          },
        },
      },
    },
  });
}
