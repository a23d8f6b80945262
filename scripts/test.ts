/**
 * Every test: the engine's with pytest, the web page's own with unittest, then all others with vitest. All run, whatever
 * becomes of the first.
 *
 * `npm test -- ARGUMENTS` hands the arguments to vitest and leaves the others out: `npm test -- tests/unit`,
 * `npm test -- --project e2e`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../src/config/environment.ts';

const chosen = process.argv.slice(2);

const vitest = [process.execPath, join(projectRoot, 'node_modules/vitest/vitest.mjs'), 'run', ...chosen];
// A process for each core: the models of the tests are too small for threads. A file stays together, with what it has made.
const pytest = [
  join(projectRoot, '.venv/bin/python'),
  ...['-m', 'pytest', 'engine', '-p', 'no:cacheprovider', '-n', 'auto', '--dist', 'loadfile'],
];
const page = [
  join(projectRoot, '.venv-web/bin/python'),
  '-m',
  'unittest',
  'discover',
  '-q',
  '-s',
  'web/tests',
];
const runs = chosen.length > 0 ? [vitest] : [pytest, page, vitest];

let failed = false;
for (const [program = '', ...args] of runs) {
  const child = spawn(program, args, { cwd: projectRoot, stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGTERM', forward).on('SIGINT', forward);
  await once(child, 'exit');
  process.off('SIGTERM', forward).off('SIGINT', forward);
  failed ||= child.exitCode !== 0;
  if (child.signalCode !== null) break;
}
process.exit(failed ? 1 : 0);
