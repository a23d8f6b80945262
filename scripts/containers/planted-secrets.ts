import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Engine } from './docker-engine.ts';
import type { Planted } from './project-copy.ts';

/**
 * Which of the planted files are in a layer of an image, also one that a later layer covers. Reads what `docker save` gives, every byte of it.
 *
 * @returns the planted files that were found, and how many bytes were read
 */
export async function searchLayers(
  engine: Engine,
  images: readonly string[],
  planted: readonly Planted[],
): Promise<{ found: Planted[]; bytes: number }> {
  const [program, ...before] = [...engine.prefix, 'docker'];
  const child = spawn(program, [...before, 'save', ...images], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const search = new Search(planted);
  for await (const chunk of child.stdout) {
    if (Buffer.isBuffer(chunk)) search.take(chunk);
  }
  await ended;
  if (child.exitCode !== 0) throw new Error(`docker save ended with status ${child.exitCode}`);
  return { found: search.found, bytes: search.bytes };
}

/** Looks for marks in a stream, also where they lie across two of its pieces. */
export class Search {
  readonly #planted: readonly Planted[];
  readonly #found = new Set<Planted>();
  readonly #overlap: number;
  #tail: Buffer = Buffer.alloc(0);
  bytes = 0;

  constructor(planted: readonly Planted[]) {
    this.#planted = planted;
    this.#overlap = Math.max(0, ...planted.map(({ mark }) => Buffer.byteLength(mark) - 1));
  }

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, this.#overlap)]);
    for (const each of this.#planted) {
      if (!this.#found.has(each) && (seam.includes(each.mark) || chunk.includes(each.mark)))
        this.#found.add(each);
    }
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-this.#overlap);
  }

  /** in the order in which they were planted */
  get found(): Planted[] {
    return this.#planted.filter((each) => this.#found.has(each));
  }
}
