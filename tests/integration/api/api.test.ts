import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  estimateSchema,
  acceptedSchema,
  generationViewSchema,
  pageSchema,
  soundSchema,
  webhookMessageSchema,
} from '../../../src/api/schemas.ts';
import { quickStart } from '../../../scripts/support/quick-start.mjs';
import { tokenCommand } from '../../../src/api/token-command.ts';
import { projectRoot } from '../../../src/config/environment.ts';
import { Failure } from '../../../src/failure.ts';
import type { GenerationResult } from '../../../src/queue/contract/generation.ts';
import type { Closable } from '../../../src/queue/interfaces.ts';
import {
  callerOf,
  lastOf,
  portraitFile,
  problemOf,
  readEvents,
  speechFile,
  startApiScene,
} from '../../support/api.ts';
import type { ApiScene, Caller, Given, SentEvent } from '../../support/api.ts';
import { resultWith } from '../../support/generation.ts';
import { patience } from '../../support/patience.ts';

let scene: ApiScene;
let ada: Caller;
let eve: Caller;
let owner: Caller;

beforeAll(async () => {
  scene = await startApiScene({ BULL_BOARD: 'true', MAXIMUM_WAITING_PER_USER: '3' });
  ada = await scene.token('ada');
  eve = await scene.token('eve');
  owner = await scene.token('owner', ['admin']);
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/** What a worker does with a generation, without an engine. */
const finish = async (id: string, bytes: Buffer): Promise<GenerationResult> => {
  const video = `videos/${id}.mp4`;
  await scene.store.put(video, bytes);
  return resultWith({ video, bytes: bytes.length, width: 192, height: 112 });
};

/** Cancels whatever waits, so that the next test finds an empty queue. */
async function emptyQueue(): Promise<void> {
  for (const { id } of await scene.queue.list({ statuses: ['queued'] })) {
    await scene.queue.cancel(id, { code: 'cancelled', identifier: 'cancelled', context: {} });
  }
}

async function withWorker<T>(work: Parameters<ApiScene['work']>[0], during: () => Promise<T>): Promise<T> {
  const worker: Closable = await scene.work(work);
  try {
    return await during();
  } finally {
    await worker.close();
  }
}

describe('tokens', () => {
  test('nothing without a token, with a wrong one, with one that lacks the scope, or with a revoked one', async () => {
    for (const headers of [{}, { authorization: 'Bearer humo_wrong' }, { authorization: 'Basic eDp5' }]) {
      const answer = await fetch(`${scene.url}/v1/generations`, { headers: { ...headers } });
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(await problemOf(answer)).toMatchObject({ status: 401, code: 'unauthorised' });
    }
    const reader = await scene.token('reader', ['read']);
    expect((await reader.fetch('/v1/generations')).status).toBe(200);
    const refused = await problemOf(await reader.ask({ prompt: 'x' }));
    expect(refused).toMatchObject({ status: 403, code: 'forbidden' });
    expect(refused.detail).toContain('`generate`');

    await command('revoke', '--name', 'reader');
    expect((await reader.fetch('/v1/generations')).status).toBe(401);
  });

  test('the command prints a token once, stores a hash, lists and refuses a second of the same name', async () => {
    // As a process: `npm run api-token` does no more than that.
    const wanted = ['create', '--name', 'web', '--scopes', 'read', '--user', '123456789012345678'];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(projectRoot, 'src/api/token-command.ts'), ...wanted],
      { env: { ...quickStart(process.env), API_TOKENS_FILE: scene.tokensFile } },
    );
    const token = stdout.trim();
    expect(token).toMatch(/^humo_[\w-]{43}$/);
    expect(await readFile(scene.tokensFile, 'utf8')).not.toContain(token.slice(5));
    expect((await stat(scene.tokensFile)).mode & 0o777).toBe(0o600);
    expect(await command('list')).toContain('web\tread\t123456789012345678');
    const answer = await fetch(`${scene.url}/v1/presets`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    await expect(command('create', '--name', 'web')).rejects.toThrow('There already is a token');
    await expect(command('create', '--name', 'x', '--scopes', 'all')).rejects.toThrow('There is no scope');
    await expect(command('create', '--name', 'x', '--user', '12')).rejects.toThrow('Discord id');
    await expect(command()).rejects.toThrow('Usage:');
  });

  test('a person of the API can never be one of Discord: their id has more than 64 bits', () => {
    expect(ada.userId).toMatch(/^9\d{19}$/);
    expect(BigInt(ada.userId)).toBeGreaterThan(2n ** 63n);
    expect(ada.userId).not.toBe(eve.userId);
  });

  test('a token for people speaks for each of them alone', async () => {
    const page = await scene.token('people', ['generate', 'read', 'cancel', 'people']);
    const as = (person: string) => ({ 'humo-person': person });
    const one = as('the-first-visitor');
    const two = as('the-second-visitor');
    const order = [{ prompt: 'A robot' }, [await portraitFile()], one] as const;
    const made = z.object({ id: z.string() }).parse(await (await page.ask(...order)).json());
    const seenBy = async (headers: Record<string, string>) => {
      const answer = await page.fetch('/v1/generations', { headers });
      return z
        .object({ items: z.array(z.object({ id: z.string() })) })
        .parse(await answer.json())
        .items.map(({ id }) => id);
    };
    expect([await seenBy(one), await seenBy(two), await seenBy({})]).toEqual([[made.id], [], []]);
    const others = await page.fetch(`/v1/generations/${made.id}`, { headers: two });
    expect(await problemOf(others)).toMatchObject({ status: 404, code: 'not_found' });
    const short = await page.fetch('/v1/presets', { headers: as('x') });
    expect(await problemOf(short)).toMatchObject({ status: 403, code: 'bad_person' });
    const without = await ada.fetch('/v1/presets', { headers: as('the-first-visitor') });
    expect(await problemOf(without)).toMatchObject({ status: 403, code: 'forbidden' });
  });

  /** In this process. @throws Error with what it says when it fails */
  async function command(...args: string[]): Promise<string> {
    const printed: string[] = [];
    const said: string[] = [];
    const status = await tokenCommand(args, {
      env: { API_TOKENS_FILE: scene.tokensFile },
      stdout: { write: (text) => printed.push(text) },
      stderr: { write: (text) => said.push(text) },
    });
    if (status !== 0) throw new Error(said.join(''));
    return printed.join('');
  }
});

describe('asking for a video', () => {
  test('the record holds what was asked for, and the answer says which seconds are used', async () => {
    const answer = await ada.ask(
      {
        prompt: ' A robot ',
        preset: 'draft',
        shape: 'square',
        seed: 7,
        audioStart: 1.5,
        scales: { audio: 9 },
      },
      [await portraitFile(), await portraitFile(), await speechFile()],
    );
    expect(answer.status).toBe(201);
    const view = acceptedSchema.parse(await answer.json());
    expect(answer.headers.get('location')).toBe(`/v1/generations/${view.id}`);
    expect(view).toMatchObject({
      status: 'queued',
      userId: ada.userId,
      position: { position: 1, workers: 0 },
      advice: [{ code: 'no_machine', message: expect.stringMatching(/^no machine is online right now/) }],
    });
    expect(view.request).toMatchObject({
      prompt: 'A robot',
      mode: 'TIA',
      preset: 'draft',
      model: '1_7b',
      width: 112,
      height: 112,
      images: 2,
      seed: 7,
      scales: { audio: 9, text: 7, image: 4 },
    });
    expect(view.request.audio?.startSeconds).toBe(1.5);
    const stored = await scene.queue.get(view.id);
    expect(stored).toMatchObject({ guildId: null, reply: { kind: 'api', channelId: null } });
    for (const key of stored?.request.images ?? []) expect(await scene.store.size(key)).toBeGreaterThan(1000);
    // What was uploaded is gone, and only what was made of it is kept.
    expect(await readdir(join(scene.folder, 'scratch'))).toEqual([]);
    await emptyQueue();
  });

  test('the same limit as in Discord: so many waiting per person, also when they come at once', async () => {
    const answers = await Promise.all([0, 1, 2, 3, 4].map(() => askWithPicture(ada)));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, 201, 201, 429, 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused && (await problemOf(refused))).toMatchObject({ code: 'too_many_waiting' });
    expect((await askWithPicture(eve)).status).toBe(201);
    await emptyQueue();
  });

  test.each([
    ['neither picture nor sound', { prompt: 'x' }, [], 422, 'prompt_alone'],
    ['a start without sound', { prompt: 'x', audioStart: 1 }, ['image'], 422, 'audio_start_without_audio'],
    ['no prompt', {}, ['image'], 400, 'invalid_request'],
    ['an empty prompt', { prompt: '  ' }, ['image'], 400, 'invalid_request'],
    ['a prompt that is too long', { prompt: 'x'.repeat(2001) }, ['image'], 400, 'invalid_request'],
    ['a preset that is none', { prompt: 'x', preset: 'no' }, ['image'], 400, 'invalid_request'],
    ['guidance beyond its bounds', { prompt: 'x', scales: { text: 16 } }, ['image'], 400, 'invalid_request'],
    ['a name that nobody knows', { prompt: 'x', promt: 'x' }, ['image'], 400, 'invalid_request'],
    ['no JSON', '{', ['image'], 400, 'invalid_part'],
    ['no request', undefined, ['image'], 400, 'invalid_request'],
    ['five pictures', { prompt: 'x' }, ['image', 'image', 'image', 'image', 'image'], 400, 'invalid_part'],
    ['a part with an unknown name', { prompt: 'x' }, ['image', 'video'], 400, 'invalid_part'],
    ['two sounds', { prompt: 'x' }, ['audio', 'audio'], 400, 'invalid_part'],
    ['a start beyond the end', { prompt: 'x', audioStart: 500 }, ['audio'], 422, 'audio_start_beyond_end'],
  ])('refused, and nothing is queued: %s', async (_name, order, parts, status, code) => {
    const files = await Promise.all(parts.map((part) => partOf(part)));
    expect(await problemOf(await ada.ask(order, files))).toMatchObject({ status, code });
    expect(await scene.queue.countWaiting(ada.userId)).toBe(0);
    expect(await readdir(join(scene.folder, 'scratch'))).toEqual([]);
  });

  const partOf = async (part: string) =>
    part === 'audio' ? speechFile() : { ...(await portraitFile()), part };

  test('what is no picture, and what is too large, is named', async () => {
    const data = new TextEncoder().encode('this is no picture');
    const wrong = await problemOf(
      await ada.ask({ prompt: 'x' }, [await portraitFile(), { part: 'image', data }]),
    );
    expect(wrong).toMatchObject({ status: 422, code: 'image_not_image', option: 'image2' });
    const large = new Uint8Array(21 * 1024 * 1024);
    const tooLarge = await problemOf(await ada.ask({ prompt: 'x' }, [{ part: 'image', data: large }]));
    expect(tooLarge).toMatchObject({ status: 413, code: 'file_too_large', option: 'image' });
    const huge = new Uint8Array(26 * 1024 * 1024);
    const cut = await problemOf(await ada.ask({ prompt: 'x' }, [{ part: 'audio', data: huge }]));
    expect(cut).toMatchObject({ status: 413, code: 'file_too_large', option: 'audio' });
  });

  test('whoever brings a picture or a sound and does not say that they may use it is refused', async () => {
    for (const part of [await portraitFile(), await speechFile()]) {
      const refused = await problemOf(await ada.ask({ prompt: 'x', agreed: false }, [part]));
      expect(refused).toMatchObject({ status: 422, code: 'not_agreed' });
      const silent = await problemOf(await ada.ask('{"prompt":"x"}', [part]));
      expect(silent).toMatchObject({ status: 422, code: 'not_agreed' });
    }
  });

  test('a request that is too long is refused, as a field and as a file; a file within the limit is read', async () => {
    const text = (length: number) => JSON.stringify({ prompt: 'x' }).padEnd(length);
    const asFile = (length: number) => [{ part: 'request', data: new TextEncoder().encode(text(length)) }];
    const limit = 64 * 1024;
    expect(await problemOf(await ada.ask(text(limit + 1)))).toMatchObject({ code: 'body_too_large' });
    // After the largest the connection is still good for the next: what was not read of it is passed over.
    for (const length of [limit + 1, 10 * 1024 * 1024]) {
      const answer = await problemOf(await ada.ask(undefined, asFile(length)));
      expect(answer).toMatchObject({ status: 413, code: 'body_too_large' });
    }
    const taken = await problemOf(await ada.ask(undefined, asFile(limit)));
    expect(taken).toMatchObject({ status: 422, code: 'prompt_alone' });
  });

  test('problems speak the language of Accept-Language, field by field', async () => {
    const german = { 'accept-language': 'de-AT,en;q=0.5' };
    const alone = await ada.ask({ prompt: 'x' }, [], german);
    expect(alone.headers.get('content-language')).toBe('de');
    expect((await problemOf(alone)).detail).toContain('Ich brauche etwas zum Sehen');
    const fields = await problemOf(await ada.ask({ prompt: 'x', seed: -1 }, [], german));
    expect(fields.issues).toEqual([{ path: 'request.seed', message: expect.stringMatching(/[Zz]u klein/) }]);
    const inAddress = await ada.fetch('/v1/generations?limit=0', { headers: german });
    expect((await problemOf(inAddress)).issues).toEqual([
      { path: 'limit', message: expect.stringMatching(/[Zz]u klein/) },
    ]);
    for (const language of ['fr', 'es', 'ja']) {
      const said = await problemOf(
        await ada.ask({ prompt: 'x', seed: -1 }, [], { 'accept-language': language }),
      );
      expect(said.issues?.[0]?.message, language).not.toMatch(/too small/i);
    }
    const none = await problemOf(await ada.ask({ prompt: 'x' }, [], { 'accept-language': 'xx' }));
    expect(none.detail).toContain('I need something');
  });

  test('what holds for everybody holds here: while nothing is taken, nothing is taken', async () => {
    await scene.moderation.drain('1', 'new *machines*');
    try {
      const answer = await problemOf(await askWithPicture(eve));
      expect(answer).toMatchObject({ status: 503, code: 'draining_because' });
      expect(answer.detail).toContain('new *machines*');
    } finally {
      await scene.moderation.endDrain('1');
    }
  });

  test('a pause keeps it waiting, and the answer says why and until when; what is to be known is said, too', async () => {
    const { id } = await eve.accepted();
    const look = async () =>
      generationViewSchema.parse(await (await eve.fetch(`/v1/generations/${id}`)).json());
    expect(await look()).toMatchObject({ position: { held: null, guess: true }, maintenance: null });
    const until = Date.now() + 3_600_000;
    await scene.moderation.globalPause({ by: ada.userId, reason: 'new *cards*', until });
    await scene.moderation.maintenance('1', 'Back at noon.');
    try {
      expect(await look()).toMatchObject({
        position: {
          held: { by: 'deployment', reason: 'new *cards*', until: new Date(until).toISOString() },
        },
        maintenance: 'Back at noon.',
      });
    } finally {
      await scene.moderation.globalResume('1');
      await scene.moderation.maintenance('1', null);
      await emptyQueue();
    }
    expect(await look()).toMatchObject({ status: 'cancelled', position: null, maintenance: null });
  });

  test.each([
    ['no boundary', 'x', 'multipart/form-data', 'malformed_form'],
    ['no form at all', 'garbage', undefined, 'malformed_form'],
    [
      'cut off in the request',
      'Content-Disposition: form-data; name="request"\r\n\r\n{',
      undefined,
      'malformed_form',
    ],
    [
      'cut off in a file',
      'Content-Disposition: form-data; name="image"; filename="a"\r\n\r\nabc',
      undefined,
      'malformed_form',
    ],
    [
      'a part without a name',
      'Content-Disposition: form-data\r\n\r\n{}\r\n--B--\r\n',
      undefined,
      'invalid_part',
    ],
    [
      'a part without a disposition, which the parser passes over',
      'Content-Disposition: form-data; name="request"\r\n\r\n{"prompt":"x"}\r\n--B\r\nContent-Type: image/png\r\n\r\nx\r\n--B--\r\n',
      undefined,
      'invalid_part',
    ],
    [
      'a part that is a name of JavaScript’s own',
      'Content-Disposition: form-data; name="__proto__"\r\n\r\n{}\r\n--B--\r\n',
      undefined,
      'malformed_form',
    ],
  ])('a form that is none is the sender’s mistake, not ours: %s', async (_name, body, type, code) => {
    const answer = await ada.fetch('/v1/generations', {
      method: 'POST',
      body: body === 'garbage' ? body : `--B\r\n${body}`,
      headers: { 'content-type': type ?? 'multipart/form-data; boundary=B' },
    });
    expect(await problemOf(answer)).toMatchObject({ status: 400, code });
    expect(await readdir(join(scene.folder, 'scratch'))).toEqual([]);
  });

  test('only a form is taken', async () => {
    const answer = await ada.fetch('/v1/generations', {
      method: 'POST',
      body: '{"prompt":"x"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await problemOf(answer)).toMatchObject({ status: 415 });
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const packed = await ada.fetch('/v1/estimates', { method: 'POST', body: 'x', headers });
    expect(await problemOf(packed)).toMatchObject({ status: 415, code: 'encoded_body' });
  });

  const askWithPicture = async (caller: Caller) => caller.ask({ prompt: 'x' }, [await portraitFile()]);
});

describe('watching', () => {
  test('every change until the end, with progress and a picture, and not once more', async () => {
    const { id } = await ada.accepted();
    const gate = Promise.withResolvers<void>();
    const seen: SentEvent[] = [];
    const preview = Buffer.from('a picture');
    await withWorker(
      async (generation, { report }) => {
        await scene.store.put(`previews/${generation.id}.jpg`, preview);
        report({
          stage: 'denoise',
          step: 2,
          steps: 8,
          etaSeconds: 5,
          preview: `previews/${generation.id}.jpg`,
        });
        await gate.promise;
        return finish(generation.id, Buffer.from('a video'));
      },
      async () => {
        for await (const event of readEvents(await ada.fetch(`/v1/generations/${id}/events`))) {
          seen.push(event);
          const { progress, links } = event.generation;
          if (progress?.preview !== true) continue;
          expect(progress).toMatchObject({ stage: 'denoise', step: 2, steps: 8 });
          const picture = await ada.fetch(links.preview ?? '');
          expect(picture.headers.get('content-type')).toBe('image/jpeg');
          expect(Buffer.from(await picture.arrayBuffer())).toEqual(preview);
          gate.resolve();
        }
      },
    );
    const statuses = seen.map(({ generation }) => generation.status);
    expect(statuses).toEqual([...statuses].sort(byLife));
    expect(statuses.filter((status) => status === 'delivered')).toHaveLength(1);
    expect(seen.at(-1)?.generation.links.video).toBe(`/v1/generations/${id}/video`);
    // A browser connects again by itself; the last event's id tells it to stop, an earlier one is answered with the end.
    const again = (lastEventId: string | undefined) =>
      ada.fetch(`/v1/generations/${id}/events`, { headers: { 'last-event-id': lastEventId ?? '' } });
    expect((await again(seen.at(-1)?.id)).status).toBe(204);
    const rest: SentEvent[] = [];
    for await (const event of readEvents(await again(seen.at(0)?.id))) rest.push(event);
    expect(rest.map(({ generation }) => generation.status)).toEqual(['delivered']);
  });

  test('a failure is told with its reason', async () => {
    const { id } = await ada.accepted();
    const seen: SentEvent[] = [];
    await withWorker(
      async () => {
        throw new Failure('out_of_memory', 'out_of_memory');
      },
      async () => {
        for await (const event of readEvents(await ada.fetch(`/v1/generations/${id}/events`)))
          seen.push(event);
      },
    );
    expect(seen.at(-1)?.generation).toMatchObject({ status: 'failed', failure: { code: 'out_of_memory' } });
    expect(await problemOf(await ada.fetch(`/v1/generations/${id}/video`))).toMatchObject({
      code: 'no_video',
    });
    expect(await problemOf(await ada.fetch(`/v1/generations/${id}/preview`))).toMatchObject({
      code: 'no_preview',
    });
  });

  test('whoever hangs up before the stream begins does not take a place for good', async () => {
    const hasty = await scene.token('hasty');
    const { id } = await hasty.accepted();
    const { port } = new URL(scene.url);
    const request = `GET /v1/generations/${id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${hasty.token}\r\n\r\n`;
    for (let count = 0; count < 60; count += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      await new Promise<void>((resolve) => {
        socket.once('error', () => resolve());
        socket.write(request, () => {
          // Both ways of going, each at a moment when the server looks the generation up.
          if (count % 2 === 0) socket.destroy();
          else socket.resetAndDestroy();
          resolve();
        });
      });
    }
    const status = async () => {
      const leave = new AbortController();
      const answer = await hasty.fetch(`/v1/generations/${id}/events`, { signal: leave.signal });
      leave.abort();
      return answer.status;
    };
    for (let count = 0; count < 25; count += 1) await expect.poll(status, patience).toBe(200);
    await emptyQueue();
  });

  const order = ['queued', 'running', 'delivered'];
  const byLife = (a: string, b: string) => order.indexOf(a) - order.indexOf(b);
});

describe('the video', () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
  let path: string;
  beforeAll(async () => {
    const { id, links } = await ada.accepted();
    path = `${links.self}/video`;
    await withWorker(
      ({ id: taken }) => finish(taken, bytes),
      async () => {
        const answer = await ada.fetch(`/v1/generations/${id}/events`);
        await lastOf(answer);
      },
    );
  });

  test('comes whole, and as a head', async () => {
    const whole = await ada.fetch(path);
    expect(whole.headers.get('content-type')).toBe('video/mp4');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(bytes);
    const head = await ada.fetch(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '1000']);
  });

  test.each([
    ['bytes=0-99', 'bytes 0-99/1000', 0, 100],
    ['bytes=900-', 'bytes 900-999/1000', 900, 1000],
    ['bytes=-10', 'bytes 990-999/1000', 990, 1000],
    ['bytes=990-5000', 'bytes 990-999/1000', 990, 1000],
  ])('comes in part: %s', async (range, expected, from, to) => {
    const answer = await ada.fetch(path, { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(expected);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes.subarray(from, to));
  });

  test('a part beyond the end is refused; one of another version, or nonsense, gives the whole', async () => {
    const beyond = await ada.fetch(path, { headers: { range: 'bytes=1000-' } });
    expect(beyond.headers.get('content-range')).toBe('bytes */1000');
    expect(await problemOf(beyond)).toMatchObject({ status: 416 });
    for (const headers of [
      { range: 'bytes=0-9', 'if-range': '"other"' },
      { range: 'lines=1-2' },
      { range: 'bytes=0-1,5-6' },
    ]) {
      const answer = await ada.fetch(path, { headers: { ...headers } });
      expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, 1000]);
    }
  });

  test('more bytes of its end than it has are all of it; a known version is not sent again', async () => {
    const all = await ada.fetch(path, { headers: { range: 'bytes=-5000' } });
    expect([all.status, all.headers.get('content-range')]).toEqual([206, 'bytes 0-999/1000']);
    const etag = all.headers.get('etag') ?? '';
    const known = await ada.fetch(path, { headers: { 'if-none-match': `"x", W/${etag}` } });
    expect([known.status, (await known.arrayBuffer()).byteLength, known.headers.get('etag')]).toEqual([
      304,
      0,
      etag,
    ]);
    const other = await ada.fetch(path, { headers: { 'if-match': '"x"' } });
    expect(await problemOf(other)).toMatchObject({ status: 412, code: 'precondition_failed' });
    const head = await ada.fetch(path, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '1000']);
  });

  test('has a small still, which stays known', async () => {
    const { id, links } = await ada.accepted();
    const file = join(scene.folder, 'real.mp4');
    const source = ['-f', 'lavfi', '-i', 'testsrc=size=640x360:rate=10:duration=4'];
    await promisify(execFile)('ffmpeg', [
      '-v',
      'error',
      ...source,
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      file,
    ]);
    const still = () => ada.fetch(`${links.self}/thumbnail`);
    expect(await problemOf(await still())).toMatchObject({ status: 404, code: 'no_video' });
    await withWorker(
      async (taken) => finish(taken.id, await readFile(file)),
      async () => void (await lastOf(await ada.fetch(`/v1/generations/${id}/events`))),
    );
    const answers = await Promise.all([still(), still()]);
    const pictures = await Promise.all(
      answers.map(async (answer) => Buffer.from(await answer.arrayBuffer())),
    );
    expect(answers.map((answer) => answer.headers.get('content-type'))).toEqual(['image/jpeg', 'image/jpeg']);
    const stillFile = join(scene.folder, 'still.jpg');
    await writeFile(stillFile, pictures[0] ?? '');
    expect(await sharp(stillFile).metadata()).toMatchObject({ format: 'jpeg', width: 320, height: 180 });
    expect(pictures[1]).toEqual(pictures[0]);
    expect(pictures[0]?.length).toBeLessThan(30_000);
    const etag = answers[0]?.headers.get('etag') ?? '';
    const again = await ada.fetch(`${links.self}/thumbnail`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect((await eve.fetch(`${links.self}/thumbnail`)).status).toBe(404);
  });

  test('is nobody else’s, but an owner’s', async () => {
    for (const part of ['', '/video', '/preview', '/events']) {
      const answer = await eve.fetch(path.replace('/video', part));
      expect(await problemOf(answer)).toMatchObject({ status: 404, code: 'not_found' });
    }
    expect((await owner.fetch(path)).status).toBe(200);
  });

  test('one that is no longer kept says so', async () => {
    const generation = await ada.accepted();
    await withWorker(
      async () => resultWith({ video: 'videos/lost.mp4' }),
      async () => {
        const watching = await ada.fetch(`/v1/generations/${generation.id}/events`);
        for await (const { generation: view } of readEvents(watching)) {
          if (view.result !== null) break;
        }
      },
    );
    const answer = await ada.fetch(`/v1/generations/${generation.id}/video`);
    expect(await problemOf(answer)).toMatchObject({ status: 410, code: 'video_gone' });
    // A store that fails is no video that is gone.
    const loop = join(scene.folder, 'artifacts', 'videos', 'lost.mp4');
    await mkdir(dirname(loop), { recursive: true });
    await symlink(loop, loop);
    const away = await ada.fetch(`/v1/generations/${generation.id}/video`);
    await rm(loop);
    expect(away.headers.get('retry-after')).toBe('30');
    expect(await problemOf(away)).toMatchObject({ status: 503, code: 'store_unreachable' });
  });
});

describe('listing and cancelling', () => {
  test('pages hold one’s own, newest first; an owner sees all', async () => {
    const mia = await scene.token('mia');
    const made: string[] = [];
    for (let count = 0; count < 3; count += 1) made.unshift((await mia.accepted()).id);
    const first = pageSchema.parse(await (await mia.fetch('/v1/generations?limit=2')).json());
    expect(first.items.map(({ id }) => id)).toEqual(made.slice(0, 2));
    const rest = pageSchema.parse(
      await (await mia.fetch(`/v1/generations?limit=2&before=${first.next}`)).json(),
    );
    expect(rest).toMatchObject({ items: [{ id: made[2] }], next: null });
    const none = pageSchema.parse(await (await mia.fetch('/v1/generations?status=failed')).json());
    expect(none.items).toEqual([]);
    const all = pageSchema.parse(await (await owner.fetch('/v1/generations?limit=100')).json());
    expect(new Set(all.items.map(({ userId }) => userId)).size).toBeGreaterThan(1);
    const hers = pageSchema.parse(await (await owner.fetch(`/v1/generations?user=${mia.userId}`)).json());
    expect(hers.items).toHaveLength(3);
    expect((await eve.fetch(`/v1/generations?user=${mia.userId}`)).status).toBe(403);
    expect(await problemOf(await eve.fetch('/v1/generations?limit=0'))).toMatchObject({
      code: 'invalid_request',
    });
  });

  test('what waits is cancelled once, by its person or an owner', async () => {
    const joe = await scene.token('joe');
    const { id } = await joe.accepted();
    const cancel = (caller: Caller, what = id) =>
      caller.fetch(`/v1/generations/${what}/cancel`, { method: 'POST' });
    expect((await cancel(eve)).status).toBe(404);
    const done = await cancel(joe);
    expect([done.status, await done.json()]).toEqual([202, { outcome: 'cancelled' }]);
    expect(await problemOf(await cancel(joe))).toMatchObject({ status: 409, code: 'already_finished' });
    const view = generationViewSchema.parse(await (await joe.fetch(`/v1/generations/${id}`)).json());
    expect(view).toMatchObject({ status: 'cancelled', failure: { code: 'cancelled_by_user' } });
    const second = await joe.accepted();
    expect((await cancel(owner, second.id)).status).toBe(202);
    await emptyQueue();
  });
});

describe('before and after', () => {
  const sketch = async (body: object) => {
    const answer = await mia.fetch('/v1/estimates', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    if (answer.status !== 200) throw new Error(await answer.text());
    return estimateSchema.parse(await answer.json());
  };
  let mia: Caller;
  beforeAll(async () => {
    mia = await scene.token('dry');
  });

  test('a dry run says what the order itself then says, and leaves nothing behind', async () => {
    const files = [await portraitFile(), await speechFile()];
    const order = { prompt: 'A robot', negativePrompt: 'rain', seed: 3, audioStart: 1, audioEnd: 3 };
    const stored = async () => (await scene.store.list('inputs/')).length;
    const before = await stored();
    const answer = await mia.ask(order, files, {}, '?dryRun=true');
    expect(answer.status).toBe(200);
    const dry = estimateSchema.parse(await answer.json());
    expect([await stored(), await scene.queue.countWaiting(mia.userId)]).toEqual([before, 0]);
    const real = generationViewSchema.parse(await (await mia.ask(order, files)).json());
    expect(dry.request).toEqual(real.request);
    expect(real.request.negativePrompt).toBe('rain');
    expect([dry.gpuSeconds, dry.position.position]).toEqual([real.gpuSeconds, real.position?.position]);
    // Without the files, by what is said of them.
    const { sourceSeconds = 0 } = real.request.audio ?? {};
    const told = await sketch({ ...order, images: 1, audioSeconds: sourceSeconds });
    expect(told.request).toEqual(real.request);
    expect(told.gpuSeconds).toBe(real.gpuSeconds);
    expect(told.position.position).toBe(2);
    // Words are not spoken for it.
    const words = await sketch({ prompt: 'A robot', say: 'Good morning, all of you.', images: 1 });
    expect(words.request.speech?.text).toBe('Good morning, all of you.');
    expect(words.request.seconds).toBeGreaterThan(1);
    await emptyQueue();
  });

  test('a dry run is refused as the order would be', async () => {
    await using small = await startApiScene({ MAXIMUM_WAITING_PER_USER: '1' });
    const caller = await small.token('caller');
    await caller.accepted();
    const body = JSON.stringify({ prompt: 'x', images: 1 });
    const headers = { 'content-type': 'application/json' };
    const told = await caller.fetch('/v1/estimates', { method: 'POST', body, headers });
    expect(await problemOf(told)).toMatchObject({ status: 429, code: 'too_many_waiting' });
  });

  test('again keeps everything but the seed, or changes what it is told to', async () => {
    const first = await mia.accepted({ prompt: 'A robot', negativePrompt: 'rain', seed: 3, audioStart: 1 });
    const again = async (body?: object) => {
      const headers: Record<string, string> =
        body === undefined ? {} : { 'content-type': 'application/json' };
      const path = `/v1/generations/${first.id}/again`;
      return mia.fetch(path, { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) });
    };
    const variation = generationViewSchema.parse(await (await again()).json());
    expect(variation.parentId).toBe(first.id);
    expect(variation.request).toEqual({ ...first.request, seed: variation.request.seed });
    expect(variation.request.seed).not.toBe(3);
    const other = generationViewSchema.parse(
      await (await again({ prompt: 'Another', seed: 4, shape: 'square', audioStart: 0, audioEnd: 2 })).json(),
    );
    expect(other.request).toMatchObject({
      prompt: 'Another',
      negativePrompt: 'rain',
      seed: 4,
      shape: 'square',
    });
    expect(other.request.audio).toMatchObject({ startSeconds: 0, endSeconds: 2 });
    expect((await eve.fetch(`/v1/generations/${first.id}/again`, { method: 'POST' })).status).toBe(404);
    await emptyQueue();
    // What was used whole is kept as long as its video, with silence at the end, which is none of the sound.
    const whole = await mia.accepted();
    const part = await mia.fetch(`/v1/generations/${whole.id}/again`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"audioStart":1}',
    });
    const { sourceSeconds } = whole.request.audio ?? {};
    expect(generationViewSchema.parse(await part.json()).request.audio).toEqual({
      startSeconds: 1,
      endSeconds: sourceSeconds,
      sourceSeconds,
    });
    await emptyQueue();
  });

  test('again with other files: each takes the place of its kind, and what does not come is used again', async () => {
    const first = await mia.accepted({ prompt: 'A robot', audioStart: 1 });
    const again = (order: object, file: Given) => {
      const form = new FormData();
      form.set('request', JSON.stringify(order));
      form.append(file.part, new Blob([file.data]), 'file');
      return mia.fetch(`/v1/generations/${first.id}/again`, { method: 'POST', body: form });
    };
    const example = async (part: string, name: string): Promise<Given> => ({
      part,
      data: new Uint8Array(await readFile(join(projectRoot, 'examples', name))),
    });
    const sound = await example('audio', 'voice-joe.ogg');
    expect(await problemOf(await again({}, sound))).toMatchObject({ status: 422, code: 'not_agreed' });
    expect(await problemOf(await again({ agreed: true, say: 'Hi' }, sound))).toMatchObject({
      code: 'say_and_audio',
    });
    expect(await problemOf(await again({ agreed: true, shape: 'round' }, sound))).toMatchObject({
      issues: [{ path: 'request.shape' }],
    });
    const filesOf = async (id: string) => {
      const request = (await scene.queue.get(id))?.request;
      const keys = [request?.images[0], request?.originalAudio];
      return Promise.all(keys.map(async (key) => (await scene.store.get(key ?? '')).toString('base64')));
    };
    const [picture, speech] = await filesOf(first.id);
    const resounded = generationViewSchema.parse(await (await again({ agreed: true }, sound)).json());
    expect(resounded).toMatchObject({ parentId: first.id, request: { mode: 'TIA', prompt: 'A robot' } });
    // The old part was one of the old sound.
    expect(resounded.request.audio?.startSeconds).toBe(0);
    const [samePicture, newSpeech] = await filesOf(resounded.id);
    expect(samePicture).toBe(picture);
    expect(newSpeech).not.toBe(speech);
    const other = await again({ agreed: true, prompt: 'Another' }, await example('image', 'person.png'));
    const reseen = generationViewSchema.parse(await other.json());
    expect(reseen.request).toMatchObject({ prompt: 'Another', audio: first.request.audio });
    expect((await filesOf(reseen.id))[1]).toBe(speech);
    expect((await filesOf(reseen.id))[0]).not.toBe(picture);
    await emptyQueue();
  });

  test('a key makes one generation of many requests, also after a restart and after a crash', async () => {
    await using first = await startApiScene({ API_REQUESTS_PER_MINUTE: '1000' });
    const [caller, other] = [await first.token('caller'), await first.token('other')];
    const files = [await portraitFile()];
    const key = { 'idempotency-key': '"8e03978e"' };
    const ids = async (answer: Response) => generationViewSchema.parse(await answer.json()).id;
    const original = await caller.ask({ prompt: 'x' }, files, key);
    expect(original.status).toBe(201);
    const text = await original.text();
    // The same under another boundary, with the bare form of the key, and as many as may wait.
    const replay = await caller.ask({ prompt: 'x' }, files, { 'idempotency-key': '8e03978e' });
    expect([replay.status, await replay.text()]).toEqual([201, text]);
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
    expect(replay.headers.get('location')).toBe(original.headers.get('location'));
    for (const [order, given] of [
      [{ prompt: 'y' }, files],
      [{ prompt: 'x' }, [...files, ...files]],
    ] as const) {
      expect(await problemOf(await caller.ask(order, given, key))).toMatchObject({
        status: 422,
        code: 'key_of_another',
      });
    }
    expect((await other.ask({ prompt: 'y' }, files, key)).status).toBe(201);
    // What was refused has used no key up.
    const second = { 'idempotency-key': 'second' };
    expect((await caller.ask({ prompt: '' }, files, second)).status).toBe(400);
    const started = await Promise.all([0, 1, 2].map(() => caller.ask({ prompt: 'z' }, files, second)));
    const accepted = started.filter(({ status }) => status === 201);
    const refused = started.filter(({ status }) => status !== 201);
    expect(new Set(await Promise.all(accepted.map(ids))).size).toBe(1);
    for (const answer of refused)
      expect(await problemOf(answer)).toMatchObject({ status: 409, code: 'key_in_use' });
    expect(await first.queue.countWaiting(caller.userId)).toBe(2);
    for (const bad of ['', '"', 'a"b', 'x'.repeat(256)]) {
      expect(
        await problemOf(await caller.ask({ prompt: 'x' }, files, { 'idempotency-key': bad })),
      ).toMatchObject({
        code: 'invalid_key',
      });
    }
    // Another process of the API, on the same Redis.
    const environment = { REDIS_URL: first.redis.url, API_TOKENS_FILE: first.tokensFile };
    await using next = await startApiScene(environment);
    const there = callerOf(next.url, caller.token, caller.userId);
    const late = await there.ask({ prompt: 'x' }, files, key);
    expect([late.status, await late.text()]).toEqual([201, text]);
    // The answer was never noted: the record is found by its id.
    const { id } = generationViewSchema.parse(JSON.parse(text));
    const redis = new Redis(first.redis.url);
    const [name = ''] = (await redis.keys(`humo:person:idempotency:${caller.userId}:*`)).filter(
      (one) => !one.endsWith(':lock'),
    );
    for (const one of await redis.keys(`humo:person:idempotency:${caller.userId}:*`)) {
      const state = JSON.parse((await redis.get(one)) ?? '{}');
      await redis.set(one, JSON.stringify({ ...state, answered: false }), 'PX', 60_000);
    }
    await redis.del(`humo:answer:${id}`);
    expect(name).not.toBe('');
    expect(await ids(await there.ask({ prompt: 'x' }, files, key))).toBe(id);
    expect(await first.queue.countWaiting(caller.userId)).toBe(2);
    // However the same is written.
    const defaults = { agreed: true, clean: 'auto', prompt: ' x', audioStart: 0, negativePrompt: '' };
    expect(await ids(await there.ask(defaults, files, key))).toBe(id);
    const again = (body?: object) =>
      caller.fetch(`/v1/generations/${id}/again`, {
        method: 'POST',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: {
          'idempotency-key': 'a',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
      });
    const answers = [await again(), await again(), await again({}), await again({ scales: {} })];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await problemOf(await again({ clean: 'auto' }))).toMatchObject({ status: 422 });
    expect(new Set(await Promise.all(answers.map(ids))).size).toBe(1);
    // What was deleted is not made again, its words are nowhere, and what was made of it is still answered.
    await caller.fetch(`/v1/generations/${id}/cancel`, { method: 'POST' });
    expect((await caller.fetch(`/v1/generations/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await problemOf(await there.ask({ prompt: 'x' }, files, key))).toMatchObject({
      status: 410,
      code: 'key_of_deleted',
    });
    expect((await again()).status).toBe(201);
    expect((await redis.keys('*')).filter((one) => one.includes(id))).toEqual([]);
    redis.disconnect();
  });

  test('who wants to hear of the end is told, signed, until they have heard it', async () => {
    const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
    const told = Promise.withResolvers<void>();
    const server = createServer((incoming, outgoing) => {
      let body = '';
      incoming.on('data', (data: Buffer) => (body += data.toString()));
      incoming.on('end', () => {
        heard.push({ headers: incoming.headers, body });
        outgoing.writeHead(heard.length === 1 ? 302 : 204, { location: 'http://127.0.0.1:9/' }).end();
        if (heard.length === 2) told.resolve();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    await using own = await startApiScene({ API_WEBHOOK_OWN_HOSTS: host });
    const caller = await own.token('caller');
    for (const webhook of [
      'http://example.org/',
      'https://127.0.0.1/',
      `https://me:x@${host}/`,
      'https://[::ffff:10.0.0.1]/',
      'https://localhost./',
      'https://intranet/',
      'https://metadata.google.internal/',
    ]) {
      const refused = await problemOf(await caller.ask({ prompt: 'x', webhook }, [await portraitFile()]));
      expect(refused).toMatchObject({ status: 400, code: 'webhook_refused' });
      const dry = await caller.ask({ prompt: 'x', webhook }, [await portraitFile()], {}, '?dryRun=true');
      expect(await problemOf(dry)).toMatchObject({ status: 400, code: 'webhook_refused' });
    }
    const { id } = await caller.accepted({ webhook: `http://${host}/hook` });
    await own.queue.cancel(id, { code: 'cancelled', identifier: 'cancelled', context: {} });
    await told.promise;
    server.close();
    const { secret } = z
      .object({ secret: z.string() })
      .parse(await (await caller.fetch('/v1/webhook-secret')).json());
    for (const { headers, body } of heard) {
      const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
      const mac = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
        .update(signed)
        .digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${mac}`);
      expect(headers['webhook-id']).toBe(`msg_${id}`);
      const message = webhookMessageSchema.parse(JSON.parse(body));
      expect(message).toMatchObject({ type: 'generation.cancelled', data: { id, status: 'cancelled' } });
    }
  });

  test('what is deleted is gone: record, files, video; what runs is not deleted', async () => {
    const { id } = await mia.accepted();
    const remove = (caller: Caller) => caller.fetch(`/v1/generations/${id}`, { method: 'DELETE' });
    expect(await problemOf(await remove(mia))).toMatchObject({ status: 409, code: 'still_open' });
    await withWorker(
      (taken) => finish(taken.id, Buffer.from('a video')),
      async () => void (await lastOf(await mia.fetch(`/v1/generations/${id}/events`))),
    );
    expect((await remove(eve)).status).toBe(404);
    expect((await remove(mia)).status).toBe(204);
    for (const path of ['', '/video', '/events']) {
      expect((await mia.fetch(`/v1/generations/${id}${path}`)).status).toBe(404);
    }
    expect((await remove(mia)).status).toBe(404);
    const list = pageSchema.parse(await (await mia.fetch('/v1/generations')).json());
    expect(list.items.map((item) => item.id)).not.toContain(id);
    const left = await Promise.all([`inputs/${id}/`, 'videos/'].map((prefix) => scene.store.list(prefix)));
    expect(left.flat().filter(({ key }) => key.includes(id))).toEqual([]);
  });

  test('what stands in Discord is not deleted from here', async () => {
    const { id } = await mia.accepted();
    await scene.queue.updateReply(id, { kind: 'channel', channelId: '1' });
    await scene.queue.cancel(id, { code: 'cancelled', identifier: 'cancelled', context: {} });
    const answer = await mia.fetch(`/v1/generations/${id}`, { method: 'DELETE' });
    expect(await problemOf(answer)).toMatchObject({ status: 409, code: 'stands_in_discord' });
  });

  test('halves of characters and bytes that are no UTF-8 are refused, wherever they stand', async () => {
    const files = [await portraitFile()];
    for (const name of ['prompt', 'negativePrompt', 'say', 'voice']) {
      const order = { prompt: 'x', [name]: 'a \ud83d b' };
      const refused = await problemOf(await ada.ask(order, files));
      expect(refused).toMatchObject({ status: 400, code: 'broken_text' });
      expect(refused.issues?.map(({ path }) => path)).toEqual([`request.${name}`]);
    }
    expect(await problemOf(await ada.ask({ prompt: 'x', '\udc00': 1 }, files))).toMatchObject({
      code: 'broken_text',
    });
    const latin = Buffer.from(JSON.stringify({ prompt: 'é' }), 'latin1');
    const raw = { part: 'request', data: new Uint8Array(latin) };
    expect(await problemOf(await ada.ask(undefined, [raw, ...files]))).toMatchObject({
      code: 'invalid_part',
    });
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const half = JSON.stringify({ prompt: '\ud800', images: 1 });
    expect(await problemOf(await ada.fetch('/v1/estimates', { ...json, body: half }))).toMatchObject({
      code: 'broken_text',
      issues: [{ path: 'prompt' }],
    });
    const bytes = new Uint8Array(Buffer.from('{"prompt":"é"}', 'latin1'));
    expect(await problemOf(await ada.fetch('/v1/estimates', { ...json, body: bytes }))).toMatchObject({
      code: 'malformed_json',
    });
    expect((await ada.ask({ prompt: 'whole: 👩‍🚀 \ufffd' }, files)).status).toBe(201);
    await emptyQueue();
  });

  test('however deep and however it is written, JSON is read or refused as what was sent', async () => {
    const deep = `{"prompt":${'['.repeat(15_000)}${']'.repeat(15_000)}}`;
    const ann = await scene.token('ann');
    expect(await problemOf(await ann.ask(deep, [await portraitFile()]))).toMatchObject({ status: 400 });
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const post = (body: string) => ann.fetch('/v1/estimates', { ...json, body });
    expect(await problemOf(await post(deep))).toMatchObject({ status: 400, code: 'invalid_request' });
    // As Python's `json.dumps` writes it.
    const letters = '\\u3042'.repeat(2000);
    const answer = await post(`{"prompt":"${letters}","negativePrompt":"${letters}","images":1}`);
    expect(answer.status).toBe(200);
  });

  test('what an address does not know in its query is refused: it may have been meant', async () => {
    const ben = await scene.token('ben');
    const asked = await ben.ask({ prompt: 'x' }, [await portraitFile()], {}, '?dry_run=true');
    expect(await problemOf(asked)).toMatchObject({ status: 400, code: 'invalid_request' });
    expect((await ada.fetch('/v1/generations?state=failed')).status).toBe(400);
  });
});

describe('the server', () => {
  test('its description names every route, and is what it does', async () => {
    const document = z
      .object({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await (await fetch(`${scene.url}/v1/openapi.json`)).json());
    expect(document.openapi).toBe('3.1.0');
    expect(
      Object.entries(document.paths)
        .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
        .filter((line) => !line.startsWith('head'))
        .sort(),
    ).toEqual([
      'delete /v1/generations/{id}',
      'get /v1/generations',
      'get /v1/generations/{id}',
      'get /v1/generations/{id}/events',
      'get /v1/generations/{id}/preview',
      'get /v1/generations/{id}/thumbnail',
      'get /v1/generations/{id}/video',
      'get /v1/presets',
      'get /v1/voices',
      'get /v1/webhook-secret',
      'post /v1/estimates',
      'post /v1/generations',
      'post /v1/generations/{id}/again',
      'post /v1/generations/{id}/cancel',
      'post /v1/sounds',
      'post /v1/verify',
    ]);
    expect(JSON.stringify(document)).toContain('"multipart/form-data"');
  });

  test('an unknown address and an unknown method', async () => {
    expect(await problemOf(await ada.fetch('/v1/nothing'))).toMatchObject({
      status: 404,
      code: 'no_such_address',
    });
    // Also one that is no address, and an id that is too long to be one.
    expect(await problemOf(await ada.fetch('/v1/%'))).toMatchObject({ status: 404 });
    const long = await ada.fetch(`/v1/generations/${'a'.repeat(3000)}`);
    expect(await problemOf(long)).toMatchObject({ status: 400, code: 'invalid_request' });
    const answer = await ada.fetch('/v1/generations', { method: 'DELETE' });
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(await problemOf(answer)).toMatchObject({ status: 405 });
    const odd = await ada.fetch('/v1/presets', { method: 'PROPFIND' });
    expect(await problemOf(odd)).toMatchObject({ status: 405 });
    // Nothing of the body matters where there is nothing.
    const lost = await ada.fetch('/v1/nothing', {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'a/b' },
    });
    expect(await problemOf(lost)).toMatchObject({ status: 404 });
    const described = await fetch(`${scene.url}/v1/openapi.json`);
    expect([described.headers.get('cache-control'), described.headers.get('etag')?.slice(0, 3)]).toEqual([
      'private, no-cache',
      'W/"',
    ]);
  });

  test('too many requests are refused, a guesser’s as well', async () => {
    await using small = await startApiScene({ API_REQUESTS_PER_MINUTE: '5' });
    const guesser = { headers: { authorization: 'Bearer humo_guess' } };
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1)
      statuses.push((await fetch(`${small.url}/v1/presets`, guesser)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    const someone = await small.token('someone');
    const answers: Response[] = [];
    for (let count = 0; count < 6; count += 1) answers.push(await someone.fetch('/v1/presets'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('an answer that is known is not sent again, and caches know whose it is', async () => {
    for (const path of ['/v1/presets', '/v1/voices', '/v1/generations?limit=1']) {
      const first = await eve.fetch(path);
      const etag = first.headers.get('etag') ?? '';
      expect([etag.slice(0, 3), first.headers.get('content-language')]).toEqual(['W/"', 'en']);
      expect(first.headers.get('vary')).toBe('authorization, humo-person, accept-language');
      expect(first.headers.get('cache-control')).toBe('private, no-cache');
      for (const method of ['GET', 'HEAD']) {
        const headers = { 'if-none-match': `"x", ${etag.slice(2)}` };
        const known = await eve.fetch(path, { method, headers });
        expect([known.status, await known.text(), known.headers.get('etag')]).toEqual([304, '', etag]);
      }
      expect((await eve.fetch(path, { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
    }
  });

  test('the board’s problems are problems, too many requests among them', async () => {
    await using small = await startApiScene({ BULL_BOARD: 'true', API_REQUESTS_PER_MINUTE: '4' });
    const boss = await small.token('boss', ['admin']);
    const look = (path: string, token: string) =>
      fetch(`${small.url}/admin/queues${path}`, {
        headers: { authorization: `Basic ${btoa(`me:${token}`)}` },
      });
    expect(await problemOf(await look('', 'wrong'))).toMatchObject({ status: 401, code: 'unauthorised' });
    expect(await problemOf(await look('/api/queues/none/none', boss.token))).toMatchObject({ status: 404 });
    expect(await problemOf(await look('/static/none.js', boss.token))).toMatchObject({ status: 404 });
    await look('/api/queues', boss.token);
    const last = await look('', boss.token);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await problemOf(last)).toMatchObject({ status: 429, code: 'too_many_requests' });
  });

  test('the board is for owners alone, and only shows', async () => {
    const board = (path: string, token?: string, method = 'GET') =>
      fetch(`${scene.url}/admin/queues${path}`, {
        method,
        headers: token === undefined ? {} : { authorization: `Basic ${btoa(`me:${token}`)}` },
      });
    for (const path of ['', '/api/queues', '/static/js/main.js']) {
      expect((await board(path)).headers.get('www-authenticate')).toContain('Basic');
      expect((await board(path)).status).toBe(401);
      expect((await board(path, ada.token)).status).toBe(401);
    }
    const page = await board('', owner.token);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const queues = await (await board('/api/queues', owner.token)).json();
    expect(JSON.stringify(queues)).toContain('generations.17b');
    const change = await board('/api/queues/generations.17b/pause', owner.token, 'PUT');
    expect(change.status).toBeGreaterThanOrEqual(400);
    await using plain = await startApiScene();
    expect((await fetch(`${plain.url}/admin/queues`)).status).toBe(404);
  });

  test('a sound is counted as an order counts it, and drawn', async () => {
    const form = new FormData();
    form.set('audio', new Blob([(await speechFile()).data]), 'speech.ogg');
    const ask = (body: FormData) => ada.fetch('/v1/sounds', { method: 'POST', body });
    const heard = soundSchema.parse(await (await ask(form)).json());
    const { request } = await ada.accepted();
    expect(heard.seconds).toBe(request.audio?.sourceSeconds);
    expect(heard.peaks).toHaveLength(200);
    expect(Math.max(...heard.peaks)).toBeGreaterThan(0.1);
    expect(heard.advice).toEqual([]);
    await emptyQueue();
    const picture = new FormData();
    picture.set('audio', new Blob([(await portraitFile()).data]), 'a.png');
    expect(await problemOf(await ask(picture))).toMatchObject({
      status: 422,
      code: 'audio_not_sound',
      option: 'audio',
    });
    expect(await problemOf(await ask(new FormData()))).toMatchObject({ status: 400 });
    const image = new FormData();
    image.set('image', new Blob([(await portraitFile()).data]), 'a.png');
    expect(await problemOf(await ask(image))).toMatchObject({ status: 400, code: 'invalid_part' });
  });

  describe('reads no more than it wants', () => {
    /** Sends a head and then `chunk` for as long as somebody takes it. @returns all that came back, once the server has ended it */
    const pour = async (head: readonly string[], chunk: string, options = { most: Infinity }) => {
      const socket = connect(Number(new URL(scene.url).port), '127.0.0.1');
      let answer = '';
      let sent = 0;
      socket.on('data', (data) => (answer += data.toString('latin1')));
      socket.on('error', () => undefined);
      const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      const more = (): void => {
        while (!socket.destroyed && sent < options.most) {
          sent += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      socket.on('drain', more);
      if (chunk !== '') more();
      await ended;
      return { answer, sent };
    };
    const head = (token: string, path: string, ...more: string[]) => [
      `POST ${path} HTTP/1.1`,
      'Host: x',
      `Authorization: Bearer ${token}`,
      'Content-Type: multipart/form-data; boundary=B',
      ...more,
    ];
    const megabytes = (count: number) => count * 1024 * 1024;

    test.each([
      ['nobody', 'wrong', '/v1/generations', 401],
      ['somebody who may not', 'reader', '/v1/generations', 403],
      ['somebody with more than there may be', 'ada', '/v1/sounds', 413],
      ['somebody with another type of content', 'ada', '/v1/estimates', 415],
    ])(
      'after an answer to %s nothing is read, and who asks first is not told to go on',
      async (_, who, path, status) => {
        const reader = who === 'reader' ? await scene.token('only-reads', ['read']) : null;
        const token = reader?.token ?? (who === 'ada' ? ada.token : 'humo_wrong');
        const length = `Content-Length: ${megabytes(2000)}`;
        const poured = await pour(head(token, path, length), 'x'.repeat(65_536));
        expect(poured.answer).toContain(`HTTP/1.1 ${status} `);
        expect(poured.answer).toContain('onnection: close');
        expect(poured.sent).toBeLessThan(megabytes(200));
        const asked = await pour(head(token, path, length, 'Expect: 100-continue'), '');
        expect(asked.answer).toContain(`HTTP/1.1 ${status} `);
        expect(asked.answer).not.toContain('100 Continue');
      },
    );

    test('who asks first and is wanted is told to go on', async () => {
      const body = '--B\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\nx\r\n--B--\r\n';
      const lines = [`Content-Length: ${body.length}`, 'Connection: close', 'Expect: 100-continue'];
      const { answer } = await pour(head(ada.token, '/v1/sounds', ...lines), body, { most: body.length });
      expect(answer).toContain('HTTP/1.1 100 Continue');
      expect(answer).toContain('HTTP/1.1 422 ');
    });

    test('a form without a stated length is bounded as well', async () => {
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
      const { answer, sent } = await pour(head(ada.token, '/v1/sounds', 'Transfer-Encoding: chunked'), chunk);
      expect(answer).toContain('HTTP/1.1 413 ');
      expect(answer).toContain('body_too_large');
      expect(sent).toBeGreaterThan(megabytes(20));
    });

    test('what comes too slowly, form or JSON, is cut off and told so', async () => {
      await using slow = await startApiScene({}, { pace: { bytesPerSecond: 1e9, graceMilliseconds: 300 } });
      const { token } = await slow.token('slow');
      const { port } = new URL(slow.url);
      for (const [path, type] of [
        ['/v1/generations', 'multipart/form-data; boundary=B'],
        ['/v1/estimates', 'application/json'],
      ]) {
        const socket = connect(Number(port), '127.0.0.1');
        let answer = '';
        socket.on('data', (data) => (answer += data.toString()));
        const lines = [
          `POST ${path} HTTP/1.1`,
          'Host: x',
          `Authorization: Bearer ${token}`,
          `Content-Type: ${type}`,
        ];
        socket.write(`${lines.join('\r\n')}\r\nContent-Length: 100\r\n\r\n{`);
        await new Promise<void>((resolve) => socket.once('close', () => resolve()));
        expect(answer, path).toContain('HTTP/1.1 408 ');
        expect(answer, path).toContain('application/problem+json');
      }
      expect(slow.log.join('')).not.toContain('"level":50');
    });

    test('what is no HTTP is told so, as a problem', async () => {
      const garbage = await pour(['NONSENSE'], '');
      expect(garbage.answer).toContain('HTTP/1.1 400 ');
      expect(garbage.answer).toContain('application/problem+json');
      const long = await pour(head(ada.token, '/v1/sounds', `X-Long: ${'x'.repeat(20_000)}`), '');
      expect(long.answer).toContain('HTTP/1.1 431 ');
      expect(long.answer).toContain('headers_too_large');
      for (const [status, lines] of [
        [400, ['GET /v1/voices HTTP/1.1', 'Connection: close']],
        [417, ['GET /v1/voices HTTP/1.1', 'Host: x', 'Connection: close', 'Expect: a-pony']],
        [400, ['CONNECT x:443 HTTP/1.1', 'Host: x']],
      ] as const) {
        const { answer } = await pour([...lines], '');
        expect(answer).toContain(`HTTP/1.1 ${status} `);
        expect(answer).toContain('application/problem+json');
      }
    });

    test('who closes their side when all is said is answered all the same, and two Hosts are one too many', async () => {
      const lines = ['Host: x', `Authorization: Bearer ${ada.token}`];
      const get = (path: string) => [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
      const said = async (text: string) => {
        const socket = connect(Number(new URL(scene.url).port), '127.0.0.1');
        socket.end(text);
        return await readText(socket);
      };
      // Several at once, too, the last of them a stream, which ends with what there is to say now.
      const { id } = await ada.accepted();
      const answers = await said(
        `${get('/v1/voices')}${get('/v1/nothing')}${get(`/v1/generations/${id}/events`)}`,
      );
      expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
      expect(await said(`GET /v1/voices HTTP/1.0\r\n${lines[1]}\r\n\r\n`)).toContain('HTTP/1.1 200');
      expect(await said(`GET /v1/voices HTTP/1.1\r\nHost: y\r\n${lines.join('\r\n')}\r\n\r\n`)).toContain(
        'HTTP/1.1 400',
      );
      await emptyQueue();
    });

    test('a boundary that is too long is the sender’s mistake; hanging up is nobody’s', async () => {
      for (const boundary of ['b'.repeat(71), 'b'.repeat(300)]) {
        const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
        const answer = await eve.fetch('/v1/generations', { method: 'POST', body: 'x', headers });
        expect(await problemOf(answer)).toMatchObject({ status: 400, code: 'malformed_form' });
      }
      const before = scene.log.length;
      const { port } = new URL(scene.url);
      for (const end of ['destroy', 'resetAndDestroy'] as const) {
        const socket = connect(Number(port), '127.0.0.1');
        const part = '--B\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\nx';
        socket.write(`${head(ada.token, '/v1/sounds', 'Content-Length: 1000').join('\r\n')}\r\n\r\n${part}`);
        await expect.poll(async () => (await readdir(join(scene.folder, 'scratch'))).length).toBe(1);
        socket[end]();
        await expect.poll(async () => (await readdir(join(scene.folder, 'scratch'))).length).toBe(0);
      }
      expect(scene.log.slice(before).filter((line) => /"level":[456]0/.test(line))).toEqual([]);
    });
  });

  test('when the process stops, streams end and nothing new is taken', async () => {
    await using other = await startApiScene();
    const caller = await other.token('caller');
    const { id } = await caller.accepted();
    const events = readEvents(await caller.fetch(`/v1/generations/${id}/events`));
    expect((await events.next()).value?.generation.status).toBe('queued');
    await other.stop();
    expect((await events.next()).done).toBe(true);
    await expect(caller.fetch('/v1/presets')).rejects.toThrow('fetch failed');
    expect((await other.queue.get(id))?.status).toBe('queued');
  });

  test('without Redis it says so at once, and goes on when it is back; whoever watched connects again', async () => {
    await using other = await startApiScene();
    const caller = await other.token('caller');
    const { id } = await caller.accepted();
    const watching = await caller.fetch(`/v1/generations/${id}/events`);
    const events = readEvents(watching);
    const first = await events.next();
    await other.redis.kill();
    expect(await problemOf(await caller.fetch('/v1/generations'))).toMatchObject({
      status: 503,
      code: 'queue_unreachable',
    });
    expect(await problemOf(await caller.ask({ prompt: 'x' }, [await portraitFile()]))).toMatchObject({
      status: 503,
    });
    await expect(events.next()).rejects.toThrow('terminated');

    await other.redis.restart();
    const again = async () =>
      caller.fetch(`/v1/generations/${id}/events`, { headers: { 'last-event-id': first.value?.id ?? '' } });
    let answer = await again();
    while (answer.status === 503) answer = await again();
    await other.work(async ({ id: taken }) => {
      const video = `videos/${taken}.mp4`;
      await other.store.put(video, Buffer.from('a video'));
      return resultWith({ video });
    });
    expect((await lastOf(answer))?.status).toBe('delivered');
  });

  test('no token and no prompt stands in the log', async () => {
    await eve.accepted();
    const log = scene.log.join('');
    expect(log).toContain('accepted');
    for (const secret of [ada.token, eve.token, owner.token, 'A robot']) expect(log).not.toContain(secret);
  });
});
