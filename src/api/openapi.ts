import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { OpenAPIV3 } from 'openapi-types';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import packageFile from '../../package.json' with { type: 'json' };
import type { GenerateSettings } from '../config/generate.ts';
import { mostImages } from '../intake/bounds.ts';
import { createOrderSchema } from './schemas.ts';

/** Serves the description of the API at /v1/openapi.json, made from the schemas that check requests and answers. */
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
          token: { type: 'http', scheme: 'bearer', description: 'Made by `npm run api-token`.' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject(given) {
      const document = jsonSchemaTransformObject(given);
      if (!('openapi' in document)) return document;
      const create = document.paths?.['/v1/generations']?.post;
      if (create !== undefined) create.requestBody = uploadBody(settings);
      const verify = document.paths?.['/v1/verify']?.post;
      if (verify !== undefined) verify.requestBody = videoBody();
      // Each schema is described twice, as what comes in and as what goes out; but these only go out.
      const { schemas } = document.components ?? {};
      for (const name of Object.keys(schemas ?? {})) if (name.endsWith('Input')) delete schemas?.[name];
      return document;
    },
  });
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

/** The form of a new generation. It is read as it comes, so there is no whole body for the server itself to check. */
function uploadBody(settings: GenerateSettings): OpenAPIV3.RequestBodyObject {
  const form = z.strictObject({
    request: createOrderSchema(settings),
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
  const same: OpenAPIV3.SchemaObject = JSON.parse(JSON.stringify(schema));
  same.anyOf = [{ required: ['image'] }, { required: ['audio'] }];
  const encoding = { request: { contentType: 'application/json' } };
  return { required: true, content: { 'multipart/form-data': { schema: same, encoding } } };
}
