import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** A set-up that cannot go on; the message says what to do, and no trace is shown. */
export class SetupError extends Error {}

/** Says what is being done. On stderr, so that what a command prints stays clean. */
export function say(text) {
  process.stderr.write(`[setup] ${text}\n`);
}

/**
 * Runs a program to its end and returns its output.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ environment?: Record<string, string>, timeout?: number, show?: boolean }} [options] `show`: let its output through
 * @returns {Promise<{ status: number, output: string }>} status 127 when there is no such program
 */
export function execute(program, args, { environment = {}, timeout, show = false } = {}) {
  return new Promise((resolve) => {
    const options = {
      cwd: root,
      // What Python compiles of the packages stays beside them, whatever the caller's Python is told: an engine starts in 6 s of a core instead of 15.
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '', ...environment },
      ...(timeout === undefined ? {} : { timeout }),
    };
    if (show) {
      const child = spawn(program, args, { ...options, stdio: ['ignore', 2, 2] });
      child.once('error', () => resolve({ status: 127, output: '' }));
      child.once('exit', (code) => resolve({ status: code ?? 1, output: '' }));
      return;
    }
    execFile(program, args, { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const status =
        error === null ? 0 : typeof error.code === 'number' ? error.code : error.code === 'ENOENT' ? 127 : 1;
      resolve({ status, output: `${stdout}${stderr}` });
    });
  });
}

/** As {@link execute}; SetupError with the end of the output when it fails. */
export async function executeOrStop(program, args, options = {}) {
  const { status, output } = await execute(program, args, options);
  if (status !== 0)
    throw new SetupError(
      `${[program, ...args].join(' ')} failed (status ${status}).\n${output.trim().slice(-3000)}`,
    );
  return output;
}

/** A text that changes when any of the given files or values does. */
export function fingerprint(files, ...values) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(root, file)));
  for (const value of values) hash.update(`\0${value}`);
  return hash.digest('hex');
}

export function readStamp(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null; // not set up yet
  }
}

export function writeStamp(file, text) {
  writeFileSync(file, text);
}

/**
 * Two set-ups of one folder at once would trip over each other: the second one waits for the first. By code of ours, since this runs before
 * any npm package is there, and not by `flock`, since set-up also runs where util-linux is not (macOS).
 */
export async function withSetupLock(work) {
  const folder = join(root, '.setup');
  const lock = join(folder, 'lock');
  mkdirSync(folder, { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerLives(lock)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) say('another set-up of this folder is running; waiting for it');
    told = true;
    await pause(500);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function ownerLives(lock) {
  return isAlive(Number(readStamp(lock) ?? NaN));
}

/** Whether there is a process of this number, whoever's. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
