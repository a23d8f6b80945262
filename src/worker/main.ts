import { hostname } from 'node:os';
import { join } from 'node:path';
import { loadWorkerConfig, projectRoot } from '../config/environment.ts';
import type { WorkerConfig } from '../config/environment.ts';
import { ConfigurationError } from '../config/generate.ts';
import { createLogger } from '../log.ts';
import type { Logger } from '../log.ts';
import { createWorkQueue } from '../queue/work-queue.ts';
import { Engine } from './engine.ts';
import { engineCommand } from './engine-command.ts';
import { openWorkFiles } from './files.ts';
import { processGeneration } from './process-generation.ts';
import { sweepScratch } from './scratch.ts';
import { encodeWithFfmpeg } from './encode.ts';

/** From sysexits.h: a restart does not help against a wrong configuration. */
const configurationExit = 78;
/** A forward pass of the largest model takes up to half a minute on an older GPU; the cancel waits for its end. */
const cancelTimeout = 60_000;
/** The promise is ten seconds from the signal to the exit. */
const shutdownTimeout = 9_500;

/** Runs until a signal comes. Resolves to the exit status. */
async function run(config: WorkerConfig, log: Logger, stop: AbortSignal): Promise<number> {
  const workerId = config.name ?? `${hostname()}-${process.pid}`;
  const scratchRoot = join(config.dataDirectory, 'scratch');
  const swept = await sweepScratch(scratchRoot);
  if (swept > 0) log.info({ folders: swept }, 'cleared away what an earlier worker left behind');

  const queue = createWorkQueue(config, log);
  const files = openWorkFiles(config);
  const engine = new Engine({
    command: engineCommand(config, projectRoot),
    directory: projectRoot,
    startTimeout: config.engineStartTimeoutSeconds * 1000,
    silenceTimeout: config.engineSilenceTimeoutSeconds * 1000,
    cancelTimeout,
    log,
  });
  const stopEngine = () => void engine.stop();
  stop.addEventListener('abort', stopEngine);
  try {
    await queue.health();
    const ready = await engine.start();
    stop.throwIfAborted();
    // From here on the job goes back to the queue first, and then the engine ends.
    stop.removeEventListener('abort', stopEngine);
    const models = config.models.filter((model) => ready.models.includes(model));
    const missing = config.models.filter((model) => !ready.models.includes(model));
    if (missing.length > 0) log.warn({ missing }, 'the engine lacks models that HUMO_MODELS names');
    const consumer = await queue.consume({
      models,
      workerId,
      prepare: async () => {
        await engine.start();
      },
      describe: () => ({
        device: engine.ready?.device ?? null,
        weights: engine.ready?.weights ?? null,
        pid: process.pid,
      }),
      work: async (generation, context) =>
        processGeneration(generation, context, { files, engine, encode: encodeWithFfmpeg, scratchRoot, log }),
    });
    log.info({ workerId, models }, 'taking jobs');
    await aborted(stop);
    log.info('stopping');
    await consumer.close();
    return 0;
  } finally {
    stop.removeEventListener('abort', stopEngine);
    await Promise.all([engine.stop(), queue.close(), files.close()]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function main(): Promise<number> {
  let config: WorkerConfig;
  try {
    config = loadWorkerConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`The worker cannot start. ${error.message}\n`);
    return configurationExit;
  }
  const log = createLogger('worker', config.logLevel);
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) return;
    stop.abort(new Error('asked to stop'));
    setTimeout(() => {
      log.error('did not stop in time');
      process.exit(1);
    }, shutdownTimeout).unref();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  try {
    return await run(config, log, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return 0;
    log.fatal({ err: error }, 'the worker cannot go on');
    return 1;
  }
}

process.exit(await main());
