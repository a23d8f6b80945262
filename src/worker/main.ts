import '../steady-exit.ts';
import { loadWorkerConfig } from '../config/environment.ts';
import type { WorkerConfig } from '../config/environment.ts';
import { ConfigurationError } from '../config/generate.ts';
import { createLogger } from '../log.ts';
import { createArtifactStore } from '../storage/create.ts';
import { encodeGeneration } from './encode-generation.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { configurationExit } from '../config/exit-status.ts';
import { runWorker } from './run-worker.ts';

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
  return runUntilSignal(log, async (stop) => {
    const store = createArtifactStore(config);
    try {
      await runWorker(config, { store, encode: encodeGeneration }, log, stop);
    } finally {
      await store.close();
    }
  });
}

process.exit(await main());
