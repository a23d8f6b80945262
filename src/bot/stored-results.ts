import type { Results } from '../commands/support/services.ts';
import { Failure } from '../failure.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { thumbnailKey } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';
import type { VideoFiles } from './video-files.ts';

/** The stored videos, for whoever wants one again. */
export class StoredResults implements Results {
  readonly #videos: VideoFiles;
  readonly #store: Pick<ArtifactStore, 'delete'>;

  constructor(videos: VideoFiles, store: Pick<ArtifactStore, 'delete'>) {
    this.#videos = videos;
    this.#store = store;
  }

  async video(generation: Generation, limitBytes: number, signal: AbortSignal): Promise<Buffer> {
    const { result, deletedAt } = generation;
    if (result === null || deletedAt !== null) throw new Failure('invalid_input', 'files_expired');
    let video = await this.#videos.original(result);
    while (video.data.length > limitBytes) {
      const smaller = await this.#videos.smaller(generation, video, signal);
      if (smaller === null) throw new Failure('too_large', 'video_too_large_for_channel');
      video = smaller;
    }
    return video.data;
  }

  async remove({ id, result }: Generation): Promise<void> {
    if (result === null) return;
    await this.#store.delete(result.video);
    await this.#store.delete(thumbnailKey(id));
  }
}
