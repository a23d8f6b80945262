/**
 * Every test: the engine's with pytest and the web page's own with unittest, and beside them all others with vitest, which wait more
 * than they compute. All run, whatever becomes of the first; what vitest says is seen as it comes, what the others said when it is
 * done, and the names of vitest's that failed stand in the last lines, where a long log is looked at first.
 *
 * `npm test -- ARGUMENTS` hands the arguments to vitest and leaves the others out: `npm test -- tests/unit`,
 * `npm test -- --project e2e`. `npm test -- --slow` runs everything and lists what took longest.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { projectRoot } from '../src/config/environment.ts';

// As set-up has it: without compiled code that is kept, each Python that the tests start takes 9 s of a core more.
delete process.env['PYTHONDONTWRITEBYTECODE'];

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
// A process for each core: the models of the tests are too small for threads. A file stays together, with what it has made, and they begin in
// the order of engine/tests/conftest.py: xdist's own, by the number of tests, would leave the longest for the end.
const pytest = [
  join(projectRoot, '.venv/bin/python'),
  ...['-m', 'pytest', 'engine', '-p', 'no:cacheprovider', '-n', 'auto', '--dist', 'loadfile'],
  '--no-loadscope-reorder',
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

const children = new Set<ChildProcess>();
let interrupted = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    interrupted = true;
    for (const child of children) child.kill(signal);
  });

interface Outcome {
  readonly failed: boolean;
  /** what it wrote, unless that was seen as it came */
  readonly said: string;
}

async function run([program = '', ...args]: readonly string[], output: 'inherit' | 'pipe'): Promise<Outcome> {
  if (interrupted) return { failed: true, said: '' };
  const child = spawn(program, args, { cwd: projectRoot, stdio: ['inherit', output, output] });
  children.add(child);
  const pieces: string[] = [];
  for (const pipe of [child.stdout, child.stderr])
    pipe?.setEncoding('utf8').on('data', (text: string) => pieces.push(text));
  await once(child, 'close');
  children.delete(child);
  return { failed: child.exitCode !== 0, said: pieces.join('') };
}

async function runPython(): Promise<readonly Outcome[]> {
  return chosen.length > 0 ? [] : [await run(pytest, 'pipe'), await run(page, 'pipe')];
}

const outcomes = (await Promise.all([run(vitest, 'inherit'), runPython()])).flat();
for (const { said } of outcomes) process.stdout.write(said);
printReport();
rmSync(folder, { recursive: true, force: true });
process.exit(outcomes.some(({ failed }) => failed) ? 1 : 0);
