/**
 * Every test: the engine's with pytest, the web page's own with unittest, then all others with vitest. All run, whatever
 * becomes of the first; the names of vitest's that failed stand in the last lines, where a long log is looked at first.
 *
 * `npm test -- ARGUMENTS` hands the arguments to vitest and leaves the others out: `npm test -- tests/unit`,
 * `npm test -- --project e2e`. `npm test -- --slow` runs everything and lists what took longest.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { projectRoot } from '../src/config/environment.ts';

const slow = process.argv.includes('--slow');
const chosen = process.argv.slice(2).filter((argument) => argument !== '--slow');
/** How many tests `--slow` lists. */
const slowest = 10;

const folder = mkdtempSync(join(tmpdir(), 'humo-test-'));
const report = join(folder, 'vitest.json');
const vitest = [
  process.execPath,
  join(projectRoot, 'node_modules/vitest/vitest.mjs'),
  ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ...chosen,
];
// A process for each core: the models of the tests are too small for threads. A file stays together, with what it has made.
const pytest = [
  join(projectRoot, '.venv/bin/python'),
  ...['-m', 'pytest', 'engine', '-p', 'no:cacheprovider', '-n', 'auto', '--dist', 'loadfile'],
  ...(slow ? [`--durations=${slowest}`] : []),
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

/** The part of vitest's JSON report that is read here: https://vitest.dev/guide/reporters.html#json-reporter */
const reportForm = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), duration: z.number().nullish() }),
      ),
    }),
  ),
});

/** What vitest made of each test; without a report, because it ended before it wrote one, there is nothing to add. */
function printReport(): void {
  let text: string;
  try {
    text = readFileSync(report, 'utf8');
  } catch {
    return;
  }
  const { testResults } = reportForm.parse(JSON.parse(text));
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: relative(projectRoot, name) })),
  );
  if (slow) {
    console.log(`\nThe ${slowest} slowest:`);
    const ordered = tests.toSorted((one, other) => (other.duration ?? 0) - (one.duration ?? 0));
    for (const { duration, file, fullName } of ordered.slice(0, slowest))
      console.log(`${((duration ?? 0) / 1000).toFixed(1).padStart(6)} s  ${file}  ${fullName}`);
  }
  // A file that cannot be loaded or set up has no failed test in the report, and has failed all the same.
  const unstarted = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const { name } of unstarted) console.log(`failed: ${relative(projectRoot, name)}`);
  for (const { file, fullName, status } of tests)
    if (status === 'failed') console.log(`failed: ${file}  ${fullName}`);
}

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
printReport();
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
