import { mkdir, statfs } from 'node:fs/promises';
import type { ArtifactStore } from '../storage/store.ts';
import { WorkerUnable } from '../queue/jobs/worker-unable.ts';
import { mebibyte } from '../units.ts';

/** The largest video that anybody takes, with what stands beside it. */
const roomForVideo = 128 * mebibyte;

/** The raw frames of the largest clip (129 of 1280×720, 24 bits a pixel: 340 MiB), its video in two passes, and something to spare. */
const roomNeeded = 1024 * mebibyte;

/** A worker that waits looks for work every two seconds; asking a store that is paid by the request so often would be dear. */
const lookEvery = 30_000;

/** What a worker needs besides its engine: a store that answers, and room on its disk. */
export class Machine {
  readonly #store: Pick<ArtifactStore, 'health'>;
  readonly #scratchRoot: string;
  readonly #storeFolder: string | null;
  #soundUntil = 0;

  /** @param storeFolder where the store keeps files, which may be on another disk; null: it keeps none here */
  constructor(store: Pick<ArtifactStore, 'health'>, scratchRoot: string, storeFolder: string | null) {
    this.#store = store;
    this.#scratchRoot = scratchRoot;
    this.#storeFolder = storeFolder;
  }

  /** Looks, unless it has just done so and found all well. @throws Error that says what is missing */
  async require(): Promise<void> {
    if (performance.now() < this.#soundUntil) return;
    await this.#store.health();
    await requireRoom(this.#scratchRoot, roomNeeded, 'a clip');
    if (this.#storeFolder !== null) await requireRoom(this.#storeFolder, roomForVideo, 'a video');
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

async function requireRoom(folder: string, needed: number, what: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  const left = Math.floor((bavail * bsize) / mebibyte);
  throw new WorkerUnable(
    `${folder} has ${left} MiB left, and ${what} needs up to ${needed / mebibyte}: make room there, or set DATA_DIRECTORY to a folder on a larger disk`,
  );
}
