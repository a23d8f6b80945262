import { open, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { Redis } from 'ioredis';
import { redisOptions } from '../config/redis-options.ts';
import type { RedisServer } from '../config/redis-url.ts';
import { namingFullDisk } from '../full-disk.ts';
import { lifetimeInMemory } from './keys.ts';
import { ArtifactMissing, assertKey, assertPrefix } from './store.ts';
import type { ArtifactEntry, ArtifactPart, ArtifactSource, ArtifactStore } from './store.ts';
import { mebibyte } from '../units.ts';

/** One Redis string of this size at most: large values block the server while they are copied. */
const chunkBytes = mebibyte;
/** Of a chunk whose artifact is not there yet: what a killed process had written so far is soon gone. */
const unfinishedSeconds = 60 * 60;

/**
 * Artifacts in Redis, for a bot and workers that share nothing else. A value is a few chunks under a fresh name, and
 * an entry that points at them; writing the entry last is what makes the value appear whole. Artifacts end by themselves, so that a
 * forgotten one never fills the memory.
 */
export function createRedisStore(server: RedisServer, prefix: string): ArtifactStore {
  const redis = new Redis({
    ...redisOptions(server, { longestPause: 2_000 }),
    ...options,
  });
  redis.on('error', () => {
    // Every command reports its own failure; without a listener the process would end.
  });
  const index = `${prefix}:artifacts`;
  const chunkKey = (name: string, number: number) => `${prefix}:artifact:${name}:${number}`;

  const read = async (key: string): Promise<Entry | null> => {
    const text = await redis.hget(index, assertKey(key));
    if (text === null) return null;
    const entry: Entry = JSON.parse(text);
    return entry;
  };
  /** The chunks may have ended before the entry: then there is no artifact. */
  const isThere = async ({ name, chunks }: Entry): Promise<boolean> =>
    chunks === 0 || (await redis.exists(chunkKey(name, chunks - 1))) === 1;
  const removeChunks = async (entry: Entry) => {
    const keys = Array.from({ length: entry.chunks }, (_, number) => chunkKey(entry.name, number));
    if (keys.length > 0) await redis.unlink(...keys);
  };
  const remove = async (key: string): Promise<boolean> => {
    const entry = await read(key);
    if (entry === null) return false;
    await redis.hdel(index, key);
    await removeChunks(entry);
    return true;
  };
  const all = async (): Promise<ArtifactEntry[]> => {
    const found: ArtifactEntry[] = [];
    let cursor = '0';
    do {
      const [next, pairs] = await redis.hscan(index, cursor, 'COUNT', 500);
      cursor = next;
      for (let position = 0; position < pairs.length; position += 2) {
        const entry: Entry | null = JSON.parse(pairs[position + 1] ?? 'null');
        if (entry !== null)
          found.push({ key: pairs[position] ?? '', bytes: entry.bytes, writtenAt: entry.writtenAt });
      }
    } while (cursor !== '0');
    return [...new Map(found.map((entry) => [entry.key, entry])).values()];
  };
  /** @throws ArtifactMissing where a piece of it is gone: all of them end at the same time */
  const pieces = async function* (key: string, { name, chunks }: Entry, part: ArtifactPart) {
    // All but the last are of one size: those before the part are not read.
    const first = Math.floor(part.start / chunkBytes);
    let at = first * chunkBytes;
    for (let number = first; number < chunks && at <= part.end; number += 1) {
      const chunk = await redis.getBuffer(chunkKey(name, number));
      if (chunk === null) throw new ArtifactMissing(key);
      const piece = chunk.subarray(Math.max(0, part.start - at), part.end + 1 - at);
      if (piece.length > 0) yield piece;
      at += chunk.length;
    }
  };
  const get = async (key: string): Promise<Buffer> => {
    const entry = await read(key);
    if (entry === null) throw new ArtifactMissing(key);
    const chunks = await Promise.all(
      Array.from({ length: entry.chunks }, (_, number) => redis.getBuffer(chunkKey(entry.name, number))),
    );
    const whole = chunks.filter((chunk) => chunk !== null);
    if (whole.length === entry.chunks) return Buffer.concat(whole);
    // Either their time was over, or the artifact was replaced while it was read: then there is a newer one to read.
    const newer = await read(key);
    if (newer === null || newer.name === entry.name) throw new ArtifactMissing(key);
    return get(key);
  };

  return {
    async put(key: string, source: ArtifactSource) {
      assertKey(key);
      const name = randomUUID();
      let bytes = 0;
      let chunks = 0;
      for await (const chunk of chunksOf(source)) {
        await redis.set(chunkKey(name, chunks), chunk, 'EX', unfinishedSeconds);
        bytes += chunk.byteLength;
        chunks += 1;
      }
      const entry: Entry = { name, chunks, bytes, writtenAt: Date.now() };
      const appearing = redis.multi();
      for (let number = 0; number < chunks; number += 1) {
        appearing.pexpire(chunkKey(name, number), lifetimeInMemory(key));
      }
      appearing.hget(index, key).hset(index, key, JSON.stringify(entry));
      const answers = (await appearing.exec()) ?? [];
      for (const [error] of answers) if (error !== null) throw error;
      const earlier = answers.at(-2)?.[1];
      if (typeof earlier === 'string') await removeChunks(JSON.parse(earlier));
      return { bytes };
    },
    get,
    async open(key, part) {
      const entry = await read(key);
      if (entry === null || !(await isThere(entry))) throw new ArtifactMissing(key);
      const { start, end } = part ?? { start: 0, end: entry.bytes - 1 };
      return Readable.from(pieces(key, entry, { start, end }), { objectMode: false, highWaterMark: 1 });
    },
    async fetchTo(key, path) {
      const data = await get(key);
      await namingFullDisk(dirname(path), () => writeFile(path, data));
    },
    async size(key) {
      const entry = await read(key);
      if (entry === null) return null;
      return (await isThere(entry)) ? entry.bytes : null;
    },
    async delete(key) {
      await remove(assertKey(key));
    },
    async deletePrefix(given) {
      assertPrefix(given);
      let count = 0;
      for (const entry of await all()) {
        if (entry.key.startsWith(given) && (await remove(entry.key))) count += 1;
      }
      return count;
    },
    // Redis does, by the time that each chunk has.
    deleteUnfinished: () => Promise.resolve(0),
    async list(given) {
      assertPrefix(given);
      return (await all())
        .filter((entry) => entry.key.startsWith(given))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async health() {
      await redis.ping();
    },
    async close() {
      redis.disconnect();
      await Promise.resolve();
    },
  };
}

const options = {
  maxRetriesPerRequest: 2,
  enableReadyCheck: true,
  // A line may have been cut without a word. A chunk on a slow one takes its time.
  socketTimeout: 60_000,
};

interface Entry {
  readonly name: string;
  readonly chunks: number;
  readonly bytes: number;
  readonly writtenAt: number;
}

async function* chunksOf(source: ArtifactSource): AsyncGenerator<Buffer> {
  if (source instanceof Uint8Array) {
    const whole = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
    for (let start = 0; start < whole.length; start += chunkBytes)
      yield whole.subarray(start, start + chunkBytes);
    return;
  }
  const file = await open(source.path);
  try {
    const chunks: AsyncIterable<Buffer> = file.createReadStream({
      highWaterMark: chunkBytes,
      autoClose: false,
    });
    yield* chunks;
  } finally {
    await file.close();
  }
}
