import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { projectRoot } from '../../src/config/environment.ts';

/**
 * The environment as a process has it. Where `npm start` runs a private Redis, no variable says where: its data folder does.
 *
 * @returns with REDIS_URL, if it is set or such a Redis runs
 */
export function environmentHere(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  if ((environment['REDIS_URL'] ?? '') !== '') return environment;
  const data = environment['DATA_DIRECTORY'] ?? '';
  const folder = isAbsolute(data) ? data : resolve(projectRoot, data === '' ? 'data' : data);
  try {
    const address = readFileSync(join(folder, 'redis', 'address'), 'utf8').trim();
    return { ...environment, REDIS_URL: address };
  } catch {
    // None runs: the configuration says that REDIS_URL is missing.
    return environment;
  }
}
