import { METHODS } from 'node:http';
import type { Socket } from 'node:net';
import accepts from '@fastify/accepts';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import { fastify, LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ApiConfig } from '../config/environment.ts';
import {
  mostImages,
  orderBytes,
  promptCharacters,
  sayCharacters,
  scaleBounds,
  shortestVideo,
} from '../intake/bounds.ts';
import type { Intake } from '../intake/intake.ts';
import type { WaitingLimit } from '../intake/waiting-limit.ts';
import { answerHalfClosed } from '../half-closed.ts';
import type { Logger } from '../log.ts';
import { audioLimits } from '../media/audio.ts';
import { mostFrames } from '../intake/lengths.ts';
import { imageLimits } from '../media/image.ts';
import type { Moderation } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import type { SpeechDesk } from '../queue/jobs/speech.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { tellingStore } from '../storage/failure-mapping-store.ts';
import { mountBoard } from './board.ts';
import { leastPace, readNothingUnwanted, refuseOddHeads } from './body.ts';
import type { Pace } from './body.ts';
import { tellCaches, vary } from './caching.ts';
import { Feed } from './feed.ts';
import { generationRoutes } from './generations.ts';
import { identify } from './identity.ts';
import { readJsonBodies } from './json.ts';
import { createIdempotency } from '../queue/idempotency.ts';
import { createWebhooks } from '../queue/delivery/webhook-deliveries.ts';
import { createLookup } from './lookup.ts';
import { describeApi, descriptionRoute } from './openapi.ts';
import { orderRoutes } from './orders.ts';
import { answerClientError, answerProblem, Problem, problems } from './problem.ts';
import { presetsSchema, voicesSchema } from './schemas.ts';
import { reachable } from '../queue/reachable.ts';
import { soundRoutes } from './sounds.ts';
import { TokenFile } from './tokens.ts';
import { mostUploadBytes } from './upload.ts';
import { UploadPlaces } from './upload-places.ts';
import { videoRoutes } from './videos.ts';
import { startTelling, webhookRoutes } from './webhook-routes.ts';
import { verifyRoute } from './verify-route.ts';
import { modelIdSchema } from '../config/model-id.ts';

/** What the API is made of. In the bot, queue, intake and limit are the bot's own. */
export interface ApiParts {
  readonly config: ApiConfig;
  readonly queue: GenerationQueue;
  readonly moderation: Moderation;
  readonly store: ArtifactStore;
  readonly intake: Intake;
  readonly speech: Pick<SpeechDesk, 'voices'>;
  readonly waitingLimit: WaitingLimit;
  readonly scratchRoot: string;
  /** how slowly a body may come; usual unless given */
  readonly pace?: Pace;
  readonly logger: Logger;
  /** aborts when the process stops */
  readonly stopping: AbortSignal;
}

export interface RunningApi {
  /** without a slash at the end */
  readonly url: string;
  /** Ends event streams, lets other answers end and closes. `stopping` has to be aborted before. */
  stop(): Promise<void>;
}

/** A sender that is slower than this with the whole request is cut off. */
const requestTimeout = 5 * 60_000;

/** For the head of a request alone. */
const headersTimeout = 15_000;

/** A connection with nothing on it is closed soon: a server that stops waits for those that were busy just then. */
const keepAliveTimeout = 5_000;

/** For answers that are under way when the process stops; it ends within ten seconds. */
const stopTimeout = 5_000;

/** Uploads on disk at a time: bounds the space, five files of at most 25 MiB each. */
const uploadsAtOnce = 16;

/** Of a body that is no form: one without files holds the same words, and many programs write each letter as six (`\\u3042`). */
const plainBodyBytes = orderBytes;

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Serves the HTTP API.
 *
 * @throws Error when the port is taken, or TokensError when the file of tokens is damaged
 */
export async function startApi(parts: ApiParts): Promise<RunningApi> {
  const { config, queue, logger, pace = leastPace } = parts;
  const { host, port, requestsPerMinute, tokensFile, bullBoard } = config.api;
  const tokens = new TokenFile(tokensFile);
  const count = await tokens.count();
  const feed = new Feed();
  const loggerInstance: FastifyBaseLogger = logger;
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: plainBodyBytes,
    // Node would refuse it with an empty answer.
    http: { requireHostHeader: false },
    requestTimeout,
    keepAliveTimeout,
    // Connections that a browser merely keeps open do not keep the process from ending.
    forceCloseConnections: 'idle',
    // As long as an address may be at all: whether an id is one, its schema says, as for every other.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16 * 1024 },
    clientErrorHandler: answerClientError,
    // An address that is none, such as /v1/%: what is thrown before there is a route.
    frameworkErrors(_error, request, reply) {
      answerProblem(new Problem(404, 'no_such_address'), request, reply);
    },
  });
  app.server.headersTimeout = headersTimeout;
  answerHalfClosed(app.server);
  app.server.on('connect', (_request, socket: Socket) => {
    answerClientError(new Error('this is no proxy'), socket);
  });
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method))
      app.addHttpMethod(method, { hasBody: true });
  }
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerProblem(error, request, reply));
  await app.register(accepts);
  refuseOddHeads(app);
  identify(app, tokens);
  readNothingUnwanted(app, pace);
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('vary', vary);
  });
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => request.identity?.countedAs ?? request.ip,
    errorResponseBuilder: () => new Problem(429, 'too_many_requests'),
  });
  const counted = app.rateLimit();
  // Before anything of the request is read: what is wrong with its body does not matter.
  app.addHook('preParsing', async function refuseUnknown(request, reply) {
    if (!request.is404) return;
    await counted.call(app, request, reply);
    throw new Problem(404, 'no_such_address');
  });
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'no_such_address');
  });
  readJsonBodies(app);
  await app.register(multipart);
  await describeApi(app, config.generate);
  const methods = collectMethods(app);
  const lookup = createLookup(parts);
  const idempotency = createIdempotency(config, logger);
  const webhooks = createWebhooks(config, logger);
  app.addHook('onClose', async () => {
    await Promise.all([idempotency.close(), webhooks.close()]);
  });
  await app.register(async (routes) => {
    tellCaches(routes);
    descriptionRoute(routes);
    webhookRoutes(routes);
    const places = new UploadPlaces(uploadsAtOnce);
    orderRoutes(routes, { ...parts, pace, idempotency, webhooks }, lookup, places);
    soundRoutes(routes, { ...parts, pace }, places);
    videoRoutes(routes, { ...parts, store: tellingStore(parts.store) }, lookup);
    generationRoutes(routes, parts, lookup, feed);
    presetsRoute(routes, config);
    voicesRoute(routes, parts);
    verifyRoute(routes, { ...parts, pace });
  });
  if (bullBoard) await mountBoard(app, tokens, config, logger);
  refuseOtherMethods(app, methods);
  await feed.start(queue, (id) => {
    // What is missed here is found when it is looked for.
    webhooks.notice(id).catch(() => undefined);
  });
  await startTelling(webhooks, lookup, tokens, config.api.webhookOwnHosts);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await Promise.all([feed.close(), app.close()]);
    throw error;
  }
  const [address] = app.addresses();
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${typeof address === 'object' ? address.port : port}`;
  logger.info({ address: url, tokens: count }, 'the API listens');
  if (count === 0) logger.warn('the API has no tokens yet; docs/api.md says how to make one');
  if (!loopback.has(host)) {
    logger.warn(
      { host },
      'the API speaks plain HTTP and others can reach it: put a proxy with TLS before it',
    );
  }
  return {
    url,
    async stop() {
      // A slow upload or download does not keep the process from ending: what it was for is tried again, or asked for again.
      const late = setTimeout(() => app.server.closeAllConnections(), stopTimeout);
      await app.close();
      clearTimeout(late);
      await feed.close();
    },
  };
}

function voicesRoute(plain: FastifyInstance, { speech }: Pick<ApiParts, 'speech'>): void {
  plain.withTypeProvider<ZodTypeProvider>().get(
    '/v1/voices',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getVoices',
        summary: 'Who can speak typed words',
        tags: ['presets'],
        security: [{ token: [] }],
        response: { 200: voicesSchema, ...problems() },
      },
    },
    async () => ({ voices: [...(await reachable(speech.voices()))] }),
  );
}

function presetsRoute(plain: FastifyInstance, config: ApiConfig): void {
  const { generate: settings } = config;
  plain.withTypeProvider<ZodTypeProvider>().get(
    '/v1/presets',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getPresets',
        summary: 'What can be asked for: presets, models, sizes, limits',
        tags: ['presets'],
        security: [{ token: [] }],
        response: { 200: presetsSchema, ...problems() },
      },
    },
    async () => ({
      profile: settings.profile,
      weights: settings.weights,
      fps: settings.fps,
      frames: {
        default: settings.frames.default,
        minimum: settings.frames.minimum,
        maximum: mostFrames(settings.length.maximum, settings.fps),
      },
      length: settings.length,
      defaultPreset: settings.defaultPreset,
      defaultShape: settings.defaultShape,
      presets: settings.presetNames.map((name) => {
        const shaped = (shape: 'landscape' | 'portrait' | 'square') => settings.preset(name, shape);
        const size = ({ width, height }: { width: number; height: number }) => ({ width, height });
        const { title, description, model, steps, scales } = shaped('landscape');
        const sizes = {
          landscape: size(shaped('landscape')),
          portrait: size(shaped('portrait')),
          square: size(shaped('square')),
        };
        return { name, title, description, model, steps, scales, sizes };
      }),
      models: modelIdSchema.options.map((id) => {
        const { title, parameters } = settings.models[id];
        return { id, title, parameters };
      }),
      limits: {
        promptCharacters,
        negativePromptCharacters: promptCharacters,
        requestBytes: orderBytes,
        uploadBytes: mostUploadBytes,
        bodyBytes: plainBodyBytes,
        sayCharacters,
        images: mostImages,
        imageBytes: imageLimits.bytes,
        imagePixels: imageLimits.pixels,
        imageSide: imageLimits.side,
        audioBytes: audioLimits.bytes,
        audioSeconds: audioLimits.seconds,
        scales: scaleBounds,
        seconds: { minimum: shortestVideo, maximum: settings.length.maximum },
        seed: { minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
        waiting: config.maximumWaitingPerUser,
        requestsPerMinute: config.api.requestsPerMinute,
      },
    }),
  );
}

/** Notes what each address understands, while the routes are added. */
function collectMethods(app: FastifyInstance): Map<string, Set<string>> {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const one of [method].flat()) known.add(one);
    methods.set(url, known);
  });
  return methods;
}

/** The address is right and the method is not: HTTP has a word of its own for that, and says which would be right. */
function refuseOtherMethods(app: FastifyInstance, methods: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, known] of [...methods]) {
    const allow = [...known].sort().join(', ');
    const others = app.supportedMethods.filter((name) => !known.has(name));
    app.route({
      url,
      method: others,
      schema: { hide: true },
      // Before anything of the request is read: what is wrong with its body does not matter.
      onRequest: async () => {
        throw new Problem(405, 'method_not_allowed', { values: { allow }, headers: { allow } });
      },
      handler: async () => undefined,
    });
  }
}
