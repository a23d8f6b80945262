import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Generation } from '../queue/contract/generation.ts';
import { namingFullDisk } from '../full-disk.ts';
import { openScratch } from '../media/scratch.ts';
import { stillOf } from '../media/still.ts';
import { thumbnailKey } from '../storage/keys.ts';
import { nullIfMissing } from '../storage/store.ts';
import type { ArtifactStore } from '../storage/store.ts';

/** Videos that are read for a still at a time: a list asks for twenty at once. */
const readAtOnce = 2;
const timeoutMilliseconds = 20_000;

/** Small stills of videos, made when somebody asks for the first time and kept beside the video. */
export class Thumbnails {
  readonly #store: Pick<ArtifactStore, 'get' | 'put' | 'fetchTo'>;
  readonly #scratchRoot: string;
  readonly #limit = pLimit(readAtOnce);
  /** those that are being made, by generation */
  readonly #making = new Map<string, Promise<Buffer>>();

  constructor(store: Pick<ArtifactStore, 'get' | 'put' | 'fetchTo'>, scratchRoot: string) {
    this.#store = store;
    this.#scratchRoot = scratchRoot;
  }

  /** @returns a JPEG @throws ArtifactMissing when the video is no longer kept */
  async of(id: string, result: NonNullable<Generation['result']>): Promise<Buffer> {
    const kept = await this.#store.get(thumbnailKey(id)).catch(nullIfMissing);
    if (kept !== null) return kept;
    const under = this.#making.get(id);
    if (under !== undefined) return under;
    const make = () => namingFullDisk(this.#scratchRoot, () => this.#make(id, result));
    const making = this.#limit(make).finally(() => this.#making.delete(id));
    this.#making.set(id, making);
    return making;
  }

  async #make(id: string, { video, seconds }: NonNullable<Generation['result']>): Promise<Buffer> {
    await using scratch = await openScratch(this.#scratchRoot, 'api');
    const [source, target] = [join(scratch.path, 'video.mp4'), join(scratch.path, 'still.jpg')];
    await this.#store.fetchTo(video, source);
    const still = await stillOf(source, { seconds }, target, { scratch: scratch.path, timeoutMilliseconds });
    await this.#store.put(thumbnailKey(id), still);
    return still;
  }
}
