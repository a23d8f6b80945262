import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { execa } from 'execa';
import { bareEnvironment, encodeBounds, guarded, MediaProcessError } from './process.ts';

export interface SinkShape {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** frames that are passed over at the start */
  readonly skip: number;
  /** frames that are kept after them; what comes later is passed over, too */
  readonly frames: number;
}

/**
 * Takes raw rgb24 frames piece by piece, while the rest is still being made, and keeps them without loss in a fraction of their size: H.264 in
 * Matroska, in the colours that the video will have. A two-minute clip is 3.6 GB of raw frames at 480 lines; neither disk nor memory ever
 * holds more than a few pieces of them.
 */
export class FrameSink implements AsyncDisposable {
  readonly #encoder;
  readonly #ended: Promise<void>;
  readonly #failed = Promise.withResolvers<never>();
  readonly #shape: SinkShape;
  #work: Promise<void> = Promise.resolve();
  #passed = 0;
  #kept = 0;

  /** @param path of the file; an existing one is replaced. @param signal ends the encoder */
  constructor(path: string, shape: SinkShape, signal: AbortSignal) {
    this.#shape = shape;
    const args = ['-v', 'error', '-y', '-protocol_whitelist', 'file,pipe', '-f', 'rawvideo'];
    args.push('-pixel_format', 'rgb24', '-video_size', `${shape.width}x${shape.height}`);
    args.push('-framerate', String(shape.fps), '-i', 'pipe:0');
    args.push('-vf', 'scale=flags=lanczos:in_range=full:out_range=tv:out_color_matrix=bt709,format=yuv420p');
    args.push(
      '-color_range',
      'tv',
      '-color_primaries',
      'bt709',
      '-color_trc',
      'bt709',
      '-colorspace',
      'bt709',
    );
    args.push('-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-g', String(shape.fps));
    args.push('-map_metadata', '-1', '-fflags', '+bitexact', '-f', 'matroska', path);
    // It lives as long as the engine works: what all media work may take together is for what comes and goes.
    this.#encoder = execa('sh', guarded('ffmpeg', args, encodeBounds), {
      stdin: 'pipe',
      stdout: 'ignore',
      env: bareEnvironment(),
      extendEnv: false,
      reject: false,
      cancelSignal: signal,
      forceKillAfterDelay: 1000,
    });
    // How it ended says `finish`.
    this.#encoder.stdin.on('error', () => undefined);
    this.#ended = this.#watch();
    this.#ended.catch((error: unknown) => this.#failed.reject(error));
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects as soon as something goes wrong, so that nobody makes more frames for it. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  async #watch(): Promise<void> {
    const result = await this.#encoder;
    if (result.failed)
      throw new MediaProcessError('ffmpeg', result.stderr, result.timedOut, { cause: result });
  }

  /** Takes the frames of a file, after those that were given before, and removes it. What goes wrong shows in `finish`. */
  add(path: string): void {
    this.#work = this.#work.then(() => this.#take(path));
    this.#work.catch((error: unknown) => this.#failed.reject(error));
  }

  async #take(path: string): Promise<void> {
    const frame = this.#shape.width * this.#shape.height * 3;
    const [first, last] = [this.#shape.skip * frame, (this.#shape.skip + this.#shape.frames) * frame];
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('a file is read as bytes');
      const wanted = chunk.subarray(Math.max(0, first - this.#passed), Math.max(0, last - this.#passed));
      this.#passed += chunk.length;
      if (wanted.length === 0) continue;
      this.#kept += wanted.length;
      // An encoder that has died takes nothing more: its end says why.
      if (!this.#encoder.stdin.write(wanted))
        await Promise.race([once(this.#encoder.stdin, 'drain'), this.#ended]);
    }
    await rm(path, { force: true });
  }

  /**
   * Waits until all that was given is kept.
   *
   * @throws MediaProcessError; RangeError when frames are missing
   */
  async finish(): Promise<void> {
    await this.#work;
    this.#encoder.stdin.end();
    await this.#ended;
    const kept = this.#kept / (this.#shape.width * this.#shape.height * 3);
    if (kept !== this.#shape.frames) {
      throw new RangeError(`${kept} frames came, and ${this.#shape.frames} belong to the clip`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#encoder.kill('SIGKILL');
    await Promise.allSettled([this.#work, this.#ended]);
  }
}

/** Writes the list of segments that ffmpeg's demuxer `concat` reads. @param names of files in the folder of `path`, letters and digits */
export async function writeSegmentList(path: string, names: readonly string[]): Promise<void> {
  await writeFile(path, ['ffconcat version 1.0', ...names.map((name) => `file ${name}`), ''].join('\n'));
}
