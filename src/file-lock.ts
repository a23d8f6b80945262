import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from './error-code.ts';

/** Whoever works on a small file is done in milliseconds: after this, they died over it. Milliseconds. */
const staleAfter = 10_000;
const between = 20;

/**
 * Reads and writes a file while nobody else does, in this process or another on this machine: of two that change it at once, both count. The
 * turn is a file beside it, `….lock`. Of the libraries, proper-lockfile does the same with three packages of its own, and what asks the kernel
 * (fs-native-extensions) is native code in an image that needs it for nothing else.
 *
 * @param file in a folder that is there
 * @param look when a lock was taken
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, look: Look = stat): Promise<T> {
  const lock = `${file}.lock`;
  while (!(await taken(lock))) {
    await removeStale(lock, look);
    await pause(between);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** As `stat` of Node. */
type Look = (path: string) => Promise<{ readonly mtimeMs: number }>;

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Takes away what somebody left who died. Of several who see it one does, and looks once more when it is their turn: by then another may have
 * taken it away, and a third taken the lock.
 */
async function removeStale(lock: string, look: Look): Promise<void> {
  if (!(await isStale(lock, look))) return;
  const turn = `${lock}.stale`;
  if (!(await taken(turn))) {
    if (await isStale(turn, look)) await rm(turn, { force: true });
    return;
  }
  try {
    if (await isStale(lock, look)) await rm(lock, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

async function isStale(path: string, look: Look): Promise<boolean> {
  try {
    return Date.now() - (await look(path)).mtimeMs >= staleAfter;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
