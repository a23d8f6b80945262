import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
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
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  while (!(await taken(lock))) {
    await removeStale(lock);
    await pause(between);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function removeStale(lock: string): Promise<void> {
  try {
    if (Date.now() - (await stat(lock)).mtimeMs < staleAfter) return;
    // Of several who see it, one moves it away.
    const moved = `${lock}.${randomUUID()}`;
    await rename(lock, moved);
    await rm(moved, { force: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
