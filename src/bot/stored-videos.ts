import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultUploadLimit, videoLimitBytes } from '../intake/upload-limit.ts';
import type { BotConfig } from '../config/environment.ts';
import { Failure } from '../failure.ts';
import { namingFullDisk } from '../full-disk.ts';
import { markFrame } from '../marking/embed.ts';
import { encodeVideo } from '../media/encode.ts';
import type { DrawMark } from '../media/encode.ts';
import type { Generation, GenerationResult } from '../queue/contract/generation.ts';
import { afterHealthCheck } from '../storage/store.ts';
import { reachable } from '../queue/reachable.ts';
import type { ArtifactStore } from '../storage/store.ts';
import { openScratch } from '../media/scratch.ts';
import type { VideoFile, VideoFiles } from './video-files.ts';

/** When Discord refuses a file, it does not say what it would take: each further try has this share of the last size. */
const shrink = 0.6;

/** Smaller than this, nothing is worth watching. */
const smallestVideo = 64 * 1024;

const encodeTimeout = 5 * 60_000;

/**
 * Videos as the worker stored them, and smaller ones made of them. The watermark stays in those, drawn anew where the picture gets smaller; the
 * signature is of the stored file, and the key is the worker's: they have none, and say so.
 */
export class StoredVideos implements VideoFiles {
  readonly #fps: number;
  readonly #store: Pick<ArtifactStore, 'get' | 'health'>;
  readonly #scratchRoot: string;
  readonly #markOf: (generationId: string) => Promise<bigint>;

  /** @param options.markOf what the watermark of a generation says */
  constructor(options: {
    config: Pick<BotConfig, 'generate'>;
    store: Pick<ArtifactStore, 'get' | 'health'>;
    scratchRoot: string;
    markOf: (generationId: string) => Promise<bigint>;
  }) {
    this.#fps = options.config.generate.fps;
    this.#store = options.store;
    this.#scratchRoot = options.scratchRoot;
    this.#markOf = options.markOf;
  }

  async original(result: GenerationResult): Promise<VideoFile> {
    return { data: await this.#store.get(result.video).catch(afterHealthCheck(this.#store)), result };
  }

  async smaller(
    { id, request, result }: Generation,
    than: VideoFile,
    signal: AbortSignal,
  ): Promise<VideoFile | null> {
    const limitBytes = nextLimit(than.data.length);
    if (result === null || limitBytes < smallestVideo) return null;
    await using scratch = await openScratch(this.#scratchRoot, 'bot');
    const [source, target] = [join(scratch.path, 'stored.mp4'), join(scratch.path, 'smaller.mp4')];
    const stored = await this.#store.get(result.video);
    await namingFullDisk(this.#scratchRoot, () => writeFile(source, stored));
    const payload = result.marking?.watermark === true ? await reachable(this.#markOf(id)) : null;
    const mark = payload === null ? null : (...shown: Parameters<DrawMark>) => markFrame(payload, ...shown);
    try {
      const { bytes, width, height, downscaled } = await encodeVideo(
        { kind: 'mp4', path: source, ...(mark === null ? {} : { mark }) },
        {
          width: result.width,
          height: result.height,
          frames: Math.round(result.seconds * this.#fps),
          fps: this.#fps,
          hasAudio: request.soundtrack !== null,
        },
        target,
        limitBytes,
        { scratch: scratch.path, timeoutMilliseconds: encodeTimeout, signal },
      );
      return {
        data: await readFile(target),
        result: {
          ...result,
          ...{ bytes, width, height, downscaled: downscaled || result.downscaled },
          ...(result.marking === undefined ? {} : { marking: { ...result.marking, signature: false } }),
        },
      };
    } catch (error) {
      if (error instanceof Failure && error.identifier === 'video_does_not_fit') return null;
      throw error;
    }
  }
}

/** First what every channel takes, then less and less. @param bytes size of the file that was refused */
export function nextLimit(bytes: number): number {
  const everywhere = videoLimitBytes(defaultUploadLimit);
  return bytes > everywhere ? everywhere : Math.floor(bytes * shrink);
}
