import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

/** The one key pair that the server knows. */
const key = 'S3RVER';

/** Starts a server that speaks S3 on a free port of 127.0.0.1, with one bucket, in a folder of its own. */
export async function startS3(bucket: string) {
  const directory = await mkdtemp(join(tmpdir(), 'humo-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: bucket, configs: [] }],
  });
  const { port } = await server.run();
  return {
    settings: {
      kind: 's3',
      bucket,
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      accessKeyId: key,
      secretAccessKey: key,
    },
    async stop() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  } as const;
}
