import { mkdir, statfs } from 'node:fs/promises';
import type { ArtifactStore } from '../storage/store.ts';
import { WorkerUnable } from '../queue/jobs/worker-unable.ts';
import { mebibyte } from '../units.ts';

/** The raw frames of the largest clip (129 of 1280×720, 24 bits a pixel: 340 MiB), its video in two passes, and something to spare. */
const roomNeeded = 1024 * mebibyte;

/** A worker that waits looks for work every two seconds; asking a store that is paid by the request so often would be dear. */
const lookEvery = 30_000;

/** What a worker needs besides its engine: a store that answers, and room on its disk. */
export class Machine {
  readonly #store: Pick<ArtifactStore, 'health'>;
  readonly #scratchRoot: string;
  #soundUntil = 0;

  constructor(store: Pick<ArtifactStore, 'health'>, scratchRoot: string) {
    this.#store = store;
    this.#scratchRoot = scratchRoot;
  }

  /** Looks, unless it has just done so and found all well. @throws Error that says what is missing */
  async require(): Promise<void> {
    if (performance.now() < this.#soundUntil) return;
    await this.#store.health();
    await mkdir(this.#scratchRoot, { recursive: true });
    const { bavail, bsize } = await statfs(this.#scratchRoot);
    const mebibytes = Math.floor((bavail * bsize) / 1024 / 1024);
    if (bavail * bsize < roomNeeded) {
      throw new WorkerUnable(
        `${this.#scratchRoot} has ${mebibytes} MiB left, and a clip needs up to ${roomNeeded / 1024 / 1024}: make room`,
      );
    }
    this.#soundUntil = performance.now() + lookEvery;
  }

  /** Does work; when that fails, the next {@link require} looks in any case. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#soundUntil = 0;
      throw error;
    }
  }
}
