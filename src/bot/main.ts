import '../steady-exit.ts';
import { join } from 'node:path';
import { loadBotConfig } from '../config/environment.ts';
import type { BotConfig } from '../config/environment.ts';
import { ConfigurationError } from '../config/generate.ts';
import { createLogger } from '../log.ts';
import type { Logger } from '../log.ts';
import { createGenerationQueue } from '../queue/create-generation-queue.ts';
import { createGpus } from '../queue/rented-gpus.ts';
import { requireRedis } from '../queue/redis/requirements.ts';
import { createSpeechDesk } from '../queue/jobs/speech.ts';
import { createPeople } from '../queue/people/people.ts';
import { createModeration } from '../queue/moderation/redis-moderation.ts';
import { aborted, runUntilSignal } from '../run-until-signal.ts';
import { configurationExit } from '../config/exit-status.ts';
import { named } from '../startup-error.ts';
import { createArtifactStore } from '../storage/create.ts';
import { startScaler } from '../scaler/start-scaler.ts';
import { startBot } from './bot.ts';
import { systemClock } from './clock.ts';
import { MediaIntake } from '../intake/media-intake.ts';
import { WaitingLimit } from '../intake/waiting-limit.ts';
import { StoredVideos } from './stored-videos.ts';
import { PostedVideos } from './provenance-check.ts';
import { readPreview } from './previews.ts';
import { keepScratchSwept } from '../media/scratch.ts';

async function main(): Promise<number> {
  let config: BotConfig;
  try {
    config = loadBotConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`The bot cannot start. ${error.message}\n`);
    return configurationExit;
  }
  const logger = createLogger('bot', config.logLevel);
  return runUntilSignal(logger, (stop) => run(config, logger, stop));
}

async function run(config: BotConfig, logger: Logger, stop: AbortSignal): Promise<void> {
  await named('Redis (REDIS_URL) cannot be used', requireRedis(config.redis, config.redis.prefix));
  const queue = createGenerationQueue(config, logger);
  const moderation = createModeration(config, logger);
  const people = createPeople(config, logger);
  const gpus = config.gpus === null ? null : createGpus(config, logger);
  const store = createArtifactStore(config);
  const speech = createSpeechDesk(config, logger);
  const scratchRoot = join(config.dataDirectory, 'bot-scratch');
  let stopSweeping: (() => void) | undefined;
  try {
    stopSweeping = await keepScratchSwept(scratchRoot);
    if (gpus === null) await tellOfUnwatchedGpus(config, logger);
    await named('Redis (REDIS_URL) cannot be used', queue.health());
    await named('the artifact store (ARTIFACT_STORE) cannot be used', store.health());
    const intake = new MediaIntake({ config, store, scratchRoot, speech });
    // One for both ways in: who fills the queue from Discord and over the API at once is one person.
    const waitingLimit = new WaitingLimit(queue);
    const { api: settings } = config;
    // A bot without an API does not load a web server: that is a fifth of its start.
    const api =
      settings === null
        ? null
        : await (
            await import('../api/server.ts')
          ).startApi({
            ...{
              queue,
              moderation,
              store,
              intake,
              speech,
              waitingLimit,
              scratchRoot,
              logger,
              stopping: stop,
            },
            config: { ...config, api: settings },
          });
    const bot = await startBot({
      config,
      queue,
      moderation,
      people,
      gpus,
      store,
      logger,
      clock: systemClock,
      intake,
      speech,
      waitingLimit,
      videos: new StoredVideos({ config, store, scratchRoot, markOf: (id) => queue.markOf(id) }),
      scratchRoot,
      origins: new PostedVideos({ config, knowledge: queue, scratchRoot }),
      readPreview: (key) => readPreview(store, key),
    });
    const scaler =
      config.gpus === null || gpus === null
        ? null
        : startScaler({
            ...{ queue, moderation, gpus, log: logger },
            config: config.gpus,
            prefix: config.redis.prefix,
          });
    await aborted(stop);
    await Promise.all([bot.stop(), api?.stop(), scaler?.stop()]);
  } finally {
    stopSweeping?.();
    gpus?.close();
    await Promise.all([queue.close(), moderation.close(), people.close(), speech.close(), store.close()]);
  }
  logger.info('stopped');
}

/** Says so loudly when GPU_PROVIDER was turned off with something rented: it goes on costing. */
async function tellOfUnwatchedGpus(config: BotConfig, logger: Logger): Promise<void> {
  const gpus = createGpus(config, logger);
  try {
    const names = await gpus.unwatched(Date.now());
    if (names.length > 0)
      logger.error(
        { gpus: names },
        'GPUs are rented, and nobody looks after them: set GPU_PROVIDER to what it was, and stop them with /queue-admin gpus before you turn it off',
      );
  } finally {
    gpus.close();
  }
}

process.exit(await main());
