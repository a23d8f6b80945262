import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder for the files of one piece of work. It is gone with the end of the `await using` block, whatever happens. */
export async function openScratch(root: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await mkdir(root, { recursive: true });
  const path = await mkdtemp(join(root, 'bot-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Removes what a killed process left behind. Only one bot runs on a data folder. */
export async function clearScratch(root: string): Promise<void> {
  await rm(root, { recursive: true, force: true });
}
