import { renameSync, writeFileSync } from 'node:fs';

/** What the container is doing, for docker/healthcheck.mjs to read. */
export type ContainerState =
  /** getting ready; `bytes` lie in the weights folder, of `totalBytes` once that is known */
  | {
      readonly state: 'starting';
      readonly message: string;
      readonly bytes?: number;
      readonly totalBytes?: number;
    }
  /** the worker runs, as this process, and answers for itself from here on */
  | { readonly state: 'running'; readonly pid: number }
  /** it cannot go on, and is about to end */
  | { readonly state: 'failed'; readonly message: string };

export interface StateFile {
  /** Replaces what the file says. The file is always whole. */
  write(state: ContainerState): void;
}

/** Opens the state file; the first write makes it. Errors are the file system's. */
export function openStateFile(path: string): StateFile {
  return {
    write(state) {
      const next = `${path}.new`;
      writeFileSync(next, `${JSON.stringify({ ...state, updated: new Date().toISOString() })}\n`);
      renameSync(next, path);
    },
  };
}
