import { setTimeout as pause } from 'node:timers/promises';
import { ancestorsOf, hasEnded } from '../queue/contract/generation.ts';
import type { Generation } from '../queue/contract/generation.ts';
import type { ErasableEntry, ErasableName, Erasure } from '../queue/people/personal-data.ts';
import { everything } from '../queue/interfaces.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { artifactsOf } from '../storage/keys.ts';
import type { ArtifactStore } from '../storage/store.ts';

/** A final message takes a second or two where a bot runs. */
const tellTimeout = 5_000;

/** A forward pass of the largest model on a slow card, and the way back. */
const stopTimeout = 90_000;

const stopped = { code: 'cancelled', identifier: 'cancelled_by_user', context: {} } as const;

/** What is stored of a person. */
export interface StoredOfPerson {
  /** newest first */
  readonly generations: readonly Generation[];
  /** what others made from these, with copies of the files; empty where it was not looked for */
  readonly copies: readonly Generation[];
  readonly entries: Readonly<Record<ErasableName, readonly ErasableEntry[]>>;
}

export interface ErasedOfPerson {
  readonly generations: number;
  readonly files: number;
  /** in Redis */
  readonly entries: number;
}

/** Something still runs: its worker would write files that nobody removes. */
export class StillRunning extends Error {
  override readonly name = 'StillRunning';
}

/** Finds and erases what is stored of a person, for the command line and for the person alike. */
export class PersonErasure {
  readonly #queue: Pick<GenerationQueue, 'list' | 'get' | 'cancel' | 'abandon'>;
  readonly #erasure: Erasure;
  readonly #store: Pick<ArtifactStore, 'deletePrefix' | 'size' | 'delete'>;

  constructor(parts: {
    queue: Pick<GenerationQueue, 'list' | 'get' | 'cancel' | 'abandon'>;
    erasure: Erasure;
    store: Pick<ArtifactStore, 'deletePrefix' | 'size' | 'delete'>;
  }) {
    this.#queue = parts.queue;
    this.#erasure = parts.erasure;
    this.#store = parts.store;
  }

  /** @param options.copies looks for what others made from it, among all that there is */
  async find(userId: string, options: { copies: boolean }): Promise<StoredOfPerson> {
    return {
      ...(await this.#generationsOf(userId, options.copies)),
      entries: await this.#erasure.entriesOf(userId),
    };
  }

  /**
   * Stops what waits, runs or is on its way to the person, then removes files, records and entries. What they have asked for by then and
   * is still being read is not accepted any more.
   *
   * @param options.copies also what others made from it
   * @param options.kept kinds of entries that stay
   * @throws StillRunning when a worker does not let go
   */
  async erase(
    userId: string,
    options: { copies: boolean; kept?: readonly ErasableName[] },
  ): Promise<ErasedOfPerson> {
    await this.#erasure.begin(userId);
    let isErased = false;
    try {
      const erased = await this.#eraseHeld(userId, options);
      isErased = true;
      return erased;
    } finally {
      await this.#erasure.end(userId, isErased);
    }
  }

  async #eraseHeld(
    userId: string,
    options: { copies: boolean; kept?: readonly ErasableName[] },
  ): Promise<ErasedOfPerson> {
    const chosen = async () => {
      const { generations, copies } = await this.#generationsOf(userId, options.copies);
      return [...generations, ...copies];
    };
    await this.#stopAll((await chosen()).filter((generation) => !hasEnded(generation)));
    // How what was open has ended.
    const all = await chosen();
    const files = await this.#removeFiles(all);
    const records = await this.#erasure.removeRecords(all);
    const entries = records + (await this.#erasure.removePerson(userId, options.kept));
    return { generations: all.length, files, entries };
  }

  /** As {@link Erasure.forget}. */
  forget(): Promise<string | null> {
    return this.#erasure.forget();
  }

  /** The person's generations, and what others made from them, from those, and so on. */
  async #generationsOf(
    userId: string,
    withCopies: boolean,
  ): Promise<{ generations: Generation[]; copies: Generation[] }> {
    const generations = await this.#queue.list({ userId, limit: everything });
    if (!withCopies) return { generations, copies: [] };
    const sources = new Set(generations.map(({ id }) => id));
    const copies: Generation[] = [];
    // Oldest first: a copy of a copy comes after what it was made from.
    for (const generation of (await this.#queue.list({ limit: everything })).toReversed()) {
      if (generation.userId === userId) continue;
      if (!ancestorsOf(generation).some((id) => sources.has(id))) continue;
      sources.add(generation.id);
      copies.push(generation);
    }
    return { generations, copies };
  }

  async #stopAll(open: readonly Generation[]): Promise<void> {
    for (const { id } of open) {
      await this.#queue.cancel(id, stopped);
    }
    const end = Date.now() + stopTimeout;
    for (const { id } of open) {
      while ((await this.#queue.get(id))?.status === 'running') {
        if (Date.now() > end) throw new StillRunning(`${id} still runs; try again when it has ended`);
        await pause(250);
      }
    }
    // What was done already, or was done in the moment in which it was stopped, may be on its way, or wait for its next try.
    for (const { id } of open) await this.#queue.abandon(id, stopped);
    // Whoever waits is told that it was stopped, if a bot is there to say so: with the record, the words would go.
    const told = Date.now() + tellTimeout;
    for (const { id } of open) {
      while (Date.now() < told && (await this.#queue.get(id))?.deliveredAt === null) await pause(250);
    }
  }

  async #removeFiles(generations: readonly Generation[]): Promise<number> {
    let count = 0;
    for (const { id, result, progress } of generations) {
      const { keys, prefixes } = artifactsOf(id);
      for (const prefix of prefixes) count += await this.#store.deletePrefix(prefix);
      const single = new Set(keys);
      for (const key of [result?.video, progress?.preview]) if (typeof key === 'string') single.add(key);
      for (const key of single) {
        if ((await this.#store.size(key)) === null) continue;
        await this.#store.delete(key);
        count += 1;
      }
    }
    return count;
  }
}
