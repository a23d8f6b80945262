import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Letters, digits, dots and dashes only, whatever a machine is called. */
const machine = hostname().replace(/[^A-Za-z0-9.-]/g, '-');
const pattern = new RegExp(`^${machine.replaceAll('.', '\\.')}_(\\d+)_`);

/**
 * A new folder for the files of one piece of work, `id` part of its name. Dispose of it when they are no longer needed; what a killed process left
 * behind is cleared away by {@link sweepScratch}.
 */
export async function openScratch(root: string, id: string): Promise<{ path: string } & AsyncDisposable> {
  await mkdir(root, { recursive: true });
  const path = await mkdtemp(join(root, `${machine}_${process.pid}_${id}-`));
  return {
    path,
    async [Symbol.asyncDispose]() {
      // An engine that has just been killed may still be creating a file in it.
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Removes the folders of this machine's processes that no longer run. Returns how many. */
export async function sweepScratch(root: string): Promise<number> {
  await mkdir(root, { recursive: true });
  let removed = 0;
  for (const name of await readdir(root)) {
    const owner = pattern.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    await rm(join(root, name), { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

function isAlive(pid: number): boolean {
  // A container's first process has the same id in the next container: what its predecessor left is not its own.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
