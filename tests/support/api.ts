import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { z } from 'zod';
import { generationViewSchema } from '../../src/api/schemas.ts';
import type { GenerationView } from '../../src/api/schemas.ts';
import { startApi } from '../../src/api/server.ts';
import type { ApiParts, RunningApi } from '../../src/api/server.ts';
import { createToken } from '../../src/api/tokens.ts';
import type { Scope } from '../../src/api/tokens.ts';
import { loadApiConfig, projectRoot } from '../../src/config/environment.ts';
import { MediaIntake } from '../../src/intake/media-intake.ts';
import { WaitingLimit } from '../../src/intake/waiting-limit.ts';
import { createGenerationQueue } from '../../src/queue/create-generation-queue.ts';
import type { Closable, GenerationQueue, WorkQueue } from '../../src/queue/interfaces.ts';
import type { Moderation } from '../../src/queue/moderation/moderation.ts';
import { createSpeechDesk } from '../../src/queue/jobs/speech.ts';
import { createModeration } from '../../src/queue/moderation/redis-moderation.ts';
import { createWorkQueue } from '../../src/queue/jobs/create-work-queue.ts';
import { createArtifactStore } from '../../src/storage/create.ts';
import type { ArtifactStore } from '../../src/storage/store.ts';
import { startRedis } from './redis.ts';
import { readServerSent } from './server-sent.ts';
import type { TestRedis } from './redis.ts';

type Work = Parameters<WorkQueue['consume']>[0]['work'];

/** The API in this process, on a free port, with a Redis of its own. */
export interface ApiScene extends AsyncDisposable {
  readonly url: string;
  readonly queue: GenerationQueue;
  readonly moderation: Moderation;
  readonly store: ArtifactStore;
  readonly tokensFile: string;
  readonly folder: string;
  readonly redis: TestRedis;
  /** everything that was logged, one line each */
  readonly log: string[];
  /** Makes a token. */
  token(name: string, scopes?: readonly Scope[], userId?: string): Promise<Caller>;
  /** A worker in this process. */
  work(work: Work): Promise<Closable>;
  /** The process is told to stop. */
  stop(): Promise<void>;
}

/** Somebody with a token. */
export interface Caller {
  readonly token: string;
  readonly userId: string;
  fetch(path: string, options?: RequestInit): Promise<Response>;
  /** Asks for a video. @returns the answer, whatever it is */
  ask(
    order: unknown,
    files?: readonly Given[],
    headers?: Record<string, string>,
    query?: string,
  ): Promise<Response>;
  /** As {@link ask} with a picture and speech, accepted. */
  accepted(order?: Record<string, unknown>): Promise<GenerationView>;
}

export interface Given {
  readonly part: string;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly name?: string;
}

export const portraitFile = async (): Promise<Given> => ({
  part: 'image',
  data: new Uint8Array(await readFile(join(projectRoot, 'examples', 'portrait.png'))),
});
export const speechFile = async (): Promise<Given> => ({
  part: 'audio',
  data: new Uint8Array(await readFile(join(projectRoot, 'examples', 'speech.ogg'))),
});

export async function startApiScene(
  environment: Readonly<Record<string, string>> = {},
  options: Pick<ApiParts, 'pace'> = {},
): Promise<ApiScene> {
  const folder = await mkdtemp(join(tmpdir(), 'humo-api-'));
  const redis = await startRedis({ appendOnly: true });
  const config = loadApiConfig({
    REDIS_URL: redis.url,
    DATA_DIRECTORY: folder,
    HUMO_PROFILE: 'tiny',
    API_PORT: '0',
    ...environment,
  });
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const queue = createGenerationQueue(config, logger);
  const works = createWorkQueue(config, logger);
  const moderation = createModeration(config, logger);
  const store = createArtifactStore(config);
  const speech = createSpeechDesk(config, logger);
  const stopping = new AbortController();
  const scratchRoot = join(folder, 'scratch');
  const api: RunningApi = await startApi({
    config,
    queue,
    moderation,
    store,
    intake: new MediaIntake({ config, store, scratchRoot, speech }),
    speech,
    waitingLimit: new WaitingLimit(queue),
    scratchRoot,
    logger,
    stopping: stopping.signal,
    ...options,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopping.abort(new Error('the test stops'));
    stopped ??= api.stop();
    return stopped;
  };
  const { tokensFile } = config.api;
  return {
    ...{ url: api.url, queue, moderation, store, tokensFile, folder, redis, log, stop },
    async token(name, scopes = ['generate', 'read', 'cancel'], userId) {
      const made = await createToken(tokensFile, { name, scopes, userId: userId ?? null });
      return callerOf(api.url, made.token, made.stored.userId);
    },
    work: (work) => works.consume({ models: ['17b', '1_7b'], workerId: 'in-test', work }),
    async [Symbol.asyncDispose]() {
      await stop();
      await Promise.all([queue.close(), works.close(), moderation.close(), speech.close(), store.close()]);
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function callerOf(url: string, token: string, userId: string): Caller {
  const call = (path: string, { headers, ...options }: RequestInit = {}) =>
    fetch(url + path, {
      ...options,
      headers: { authorization: `Bearer ${token}`, ...Object.fromEntries(new Headers(headers)) },
    });
  const ask: Caller['ask'] = (order, files = [], headers = {}, query = '') => {
    const form = new FormData();
    // Who brings a file says that they may use it, unless a test says otherwise.
    const whole =
      typeof order === 'object' && order !== null && files.length > 0 ? { agreed: true, ...order } : order;
    if (whole !== undefined) form.set('request', typeof whole === 'string' ? whole : JSON.stringify(whole));
    for (const { part, data, name = 'file' } of files) form.append(part, new Blob([data]), name);
    return call(`/v1/generations${query}`, { method: 'POST', body: form, headers });
  };
  return {
    token,
    userId,
    ask,
    fetch: call,
    async accepted(order = {}) {
      const answer = await ask({ prompt: 'A robot speaks', ...order }, [
        await portraitFile(),
        await speechFile(),
      ]);
      if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
      return generationViewSchema.parse(await answer.json());
    },
  };
}

const problem = z.object({
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  option: z.string().optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** The problem that an answer is. */
export async function problemOf(answer: Response): Promise<z.infer<typeof problem>> {
  if (answer.headers.get('content-type') !== 'application/problem+json') {
    throw new Error(
      `no problem but ${answer.status} ${answer.headers.get('content-type')}: ${await answer.text()}`,
    );
  }
  const body = problem.parse(await answer.json());
  if (body.status !== answer.status) throw new Error(`${body.status} in an answer with ${answer.status}`);
  return body;
}

export interface SentEvent {
  readonly id: string;
  readonly generation: GenerationView;
}

/** Reads server-sent events until the server ends the stream. */
export async function* readEvents(answer: Response): AsyncGenerator<SentEvent> {
  for await (const fields of readServerSent(answer)) {
    if (fields.get('event') !== 'generation') continue;
    yield {
      id: fields.get('id') ?? '',
      generation: generationViewSchema.parse(JSON.parse(fields.get('data') ?? '')),
    };
  }
}

/** Waits for the end of a stream of events. @returns what the last one says */
export async function lastOf(answer: Response): Promise<GenerationView | undefined> {
  let last: GenerationView | undefined;
  for await (const { generation } of readEvents(answer)) last = generation;
  return last;
}
