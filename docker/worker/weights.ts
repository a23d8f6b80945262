import { access, constants, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { ModelId } from '../../src/config/model-id.ts';
import type { Logger } from '../../src/log.ts';
import { runChild } from './child.ts';
import type { StateFile } from './status-file.ts';

/** This many failures in a row without a single new byte, and it is not the network's bad minute. */
const maximumFailures = 5;
const firstPause = 5_000;
const longestPause = 60_000;
/** How often the state file says how far it is; docker/healthcheck.mjs takes a minute of silence for an end. */
const reportEvery = 5_000;
const logEvery = 60_000;
/** What a start waits for the 67 MB that only `clean` needs. What came is kept, and the next start goes on with it. */
const voicePatience = 120_000;

/** What `weights … --json` tells, as far as it matters here: engine/humo_engine/weights/events.py. */
const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('plan'), files: z.int(), bytes: z.int() }),
  z.object({ type: z.literal('fetch'), number: z.int(), of: z.int(), place: z.string(), bytes: z.int() }),
  z.object({ type: z.literal('complete') }),
  z.object({ type: z.literal('wait'), folder: z.string() }),
  z.object({ type: z.literal('verified'), place: z.string(), verdict: z.string() }),
  z.object({ type: z.literal('damaged') }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);
const eventLine = z
  .string()
  .transform((line, context): unknown => {
    try {
      return JSON.parse(line);
    } catch {
      context.addIssue('no JSON');
      return z.NEVER;
    }
  })
  .pipe(eventSchema);

export interface WeightsOptions {
  readonly folder: string;
  readonly models: readonly ModelId[];
  /** the engine's Python, and the folder that it finds the engine in */
  readonly python: string;
  readonly engineDirectory: string;
  /** read every file and compare its sum, also when nothing had to be fetched */
  readonly verify: boolean;
  /** what pauses between tries are multiplied with; 1 but in tests */
  readonly pauseFactor: number;
  readonly state: StateFile;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

/**
 * Sees to it that the models' files are in the folder. The engine's own `weights download` does the work: it resumes what was cut
 * off, checks every file's SHA-256 before the file gets its name, and fetches nothing twice. This here repeats it
 * while the network is away and says how far it is.
 *
 * @throws Error that says what to do when it cannot be done; whatever `stop` aborts with
 */
export async function fillWeights(options: WeightsOptions): Promise<void> {
  const { folder, models, python, engineDirectory, verify, pauseFactor, state, log, stop } = options;
  const selection = ['--weights', folder, ...models.flatMap((model) => ['--model', model])];
  let failures = 0;
  let bytes = await folderSize(folder);
  for (;;) {
    const problem = await run('download');
    stop.throwIfAborted();
    if (problem === null) break;
    const now = await folderSize(folder);
    failures = now > bytes ? 1 : failures + 1;
    bytes = now;
    if (!(await isWritable(folder)))
      throw new Error(
        `${problem}\n${folder} is not complete and cannot be written: give it to user ${process.getuid?.() ?? '?'}, or mount it with all files in it`,
      );
    if (failures >= maximumFailures) throw new Error(`the weights could not be fetched: ${problem}`);
    const pause = Math.min(firstPause * 2 ** (failures - 1), longestPause) * pauseFactor;
    log.warn({ problem, failures, pauseSeconds: pause / 1000 }, 'fetching the weights failed; trying again');
    state.write({ state: 'starting', message: `trying again: ${problem}`, bytes });
    await delay(pause, undefined, { signal: stop }).catch(() => undefined);
    stop.throwIfAborted();
  }
  // Its library is in the image. Without it all else works, so that it keeps no worker from starting.
  const voiceProblem = await run(
    'download',
    ['--vocals'],
    AbortSignal.any([stop, AbortSignal.timeout(voicePatience)]),
  );
  stop.throwIfAborted();
  if (voiceProblem !== null)
    log.warn(
      { problem: voiceProblem },
      'the model that takes the voice out of music could not be fetched: until a start can, `clean` leaves the sound as it is',
    );
  if (!verify) return;
  const problem = await run('verify');
  stop.throwIfAborted();
  if (problem !== null)
    throw new Error(`weights in ${folder} are damaged: ${problem}. Delete these files and start again`);

  /** Runs one of the engine's commands. @returns null, or what it told of why it failed */
  async function run(
    action: 'download' | 'verify',
    more: readonly string[] = [],
    until: AbortSignal = stop,
  ): Promise<string | null> {
    let message = action === 'download' ? 'fetching the weights' : 'checking the weights';
    let lastWords = '';
    const problems: string[] = [];
    let totalBytes: number | undefined;
    const before = await folderSize(folder);
    const report = async () => {
      const now = await folderSize(folder);
      state.write({
        state: 'starting',
        message,
        bytes: now,
        ...(totalBytes === undefined ? {} : { totalBytes }),
      });
      return now;
    };
    const take = (line: string) => {
      const parsed = eventLine.safeParse(line);
      if (!parsed.success) {
        log.warn({ line, error: z.prettifyError(parsed.error) }, 'the engine told what is not understood');
        return;
      }
      const event = parsed.data;
      log.info({ event }, 'weights');
      if (event.type === 'plan') totalBytes = before + event.bytes;
      if (event.type === 'fetch') message = `fetching [${event.number}/${event.of}] ${event.place}`;
      if (event.type === 'wait') message = `waiting for another download into ${event.folder}`;
      if (event.type === 'verified' && event.verdict !== 'ok')
        problems.push(`${event.place}: ${event.verdict}`);
      if (event.type === 'failed') problems.push(event.message);
    };
    const note = (line: string) => {
      if (line.trim() === '') return;
      lastWords = line.trim();
      log.info({ line: lastWords }, 'weights');
    };
    await report();
    let logged = Date.now();
    const tell = async () => {
      try {
        const now = await report();
        if (Date.now() - logged < logEvery) return;
        logged = Date.now();
        log.info({ bytes: now, totalBytes, message }, 'weights');
      } catch (error) {
        log.warn({ error: String(error) }, 'the state file');
      }
    };
    const timer = setInterval(() => void tell(), reportEvery);
    try {
      const status = await runChild({
        command: [python, '-m', 'humo_engine', 'weights', action, '--json', ...selection, ...more],
        directory: engineDirectory,
        stop: until,
        patience: 3_000,
        onLine: { stdout: take, stderr: note },
      });
      return status === 0 ? null : problems.join('; ') || lastWords || `status ${status}`;
    } finally {
      clearInterval(timer);
    }
  }
}

/** Bytes of all files below a folder, growing ones included; 0 when there is none. */
async function folderSize(folder: string): Promise<number> {
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch {
    return 0; // not made yet, or a folder in it was just removed
  }
  const sizes = await Promise.all(
    names.map(async (name) => {
      const entry = await stat(join(folder, name)).catch(() => null); // renamed meanwhile
      return entry?.isFile() === true ? entry.size : 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
