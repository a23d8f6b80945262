import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { lastOf, portraitFile, speechFile, startApiScene } from '../../support/api.ts';
import type { ApiScene, Caller } from '../../support/api.ts';
import { resultWith } from '../../support/generation.ts';

/** What the server answers, held against what its own OpenAPI document says that it answers: status, type and body. */

const contentSchema = z.record(z.string(), z.object({ schema: z.unknown() }));
const documentSchema = z.object({
  openapi: z.literal('3.1.0'),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        responses: z.record(z.string(), z.object({ content: contentSchema.optional() })),
        requestBody: z.object({ content: contentSchema }).optional(),
      }),
    ),
  ),
});
type Document = z.infer<typeof documentSchema>;

let scene: ApiScene;
let ada: Caller;
let raw: unknown;
let document: Document;
let ajv: Ajv2020;
/** `operation status` of every answer that was held against the document */
const seen = new Set<string>();

beforeAll(async () => {
  scene = await startApiScene({ MAXIMUM_WAITING_PER_USER: '2' });
  ada = await scene.token('ada');
  raw = await (await fetch(`${scene.url}/v1/openapi.json`)).json();
  document = documentSchema.parse(raw);
  ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addFormat('binary', true);
  ajv.addSchema({ $id: 'document', components: document.components });
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/** Fails unless the answer is one that the document describes. @returns its body as text */
async function check(operation: string, answer: Response): Promise<string> {
  const responses = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .find(({ operationId }) => operationId === operation)?.responses;
  const described = responses?.[String(answer.status)];
  const text = await answer.text();
  if (described === undefined) throw new Error(`${operation} does not speak of ${answer.status}: ${text}`);
  const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
  expect(type === '' ? [] : [type], operation).toEqual(Object.keys(described.content ?? {}));
  const schema = described.content?.[type]?.schema;
  if (schema !== undefined && type.endsWith('json')) fits(schema, JSON.parse(text), operation);
  if (described.content === undefined) expect(text).toBe('');
  seen.add(`${operation} ${answer.status}`);
  return text;
}

function fits(schema: unknown, value: unknown, what: string): void {
  // References of the document lead into the document; that nothing else may stand beside what is described, ajv is to hold, too.
  const closed = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
  const isValid = ajv.compile(z.record(z.string(), z.unknown()).parse(JSON.parse(closed)));
  if (!isValid(value))
    throw new Error(`${what}: ${ajv.errorsText(isValid.errors)}: ${JSON.stringify(value)}`);
}

test('it is an OpenAPI document, without anything that nothing points to', async () => {
  const result = await new Validator().validate(z.record(z.string(), z.unknown()).parse(raw));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  const text = JSON.stringify(raw);
  for (const name of Object.keys(document.components.schemas)) {
    expect(text, name).toContain(`"#/components/schemas/${name}"`);
  }
});

test('each answer is one that it describes, whatever the status', async () => {
  const operations = Object.values(document.paths)
    .flatMap((methods) => Object.entries(methods))
    .filter(([method]) => method !== 'head')
    .map(([, { operationId }]) => operationId);
  const none = '0'.repeat(26);
  const addressOf: Record<string, (id: string) => [string, string]> = {
    createGeneration: () => ['POST', '/v1/generations'],
    listGenerations: () => ['GET', '/v1/generations'],
    getGeneration: (id) => ['GET', `/v1/generations/${id}`],
    watchGeneration: (id) => ['GET', `/v1/generations/${id}/events`],
    getVideo: (id) => ['GET', `/v1/generations/${id}/video`],
    getThumbnail: (id) => ['GET', `/v1/generations/${id}/thumbnail`],
    getWebhookSecret: () => ['GET', '/v1/webhook-secret'],
    inspectSound: () => ['POST', '/v1/sounds'],
    getPreview: (id) => ['GET', `/v1/generations/${id}/preview`],
    cancelGeneration: (id) => ['POST', `/v1/generations/${id}/cancel`],
    deleteGeneration: (id) => ['DELETE', `/v1/generations/${id}`],
    rerunGeneration: (id) => ['POST', `/v1/generations/${id}/again`],
    estimateGeneration: () => ['POST', '/v1/estimates'],
    getPresets: () => ['GET', '/v1/presets'],
    getVoices: () => ['GET', '/v1/voices'],
    verifyVideo: () => ['POST', '/v1/verify'],
  };
  expect(Object.keys(addressOf).sort()).toEqual([...operations].sort());
  const ask = (caller: Caller, operation: string, id: string, headers: Record<string, string> = {}) => {
    const [method, path] = addressOf[operation]?.(id) ?? ['', ''];
    const sketch = {
      body: JSON.stringify({ prompt: 'x', images: 1 }),
      headers: { 'content-type': 'application/json' },
    };
    const sent = operation === 'estimateGeneration' ? sketch : { headers: {} };
    return caller.fetch(path, { method, ...sent, headers: { ...sent.headers, ...headers } });
  };

  // Of everybody: no token, too few scopes, too many requests, no such video, an id that is none.
  const nobody = { ...ada, fetch: (path: string, options?: RequestInit) => fetch(scene.url + path, options) };
  const admitted = await scene.token('narrow', ['cancel']);
  const generator = await scene.token('narrower', ['generate']);
  for (const operation of operations) {
    expect((await statusOf(operation, ask(nobody, operation, none))) === 401, operation).toBe(true);
    const lacking = ['cancelGeneration', 'deleteGeneration'].includes(operation) ? generator : admitted;
    expect(await statusOf(operation, ask(lacking, operation, none)), operation).toBe(403);
    const [, path] = addressOf[operation]?.('') ?? ['', ''];
    if (!path.includes('//') && !path.endsWith('/')) continue;
    expect(await statusOf(operation, ask(ada, operation, none)), operation).toBe(404);
    expect(await statusOf(operation, ask(ada, operation, 'no-id')), operation).toBe(400);
  }
  expect(await statusOf('listGenerations', ada.fetch('/v1/generations?limit=0'))).toBe(400);
  expect(await statusOf('getPresets', ada.fetch('/v1/presets'))).toBe(200);
  expect(await statusOf('getVoices', ada.fetch('/v1/voices'))).toBe(200);
  expect(await statusOf('getWebhookSecret', ada.fetch('/v1/webhook-secret'))).toBe(200);

  // Asking.
  const portrait = await portraitFile();
  const large = { part: 'image', data: new Uint8Array(21 * 1024 * 1024) };
  expect(await statusOf('createGeneration', ada.ask({}, [portrait]))).toBe(400);
  expect(await statusOf('createGeneration', ada.ask({ prompt: 'x' }, [large]))).toBe(413);
  expect(await statusOf('createGeneration', ask(ada, 'createGeneration', ''))).toBe(415);
  expect(await statusOf('createGeneration', ada.ask({ prompt: 'x' }))).toBe(422);
  const order = {
    prompt: 'A robot',
    preset: 'draft',
    shape: 'square',
    seed: 1,
    audioStart: 1,
    scales: { text: 5 },
  };
  const form =
    document.paths['/v1/generations']?.['post']?.requestBody?.content['multipart/form-data']?.schema;
  fits(form, { request: order, image: ['file'], audio: 'file' }, 'the form');
  const made = z
    .object({ id: z.string() })
    .parse(JSON.parse(await check('createGeneration', await ada.ask(order, [portrait, await speechFile()]))));
  const dry = ada.ask(order, [portrait], {}, '?dryRun=true');
  expect(await statusOf('createGeneration', dry)).toBe(422);
  const { audioStart: _, ...silent } = order;
  expect(await statusOf('createGeneration', ada.ask(silent, [portrait], {}, '?dryRun=true'))).toBe(200);

  // What it would cost, and the same once more.
  const post = (path: string, body: unknown, type = 'application/json') =>
    ada.fetch(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': type } });
  const long = { prompt: 'x'.repeat(70_000) };
  const estimate = (body: unknown, type?: string) =>
    statusOf('estimateGeneration', post('/v1/estimates', body, type));
  expect(await estimate({ prompt: 'x', images: 1, audioSeconds: 3 })).toBe(200);
  expect(await estimate({ prompt: 'x' })).toBe(422);
  expect(await estimate({})).toBe(400);
  expect(await estimate(long)).toBe(413);
  expect(await estimate('x', 'text/plain')).toBe(415);
  const rerun = (body: unknown, type?: string, id = made.id) =>
    statusOf('rerunGeneration', post(`/v1/generations/${id}/again`, body, type));
  expect(await rerun({ shape: 'no' })).toBe(400);
  expect(await rerun(long)).toBe(413);
  expect(await rerun('x', 'text/plain')).toBe(415);
  expect(
    await statusOf(
      'createGeneration',
      ada.ask({ prompt: 'x', voice: 'a' }, [portrait], { 'idempotency-key': '' }),
    ),
  ).toBe(400);
  const again = await post(`/v1/generations/${made.id}/again`, { prompt: 'Another robot' });
  const { id: unwanted } = z
    .object({ id: z.string() })
    .parse(JSON.parse(await check('rerunGeneration', again)));
  expect(await rerun({})).toBe(429);
  expect(await statusOf('createGeneration', ada.ask({ prompt: 'x' }, [portrait]))).toBe(429);
  expect(await statusOf('listGenerations', ada.fetch('/v1/generations?limit=1'))).toBe(200);
  await scene.moderation.globalPause({ by: ada.userId, reason: 'x', until: Date.now() + 3_600_000 });
  expect(await statusOf('getGeneration', ask(ada, 'getGeneration', made.id))).toBe(200);
  await scene.moderation.globalResume(ada.userId);
  expect(await statusOf('cancelGeneration', ask(ada, 'cancelGeneration', unwanted))).toBe(202);
  expect(await statusOf('cancelGeneration', ask(ada, 'cancelGeneration', unwanted))).toBe(409);
  expect(await rerun({ audioStart: 0.5, audioEnd: 0.6 }, undefined, unwanted)).toBe(422);
  const other = { 'if-match': '"another"' };
  expect(await statusOf('deleteGeneration', ask(ada, 'deleteGeneration', unwanted, other))).toBe(412);
  expect(await statusOf('deleteGeneration', ask(ada, 'deleteGeneration', unwanted))).toBe(204);
  expect(await statusOf('deleteGeneration', ask(ada, 'deleteGeneration', made.id))).toBe(409);
  const once = () => ada.ask({ prompt: 'x' }, [portrait], { 'idempotency-key': 'once' });
  const { id: unkept } = z.object({ id: z.string() }).parse(await (await once()).json());
  await ask(ada, 'cancelGeneration', unkept);
  await ask(ada, 'deleteGeneration', unkept);
  expect(await statusOf('createGeneration', once())).toBe(410);
  await scene.queue.markResult(made.id, 'hidden');
  expect(await rerun({})).toBe(409);
  await scene.queue.markResult(made.id, 'shown');

  // Watching and fetching.
  const shown = Promise.withResolvers<void>();
  const fetched = Promise.withResolvers<void>();
  const worker = await scene.work(async ({ id }, { report }) => {
    const preview = `previews/${id}.jpg`;
    await scene.store.put(preview, Buffer.from('a picture'));
    report({ stage: 'denoise', step: 1, steps: 8, etaSeconds: null, preview });
    await expect.poll(async () => (await scene.queue.get(id))?.progress?.preview).toBe(preview);
    shown.resolve();
    await fetched.promise;
    const video = `videos/${id}.mp4`;
    await scene.store.put(video, Buffer.from('a video'));
    return resultWith({ video, bytes: 7 });
  });
  const watching = ask(ada, 'watchGeneration', made.id);
  await shown.promise;
  expect(await statusOf('getGeneration', ask(ada, 'getGeneration', made.id))).toBe(200);
  expect(await statusOf('getPreview', ask(ada, 'getPreview', made.id))).toBe(200);
  fetched.resolve();
  const stream = await check('watchGeneration', await watching);
  for (const [, data = ''] of stream.matchAll(/^data: (.*)$/gm)) {
    fits({ $ref: '#/components/schemas/Generation' }, JSON.parse(data), 'an event');
  }
  await lastOf(await ask(ada, 'watchGeneration', made.id));
  const last = [...stream.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
  const end = await ask(ada, 'watchGeneration', made.id, { 'last-event-id': last });
  expect(await statusOf('watchGeneration', end)).toBe(204);
  expect(await statusOf('getVideo', ask(ada, 'getVideo', made.id))).toBe(200);
  expect(await statusOf('getVideo', ask(ada, 'getVideo', made.id, { range: 'bytes=0-1' }))).toBe(206);
  expect(await statusOf('getVideo', ask(ada, 'getVideo', made.id, { range: 'bytes=99-' }))).toBe(416);
  await scene.store.put(`videos/${made.id}.jpg`, Buffer.from('a still'));
  expect(await statusOf('getThumbnail', ask(ada, 'getThumbnail', made.id))).toBe(200);
  for (const operation of ['getVideo', 'getThumbnail']) {
    const conditional = (headers: Record<string, string>) =>
      statusOf(operation, ask(ada, operation, made.id, headers));
    expect(await conditional({ 'if-none-match': '*' })).toBe(304);
    expect(await conditional({ 'if-match': '"another"' })).toBe(412);
  }
  const hear = (parts: Record<string, Uint8Array<ArrayBuffer>>) => {
    const sound = new FormData();
    for (const [name, data] of Object.entries(parts)) sound.set(name, new Blob([data]), 'a');
    return statusOf('inspectSound', ada.fetch('/v1/sounds', { method: 'POST', body: sound }));
  };
  expect(await hear({ audio: (await speechFile()).data })).toBe(200);
  expect(await hear({ image: portrait.data })).toBe(400);
  expect(await hear({ audio: new Uint8Array(26 * 1024 * 1024) })).toBe(413);
  expect(await hear({ audio: portrait.data })).toBe(422);
  expect(await statusOf('inspectSound', post('/v1/sounds', {}))).toBe(415);
  const video = (await scene.queue.get(made.id))?.result?.video ?? '';
  await scene.store.delete(video);
  expect(await statusOf('getVideo', ask(ada, 'getVideo', made.id))).toBe(410);
  expect(await statusOf('getThumbnail', ask(ada, 'getThumbnail', made.id))).toBe(410);
  await scene.queue.markResult(made.id, 'deleted');
  expect(await rerun({})).toBe(410);
  await worker.close();

  // Asking where a video comes from.
  const verify = (part: string, data: Uint8Array<ArrayBuffer>, type?: string) => {
    const body = new FormData();
    body.set(part, new Blob([data]), 'clip.mp4');
    return ada.fetch('/v1/verify', {
      method: 'POST',
      body,
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    });
  };
  const small = await toyVideo();
  expect(await statusOf('verifyVideo', verify('video', small))).toBe(200);
  expect(await statusOf('verifyVideo', verify('audio', small))).toBe(400);
  expect(await statusOf('verifyVideo', verify('video', new Uint8Array(100 * 1024 * 1024 + 1)))).toBe(413);
  expect(await statusOf('verifyVideo', verify('video', small, 'video/mp4'))).toBe(415);
  expect(await statusOf('verifyVideo', verify('video', new TextEncoder().encode('no video')))).toBe(422);

  // What is left of the document: too much in a minute, and no queue.
  const someone = await scene.token('someone');
  await scene.redis.kill();
  for (const operation of operations) {
    if (['getPresets', 'getWebhookSecret', 'inspectSound'].includes(operation)) continue;
    expect(await statusOf(operation, ask(someone, operation, made.id)), operation).toBe(503);
  }
  // The second within a minute is too many, however slow the machine is.
  await using strict = await startApiScene({ API_REQUESTS_PER_MINUTE: '1' });
  const hasty = { ...ada, fetch: (path: string, options?: RequestInit) => fetch(strict.url + path, options) };
  for (const operation of operations) {
    let status = 0;
    for (let count = 0; count < 5 && status !== 429; count += 1) {
      const answer = await ask(hasty, operation, none);
      status = answer.status;
      if (status === 429) await check(operation, answer);
      else await answer.text();
    }
    expect(status, operation).toBe(429);
  }

  // Nothing is described that was not seen, but what no test can bring about from outside.
  const described = Object.values(document.paths)
    .flatMap((methods) => Object.entries(methods))
    .filter(([method]) => method !== 'head')
    .flatMap(([, { operationId, responses }]) =>
      Object.keys(responses).map((one) => `${operationId} ${one}`),
    );
  const unseen = described.filter((line) => !seen.has(line) && !/ (500|408)$/.test(line));
  expect(unseen.sort()).toEqual([
    'createGeneration 409',
    'getPresets 503',
    'getWebhookSecret 503',
    'inspectSound 503',
  ]);

  async function statusOf(operation: string, answer: Response | Promise<Response>): Promise<number> {
    const given = await answer;
    await check(operation, given);
    return given.status;
  }
});

/** A video without sound, signature or watermark. */
async function toyVideo(): Promise<Uint8Array<ArrayBuffer>> {
  const source = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=64x64:rate=25',
    '-frames:v',
    '10',
    '-pix_fmt',
    'yuv420p',
  ];
  const form = ['-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4', 'pipe:1'];
  const { stdout } = await execa('ffmpeg', ['-v', 'error', ...source, ...form], { encoding: 'buffer' });
  return new Uint8Array(stdout);
}
