import { enginePython } from '../config/python.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerConfig } from '../config/environment.ts';
import { place } from '../config/runtime-environment.ts';

/**
 * The command that starts the engine: ENGINE_COMMAND, or the project's own engine in the project's Python environment, with
 * what this worker was told about models, weights and memory.
 *
 * @throws Error that says how to get the environment when it is not there
 */
export function engineCommand(
  config: WorkerConfig,
  projectRoot: string,
): { readonly command: readonly string[]; readonly directory: string } {
  const flags = ['--profile', config.generate.profile, '--config', config.generateFile];
  for (const model of config.models) flags.push('--model', model);
  flags.push('--weights', config.weightsDirectory);
  if (config.memoryLimitGiB !== undefined) flags.push('--memory-limit', String(config.memoryLimitGiB));
  if (config.precision !== undefined) flags.push('--precision', config.precision);
  if (config.gpus !== undefined) flags.push('--gpus', config.gpus);
  if (config.engineCommand !== undefined) {
    return { command: [...config.engineCommand, ...flags], directory: projectRoot };
  }
  const python = enginePython(projectRoot);
  if (!existsSync(python)) {
    throw new Error(
      `there is no Python environment at ${python}: ${place === 'repository' ? 'run `npm run setup`' : 'this image is not whole, build or pull it anew'}, or set ENGINE_COMMAND to a command that starts the engine`,
    );
  }
  // Python finds the package in the folder that it is started in, installed or not.
  return {
    command: [python, '-m', 'humo_engine', 'serve', ...flags],
    directory: join(projectRoot, 'engine'),
  };
}
