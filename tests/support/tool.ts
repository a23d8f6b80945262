import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { projectRoot } from '../../src/config/environment.ts';

/**
 * The path of a development tool that `npm run setup` puts into `.venv` or `.setup`, or that this machine has.
 *
 * @throws Error that says what to do when there is none
 */
export function tool(name: string): string {
  const folders = [
    join(projectRoot, '.venv', 'bin'),
    join(projectRoot, '.setup', 'bin'),
    ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
  ];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`there is no ${name}: run \`npm run setup\``);
  return found;
}
