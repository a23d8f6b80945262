import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './environment.ts';

/** Whether this runs in one of the images: they hold no `npm run`. */
export const inContainer = !existsSync(join(projectRoot, 'scripts/run.mjs'));

/**
 * What people type, where this runs, to start a program of ours with arguments.
 *
 * @param npm the script of package.json, such as `api-token`
 * @param service whose container has the program
 * @param file the program, from the repository's root
 */
export function ownCommand(
  npm: string,
  service: 'bot' | 'worker',
  file: string,
  container = inContainer,
): string {
  return container ? `docker compose exec ${service} node ${file}` : `npm run ${npm} --`;
}
