import '../steady-exit.ts';
import { join } from 'node:path';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { loadApiConfig } from '../config/environment.ts';
import type { ApiConfig } from '../config/environment.ts';
import { errorFields } from '../error-fields.ts';
import { ConfigurationError } from '../config/generate.ts';
import { MediaIntake } from '../intake/media-intake.ts';
import { WaitingLimit } from '../intake/waiting-limit.ts';
import { createLogger } from '../log.ts';
import type { Logger } from '../log.ts';
import { keepScratchSwept } from '../media/scratch.ts';
import { watchDisk } from '../observability/disk.ts';
import { Health } from '../observability/health.ts';
import { watchQueue } from '../observability/queue-metrics.ts';
import { serveHealth } from '../observability/server.ts';
import type { HealthServer } from '../observability/server.ts';
import { requireRedis } from '../queue/redis/requirements.ts';
import { createGenerationQueue } from '../queue/create-generation-queue.ts';
import { createSpeechDesk } from '../queue/jobs/speech.ts';
import { createModeration } from '../queue/moderation/redis-moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { reconcileInterval } from '../queue/constants.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { named } from '../startup-error.ts';
import { createArtifactStore } from '../storage/create.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { startApi } from './server.ts';
import { configurationExit } from '../config/exit-status.ts';

/** `npm run api`: the API without a bot. */
async function main(): Promise<number> {
  let config: ApiConfig;
  try {
    config = loadApiConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`The API cannot start. ${error.message}\n`);
    return configurationExit;
  }
  const logger = createLogger('api', config.logLevel);
  return runUntilSignal(logger, (stop) => run(config, logger, stop));
}

async function run(config: ApiConfig, logger: Logger, stopping: AbortSignal): Promise<void> {
  await named('Redis (REDIS_URL) cannot be used', requireRedis(config.redis, config.redis.prefix));
  const queue = createGenerationQueue(config, logger);
  const moderation = createModeration(config, logger);
  const store = createArtifactStore(config);
  const speech = createSpeechDesk(config, logger);
  const scratchRoot = join(config.dataDirectory, 'bot-scratch');
  let stopSweeping: (() => void) | undefined;
  let served: HealthServer | undefined;
  try {
    stopSweeping = await keepScratchSwept(scratchRoot);
    await named('Redis (REDIS_URL) cannot be used', queue.health());
    await named('the artifact store (ARTIFACT_STORE) cannot be used', store.health());
    logger.info(await queue.reconcile(), 'records and jobs compared');
    const api = await startApi({
      config,
      queue,
      moderation,
      store,
      intake: new MediaIntake({ config, store, scratchRoot, speech }),
      speech,
      waitingLimit: new WaitingLimit(queue),
      scratchRoot,
      logger,
      stopping,
    });
    served = await serveApiHealth(config, queue, store, logger);
    // A bot does this beside its deliveries; without one, nobody else would miss a machine that was lost.
    const reconciling = setInterval(() => {
      queue.reconcile().catch((error: unknown) => {
        logger.warn({ error: errorFields(error) }, 'records and jobs could not be compared');
      });
    }, reconcileInterval);
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    stopping.addEventListener('abort', () => resolve(), { once: true });
    if (!stopping.aborted) await stopped;
    clearInterval(reconciling);
    await api.stop();
  } finally {
    stopSweeping?.();
    await Promise.all([queue.close(), moderation.close(), speech.close(), store.close(), served?.stop()]);
  }
  logger.info('stopped');
}

async function serveApiHealth(
  { health: address, dataDirectory }: ApiConfig,
  queue: GenerationQueue,
  store: ArtifactStore,
  log: Logger,
): Promise<HealthServer | undefined> {
  if (address === null) return undefined;
  const health = new Health({
    redis: { look: async () => (await queue.health(), null) },
    store: { look: async () => (await store.health(), null) },
  });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  watchDisk(registry, dataDirectory);
  watchQueue(registry, queue);
  return serveHealth({ ...address, health, registry, log });
}

process.exit(await main());
