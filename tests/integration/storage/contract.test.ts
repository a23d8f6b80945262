import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { createFileStore } from '../../../src/storage/file-store.ts';
import { createRedisStore } from '../../../src/storage/redis-store.ts';
import { createS3Store } from '../../../src/storage/s3-store.ts';
import { ArtifactMissing } from '../../../src/storage/store.ts';
import type { ArtifactStore } from '../../../src/storage/store.ts';
import { removeExpired } from '../../../src/worker/expired-artifacts.ts';
import { startRedis } from '../../support/redis.ts';
import { startS3 } from '../../support/s3.ts';

interface Kind {
  readonly name: string;
  /** false where the server of the test itself replaces an object in place, which real S3 never does */
  readonly replacesWhole: boolean;
  readonly start: () => Promise<{ open: () => ArtifactStore; stop: () => Promise<void> }>;
}

const kinds: readonly Kind[] = [
  {
    name: 'file',
    replacesWhole: true,
    async start() {
      const folder = await mkdtemp(join(tmpdir(), 'humo-store-'));
      return { open: () => createFileStore(folder), stop: () => rm(folder, { recursive: true }) };
    },
  },
  {
    name: 'redis',
    replacesWhole: true,
    async start() {
      const redis = await startRedis();
      return { open: () => createRedisStore(redis, 'test'), stop: () => redis.stop() };
    },
  },
  {
    name: 's3',
    replacesWhole: false,
    async start() {
      const server = await startS3('artifacts');
      return { open: () => createS3Store(server.settings), stop: () => server.stop() };
    },
  },
];

describe.each(kinds)('the $name store', ({ start, replacesWhole }) => {
  let running: Awaited<ReturnType<Kind['start']>>;
  let store: ArtifactStore;
  let folder: string;
  beforeAll(async () => {
    running = await start();
    store = running.open();
    folder = await mkdtemp(join(tmpdir(), 'humo-store-test-'));
  });
  afterEach(async () => {
    await store.deletePrefix('inputs/');
    await store.deletePrefix('results/');
  });
  afterAll(async () => {
    await store.close();
    await running.stop();
    await rm(folder, { recursive: true });
  });

  test('gives back what was put, byte for byte, also to another process of ours', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    expect(await store.put('inputs/g-1/image-1.png', bytes)).toEqual({ bytes: 256 });
    await using other = closing(running.open());
    expect(await other.store.get('inputs/g-1/image-1.png')).toEqual(bytes);
    expect(await other.store.size('inputs/g-1/image-1.png')).toBe(256);
  });

  test('gives a part of a large file, or all of it, piece by piece', async () => {
    const key = 'results/large.mp4';
    const bytes = Buffer.from(Uint32Array.from({ length: 600_000 }, (_, value) => value).buffer);
    const path = join(folder, 'large');
    await writeFile(path, bytes);
    await store.put(key, { path });
    const read = async (part?: { start: number; end: number }) => {
      const pieces: Buffer[] = await (await store.open(key, part)).toArray();
      return { bytes: Buffer.concat(pieces), largest: Math.max(...pieces.map(({ length }) => length)) };
    };
    const whole = await read();
    expect(whole.bytes.equals(bytes)).toBe(true);
    expect(whole.largest).toBeLessThanOrEqual(1024 * 1024);
    for (const [from, to] of [
      [0, 0],
      [1_048_570, 1_048_590],
      [2_097_152, 2_399_999],
      [5, 2_300_000],
    ] as const) {
      expect((await read({ start: from, end: to })).bytes.equals(bytes.subarray(from, to + 1))).toBe(true);
    }
    await expect(store.open('results/none.mp4')).rejects.toThrow(ArtifactMissing);
  });

  test('keeps files of several megabytes whole, from a path to a path', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 17, 'sound and picture');
    const [source, target] = [join(folder, 'given.bin'), join(folder, 'fetched.bin')];
    await writeFile(source, bytes);
    expect(await store.put('results/g-1/video.mp4', { path: source })).toEqual({ bytes: bytes.length });
    await store.fetchTo('results/g-1/video.mp4', target);
    expect((await readFile(target)).equals(bytes)).toBe(true);
  });

  test('keeps an empty file', async () => {
    await store.put('inputs/g-1/empty', Buffer.alloc(0));
    expect(await store.get('inputs/g-1/empty')).toEqual(Buffer.alloc(0));
    expect(await store.size('inputs/g-1/empty')).toBe(0);
  });

  test('what is missing has a name: get and fetchTo throw, size is null, delete is silent', async () => {
    await expect(store.get('inputs/g-9/none')).rejects.toThrow(ArtifactMissing);
    await expect(store.fetchTo('inputs/g-9/none', join(folder, 'none'))).rejects.toThrow(ArtifactMissing);
    await expect(readFile(join(folder, 'none'))).rejects.toThrow('ENOENT');
    expect(await store.size('inputs/g-9/none')).toBeNull();
    await store.delete('inputs/g-9/none');
  });

  test.runIf(replacesWhole)(
    'a reader sees the old file or the new one, never a mixture and never nothing',
    async () => {
      const versions = ['a', 'b'].map((letter) => Buffer.alloc(2_500_000, letter));
      const isWhole = (bytes: Buffer) => versions.some((version) => version.equals(bytes));
      await store.put('results/g-1/video.mp4', versions[0] ?? Buffer.alloc(0));
      const writing = (async () => {
        for (let round = 0; round < 8; round += 1) {
          await store.put('results/g-1/video.mp4', versions[round % 2] ?? Buffer.alloc(0));
        }
        return 'written' as const;
      })();
      let reads = 0;
      for (let done = false; !done || reads < 3; reads += 1) {
        expect(isWhole(await store.get('results/g-1/video.mp4'))).toBe(true);
        done = (await Promise.race([writing, Promise.resolve('writing')])) === 'written';
      }
    },
  );

  test('lists and deletes below a prefix only', async () => {
    for (const key of ['inputs/g-1/b', 'inputs/g-1/a', 'inputs/g-10/a', 'results/g-1/a'])
      await store.put(key, Buffer.from(key));
    expect((await store.list('inputs/g-1/')).map(({ key, bytes }) => [key, bytes])).toEqual([
      ['inputs/g-1/a', 12],
      ['inputs/g-1/b', 12],
    ]);
    expect(await store.deletePrefix('inputs/g-1/')).toBe(2);
    expect(await store.list('inputs/g-1/')).toEqual([]);
    expect((await store.get('inputs/g-10/a')).toString()).toBe('inputs/g-10/a');
    expect((await store.get('results/g-1/a')).toString()).toBe('results/g-1/a');
  });

  test('the sweep takes what is old and ours, and leaves what is newer or somebody else’s', async () => {
    const id = '01J00000000000000000000000';
    const ours = [`inputs/${id}/image-1.png`, `videos/${id}.mp4`, `videos/${id}.json`, `previews/${id}.jpg`];
    const others = ['weights/model.safetensors', 'videos/holiday.mp4', 'inputs/notes'];
    for (const key of [...ours, ...others]) await store.put(key, Buffer.from('a'));
    const month = 32 * 24 * 3600_000;
    const written = Date.now();
    expect(await removeExpired(store, written + month - 60_000)).toBe(0);
    expect(await removeExpired(store, written + month + 60_000)).toBe(ours.length);
    for (const key of ours) expect(await store.size(key)).toBeNull();
    for (const key of others) {
      expect(await store.size(key)).toBe(1);
      await store.delete(key);
    }
  });

  test.each([
    '../secret',
    'inputs/../../secret',
    '/etc/passwd',
    'inputs//a',
    '.partial/a',
    'a b',
    '',
    'inputs/a\n',
  ])('refuses the key %j before it touches anything', async (key) => {
    await expect((async () => store.put(key, Buffer.from('x')))()).rejects.toThrow(RangeError);
    await expect((async () => store.get(key))()).rejects.toThrow(RangeError);
    await expect((async () => store.deletePrefix(`${key}/`))()).rejects.toThrow(RangeError);
  });

  test('is healthy while it runs', async () => {
    await expect(store.health()).resolves.toBeUndefined();
  });
});

test('a write whose process was killed leaves nothing in the folder for ever', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-store-'));
  try {
    const store = createFileStore(folder);
    await store.put('inputs/g-1/a', Buffer.from('a'));
    await writeFile(join(folder, '.partial', 'half'), 'half a vid');
    const hour = 3600_000;
    expect(await removeExpired(store, Date.now() + 23 * hour)).toBe(0);
    expect(await removeExpired(store, Date.now() + 25 * hour)).toBe(1);
    expect(await readdir(join(folder, '.partial'))).toEqual([]);
    expect(await store.size('inputs/g-1/a')).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('in Redis inputs live as long as they can be used again, videos for a week, and half a write for an hour', async () => {
  await using redis = await startRedis();
  await using opened = closing(createRedisStore(redis, 'test'));
  await using connection = connected(redis.url);
  const hour = 3600_000;
  const longest = async () => {
    const keys = await connection.redis.keys('test:artifact:*');
    const times = await Promise.all(keys.map(async (key) => connection.redis.pttl(key)));
    return Math.ceil(Math.max(...times) / hour);
  };
  await opened.store.put('videos/01J00000000000000000000000.mp4', Buffer.alloc(2 * 1024 * 1024 + 1));
  expect(await longest()).toBe(7 * 24);
  await opened.store.put('inputs/01J00000000000000000000000/image-1.png', Buffer.from('a'));
  expect(await longest()).toBe(32 * 24);
  await connection.redis.flushall();
  // The last step is refused as a whole: the write ends where a killed process would have ended.
  await connection.redis.acl('SETUSER', 'default', '-hset');
  const write = opened.store.put('inputs/01J00000000000000000000000/image-1.png', Buffer.from('a'));
  await expect(write).rejects.toThrow('EXECABORT');
  expect(await longest()).toBe(1);
});

test('a bucket whose server no longer answers is an error, not a wait without end', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const settings = { kind: 's3', bucket: 'artifacts', region: 'us-east-1', ...credentials } as const;
  const endpoint = `http://127.0.0.1:${address.port}`;
  try {
    await using opened = closing(
      createS3Store({ ...settings, endpoint }, { connectionTimeout: 1000, socketTimeout: 50 }),
    );
    await expect(opened.store.get('inputs/g-1/a')).rejects.toThrow(/timed? ?out/i);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

test('a Redis with a password is reached, and one that has gone is not healthy', async () => {
  await using redis = await startRedis({ tcp: true, password: 'a/b:c' });
  await using opened = closing(createRedisStore(redis, 'test'));
  await opened.store.put('inputs/g-1/a', Buffer.from('a'));
  expect((await opened.store.get('inputs/g-1/a')).toString()).toBe('a');
  await redis.kill();
  await expect(opened.store.health()).rejects.toThrow(Error);
});

function closing(store: ArtifactStore): { readonly store: ArtifactStore } & AsyncDisposable {
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

function connected(url: string): { readonly redis: Redis } & AsyncDisposable {
  const redis = new Redis(parseRedisUrl(url));
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() };
}
