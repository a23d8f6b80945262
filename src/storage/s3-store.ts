import { readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import type { CommonConfig } from '../config/environment.ts';
import { namingFullDisk } from '../full-disk.ts';
import { ArtifactMissing, assertKey, assertPrefix } from './store.ts';
import type { ArtifactEntry, ArtifactPart, ArtifactSource, ArtifactStore } from './store.ts';
import { writeChunks } from '../write-chunks.ts';

type S3Settings = Extract<CommonConfig['artifacts'], { kind: 's3' }>;

/** milliseconds, as the client names them */
interface S3Timeouts {
  /** for a connection to open */
  readonly connectionTimeout: number;
  /** on an open connection without a byte, in either direction */
  readonly socketTimeout: number;
}

const patience: S3Timeouts = { connectionTimeout: 10_000, socketTimeout: 60_000 };

/** Artifacts in a bucket: Amazon S3, or anything that speaks its protocol, such as MinIO, R2 or RunPod's storage. */
export function createS3Store(settings: S3Settings, timeouts: S3Timeouts = patience): ArtifactStore {
  // Loaded at the first use: most processes keep their files elsewhere, and would start a tenth later for it.
  const load = async () => {
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      region: settings.region,
      credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
      // Not every server that speaks S3 knows the checksums that newer clients add by themselves.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Without them the client waits for ever for a server whose connection was lost without a word, and a person with it.
      requestHandler: timeouts,
      // Other servers rarely have a host name for each bucket.
      ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint, forcePathStyle: true }),
    });
    return { sdk, client };
  };
  let loaded: ReturnType<typeof load> | undefined;
  const s3 = () => (loaded ??= load());
  const { bucket: Bucket } = settings;

  const body = async (key: string, part?: ArtifactPart): Promise<Readable> => {
    const Range = part === undefined ? undefined : `bytes=${part.start}-${part.end}`;
    const { sdk, client } = await s3();
    try {
      const answer = await client.send(new sdk.GetObjectCommand({ Bucket, Key: assertKey(key), Range }));
      if (!(answer.Body instanceof Readable)) throw new TypeError('the S3 client gave no stream');
      if (part === undefined || answer.ContentLength === part.end - part.start + 1) return answer.Body;
      // A server that speaks S3 need not know parts, and then gives the whole.
      return Readable.from(cutOut(answer.Body, part), { objectMode: false });
    } catch (error) {
      throw isMissing(sdk, error) ? new ArtifactMissing(key) : error;
    }
  };
  async function* entries(Prefix: string): AsyncGenerator<ArtifactEntry> {
    const { sdk, client } = await s3();
    const pages = sdk.paginateListObjectsV2({ client }, { Bucket, Prefix });
    for await (const page of pages) {
      for (const object of page.Contents ?? []) {
        yield {
          key: object.Key ?? '',
          bytes: object.Size ?? 0,
          writtenAt: object.LastModified?.getTime() ?? 0,
        };
      }
    }
  }
  const remove = async (key: string) => {
    const { sdk, client } = await s3();
    await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }));
  };

  return {
    async put(key: string, source: ArtifactSource) {
      assertKey(key);
      // In memory, since the client sends a stream once and bytes as often as it takes; no artifact is above 100 MiB.
      const Body = source instanceof Uint8Array ? source : await readFile(source.path);
      const { sdk, client } = await s3();
      await client.send(new sdk.PutObjectCommand({ Bucket, Key: key, Body, ContentLength: Body.byteLength }));
      return { bytes: Body.byteLength };
    },
    async get(key) {
      const chunks: Buffer[] = await (await body(key)).toArray();
      return Buffer.concat(chunks);
    },
    open: body,
    async fetchTo(key, path) {
      const partial = `${path}.part`;
      try {
        const stored = await body(key);
        await namingFullDisk(dirname(path), () => writeChunks(stored, partial));
        await rename(partial, path);
      } finally {
        await rm(partial, { force: true });
      }
    },
    async size(key) {
      const { sdk, client } = await s3();
      try {
        const head = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: assertKey(key) }));
        return head.ContentLength ?? 0;
      } catch (error) {
        if (isMissing(sdk, error)) return null;
        throw error;
      }
    },
    async delete(key) {
      await remove(assertKey(key));
    },
    async deletePrefix(prefix) {
      let count = 0;
      for await (const entry of entries(assertPrefix(prefix))) {
        await remove(entry.key);
        count += 1;
      }
      return count;
    },
    // An object appears whole, or not at all.
    deleteUnfinished: () => Promise.resolve(0),
    async list(prefix) {
      const found: ArtifactEntry[] = [];
      for await (const entry of entries(assertPrefix(prefix))) found.push(entry);
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async health() {
      const { sdk, client } = await s3();
      await client.send(new sdk.HeadBucketCommand({ Bucket }));
    },
    async close() {
      if (loaded !== undefined) (await loaded).client.destroy();
    },
  };
}

async function* cutOut(whole: AsyncIterable<Buffer>, { start, end }: ArtifactPart): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of whole) {
    const piece = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
    if (piece.length > 0) yield piece;
    at += chunk.length;
    if (at > end) return;
  }
}

function isMissing({ NoSuchKey, NotFound }: typeof import('@aws-sdk/client-s3'), error: unknown): boolean {
  return error instanceof NoSuchKey || error instanceof NotFound;
}
