/** `npm run scaler`: starts and stops rented GPUs without a bot beside it, for who runs several bots, or the API alone. */
import '../steady-exit.ts';
import { loadScalerConfig } from '../config/environment.ts';
import type { ScalerConfig } from '../config/environment.ts';
import { ConfigurationError } from '../config/generate.ts';
import { createLogger } from '../log.ts';
import { createGenerationQueue } from '../queue/create-generation-queue.ts';
import { createGpus } from '../queue/rented-gpus.ts';
import { requireRedis } from '../queue/redis/requirements.ts';
import { createModeration } from '../queue/moderation/redis-moderation.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { named } from '../startup-error.ts';
import { startScaler } from './start-scaler.ts';
import { configurationExit } from '../config/exit-status.ts';

async function main(): Promise<number> {
  let config: ScalerConfig;
  try {
    config = loadScalerConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`The scaler cannot start. ${error.message}\n`);
    return configurationExit;
  }
  const log = createLogger('scaler', config.logLevel);
  return runUntilSignal(log, async (stop) => {
    await named('Redis (REDIS_URL) cannot be used', requireRedis(config.redis, config.redis.prefix));
    const queue = createGenerationQueue(config, log);
    const moderation = createModeration(config, log);
    const gpus = createGpus(config, log);
    try {
      await named('Redis (REDIS_URL) cannot be used', queue.health());
      const scaler = startScaler({
        ...{ queue, moderation, gpus, log },
        config: config.gpus,
        prefix: config.redis.prefix,
      });
      await new Promise<void>((resolve) => {
        if (stop.aborted) resolve();
        stop.addEventListener('abort', () => resolve(), { once: true });
      });
      await scaler.stop();
    } finally {
      await Promise.all([queue.close(), moderation.close()]);
      gpus.close();
    }
  });
}

process.exit(await main());
