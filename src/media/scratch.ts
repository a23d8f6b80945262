import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../error-code.ts';
import { namingFullDisk } from '../full-disk.ts';

/** Letters, digits, dots and dashes only, whatever a machine is called. */
const machine = hostname().replace(/[^A-Za-z0-9.-]/g, '-');
const pattern = /^([A-Za-z0-9.-]+)_(\d+)_/;

/** How often a folder in use says so, by its time of modification: milliseconds. */
const signEvery = 60_000;
/** After how long without such a sign a folder of another machine belongs to nobody: milliseconds. Clocks may differ by some of it. */
const silence = 15 * 60_000;
const sweepEvery = 10 * 60_000;

/** What this process is using. */
const open = new Set<string>();

/**
 * A new folder for the files of one piece of work, `id` part of its name. Dispose of it when they are no longer needed; what a killed process left
 * behind is cleared away by {@link sweepScratch}.
 */
export async function openScratch(root: string, id: string): Promise<{ path: string } & AsyncDisposable> {
  const path = await namingFullDisk(root, async () => {
    await mkdir(root, { recursive: true });
    return mkdtemp(join(root, `${machine}_${process.pid}_${id}-`));
  });
  open.add(path);
  const sign = setInterval(() => {
    const now = new Date();
    // One that is gone needs none.
    utimes(path, now, now).catch(() => undefined);
  }, signEvery);
  sign.unref();
  return {
    path,
    async [Symbol.asyncDispose]() {
      clearInterval(sign);
      // An engine that has just been killed may still be creating a file in it.
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      open.delete(path);
    },
  };
}

/**
 * Removes what killed processes left behind: folders of this machine's processes that no longer run, and folders of other machines that gave no
 * sign for long. A container that is made anew is another machine, with another name, on the same volume.
 *
 * @param now milliseconds since 1970
 * @returns how many
 */
export async function sweepScratch(root: string, now = Date.now()): Promise<number> {
  await mkdir(root, { recursive: true });
  let removed = 0;
  for (const name of await readdir(root)) {
    const [, owner, pid] = pattern.exec(name) ?? [];
    const path = join(root, name);
    if (owner === undefined || open.has(path)) continue;
    // In a container that started again, the number of a killed process soon belongs to another one, which is alive.
    const isOrphan = owner === machine && !isAlive(Number(pid));
    if (!isOrphan && !(await isSilent(path, now))) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

/**
 * Sweeps now, and every few minutes: what was in use a moment ago may belong to nobody by then.
 *
 * @param onSwept called with how many folders went, when there were any
 * @returns how to stop
 */
export async function keepScratchSwept(
  root: string,
  onSwept: (folders: number) => void = () => undefined,
): Promise<() => void> {
  const sweep = async () => {
    const folders = await sweepScratch(root);
    if (folders > 0) onSwept(folders);
  };
  await sweep();
  // A disk that fails is noticed by whoever needs it.
  const timer = setInterval(() => void sweep().catch(() => undefined), sweepEvery);
  timer.unref();
  return () => clearInterval(timer);
}

async function isSilent(path: string, now: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < now - silence;
  } catch {
    return false; // its owner has just removed it
  }
}

function isAlive(pid: number): boolean {
  // A container's first process has the same id in the next container: what its predecessor left is not its own.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
