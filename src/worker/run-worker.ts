import { hostname } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../config/environment.ts';
import type { WorkerConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { Health } from '../observability/health.ts';
import { serveHealth } from '../observability/server.ts';
import type { HealthServer } from '../observability/server.ts';
import { WorkerMetrics } from '../observability/worker-metrics.ts';
import { machineOf } from '../queue/order/pace.ts';
import { requireRedis } from '../queue/redis/requirements.ts';
import { createWorkQueue } from '../queue/jobs/create-work-queue.ts';
import { aborted } from '../run-until-signal.ts';
import { named } from '../startup-error.ts';
import { Engine } from './engine.ts';
import { engineCommand } from './engine-command.ts';
import { watchIdle } from './idle-watch.ts';
import type { IdleWatch } from './idle-watch.ts';
import { Machine } from './preflight.ts';
import { processGeneration } from './process-generation.ts';
import type { WorkParts } from './process-generation.ts';
import { recallResult } from './stored-result.ts';
import { removeExpiredArtifacts } from './expired-artifacts.ts';
import { keepScratchSwept } from '../media/scratch.ts';
import type { Closable } from '../queue/interfaces.ts';
import { offerSpeech } from './offer-speech.ts';
import { Signer } from './signer.ts';
import { Speech, speechCommand } from './speech-process.ts';

/** A forward pass of the largest model takes up to half a minute on an older GPU; the cancel waits for its end. */
const cancelTimeout = 60_000;

/**
 * Starts the engine, takes job after job, and ends when `stop` aborts: the running job is back in the queue then. Ends by itself
 * when it had no job for `config.idleExitMinutes`.
 *
 * @throws Error or Failure when Redis cannot be reached or the engine does not start
 */
export async function runWorker(
  config: WorkerConfig,
  parts: Pick<WorkParts, 'store' | 'encode'>,
  log: Logger,
  stop: AbortSignal,
): Promise<void> {
  await named('Redis (REDIS_URL) cannot be used', requireRedis(config.redis, config.redis.prefix));
  const workerId = config.name ?? `${hostname()}-${process.pid}`;
  const scratchRoot = join(config.dataDirectory, 'scratch');
  const stopSweeping = await keepScratchSwept(scratchRoot, (folders) =>
    log.info({ folders }, 'cleared away what an earlier worker left behind'),
  );

  const stopRemoving = removeExpiredArtifacts(parts.store, log);
  const queue = createWorkQueue(config, log);
  const metrics = new WorkerMetrics(config.dataDirectory);
  const engine = new Engine({
    ...engineCommand(config, projectRoot),
    startTimeout: config.engineStartTimeoutSeconds * 1000,
    silenceTimeout: config.engineSilenceTimeoutSeconds * 1000,
    cancelTimeout,
    log,
    onReady: () => metrics.engineReady(),
    onEnd: (asked) => metrics.engineEnded(asked),
  });
  const signer =
    config.signing === null
      ? undefined
      : new Signer({
          config: config.signing,
          projectRoot,
          register: (chain) => queue.registerSigner(chain),
          log,
        });
  const speech = new Speech(speechCommand(config.weightsDirectory, projectRoot), log);
  const stopEngine = () => void engine.stop();
  stop.addEventListener('abort', stopEngine);
  let idle: IdleWatch | undefined;
  let served: HealthServer | undefined;
  let speaking: Promise<Closable | null> | undefined;
  try {
    if (config.health !== null) {
      const health = new Health({
        redis: { look: async () => (await queue.health(), null) },
        store: { look: async () => (await parts.store.health(), null) },
        engine: { look: () => (engine.ready === undefined ? 'starting' : null) },
      });
      served = await serveHealth({ ...config.health, health, registry: metrics.registry, log });
    }
    await Promise.all([queue.health(), parts.store.health()]);
    // Beside the engine and before it is loaded: words are spoken whatever the GPU does.
    speaking = offerSpeech(config, { store: parts.store, speech, scratchRoot }, log);
    // Beside the engine, too: a key may have to be made first.
    void signer?.prepare();
    const ready = await engine.start();
    stop.throwIfAborted();
    // From here on the job goes back to the queue first, and then the engine ends.
    stop.removeEventListener('abort', stopEngine);
    const models = config.models.filter((model) => ready.models.includes(model));
    const missing = config.models.filter((model) => !ready.models.includes(model));
    if (missing.length > 0) log.warn({ missing }, 'the engine lacks models that HUMO_MODELS names');
    const machine = new Machine(
      parts.store,
      scratchRoot,
      config.artifacts.kind === 'file' ? config.artifacts.directory : null,
    );
    // Loading the engine is not idling, so the time begins here.
    const watch = watchIdle(config.idleExitMinutes);
    idle = watch;
    const consumer = await queue.consume({
      models,
      workerId,
      prepare: async () => {
        await machine.require();
        await engine.start();
      },
      recall: ({ id }) => recallResult(parts.store, id),
      describe: () => ({
        device: engine.ready?.device ?? null,
        weights: engine.ready?.weights ?? null,
        pid: process.pid,
      }),
      machine: () => (engine.ready === undefined ? null : machineOf(engine.ready)),
      work: async (generation, context) =>
        watch.during(async () =>
          metrics.run(generation, () =>
            machine.watch(() =>
              processGeneration(generation, context, {
                ...parts,
                engine,
                speech,
                settings: config.generate,
                scratchRoot,
                fps: config.generate.fps,
                markOf: (id) => queue.markOf(id),
                log,
                ...(signer === undefined ? {} : { signer }),
                onSigning: (outcome) => metrics.signature(outcome),
                onStage: (model, stage, seconds) => metrics.stage(model, stage, seconds),
              }),
            ),
          ),
        ),
    });
    log.info({ workerId, models }, 'taking jobs');
    await Promise.race([aborted(stop), watch.expired]);
    if (!stop.aborted) log.info({ minutes: config.idleExitMinutes }, 'nothing to do for long; ending');
    // The engine ends while the consumer waits for the work on it to end; the job is back in the queue before either.
    await Promise.all([consumer.close(), engine.stop()]);
  } finally {
    idle?.stop();
    stop.removeEventListener('abort', stopEngine);
    stopRemoving();
    stopSweeping();
    await Promise.all([engine.stop(), speech.stop(), queue.close(), served?.stop()]);
    await (await speaking)?.close();
  }
}
