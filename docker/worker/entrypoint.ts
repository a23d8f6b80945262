/**
 * What the worker's container runs: fills the weights folder, unless the profile needs none, and then runs the worker. Meanwhile
 * a state file says what it is doing; docker/healthcheck.mjs reads it. SIGTERM ends it in any state within seconds, and the
 * next start goes on where this one was.
 *
 * Besides the worker's own variables (.env.example):
 *
 * - HUMO_STATE_FILE: the state file; default /tmp/humo-worker-state.json
 * - HUMO_WEIGHTS_VERIFY: `true` reads all weights at each start and compares their sums; default: sizes only, which takes no time
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadWorkerConfig, projectRoot } from '../../src/config/environment.ts';
import type { WorkerConfig } from '../../src/config/environment.ts';
import { ConfigurationError } from '../../src/config/generate.ts';
import { createLogger } from '../../src/log.ts';
import { runChild } from './child.ts';
import { openStateFile } from './status-file.ts';
import { fillWeights } from './weights.ts';
import { configurationExit } from '../../src/config/exit-status.ts';

/** The worker's own promise is ten seconds. */
const workerPatience = 12_000;

async function main(): Promise<number> {
  const { env } = process;
  const state = openStateFile(env['HUMO_STATE_FILE'] || '/tmp/humo-worker-state.json');
  let config: WorkerConfig;
  try {
    // The worker reads it again; better to hear of a slip now than after 90 GB.
    config = loadWorkerConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`The worker cannot start. ${error.message}\n`);
    state.write({ state: 'failed', message: 'the configuration is wrong; see the log' });
    return configurationExit;
  }
  const log = createLogger('entrypoint', config.logLevel);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info({ signal }, 'stopping');
      stop.abort(signal);
    });
  }
  try {
    state.write({ state: 'starting', message: 'starting' });
    await mkdir(config.dataDirectory, { recursive: true });
    if (config.generate.weights === 'official') {
      await fillWeights({
        folder: config.weightsDirectory,
        models: config.models,
        python: join(projectRoot, '.venv', 'bin', 'python'),
        engineDirectory: join(projectRoot, 'engine'),
        verify: env['HUMO_WEIGHTS_VERIFY'] === 'true',
        pauseFactor: Number(env['HUMO_RETRY_SECONDS'] || '1'),
        state,
        log,
        stop: stop.signal,
      });
      log.info({ folder: config.weightsDirectory }, 'the weights are complete');
    }
    const status = await runChild({
      command: [process.execPath, join(projectRoot, 'src/worker/main.ts')],
      directory: projectRoot,
      stop: stop.signal,
      patience: workerPatience,
      onStart: (pid) => state.write({ state: 'running', pid }),
    });
    state.write({ state: 'failed', message: `the worker has ended with status ${status}` });
    return status;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    const message = error instanceof Error ? error.message : String(error);
    log.fatal({ error: message }, 'cannot go on');
    state.write({ state: 'failed', message });
    return 1;
  }
}

process.exit(await main());
