import type { CommonConfig } from '../config/environment.ts';
import { createFileStore } from './file-store.ts';
import { createRedisStore } from './redis-store.ts';
import { createS3Store } from './s3-store.ts';
import type { ArtifactStore } from './store.ts';

/** The store that the configuration names. The bot and all workers need the same one. */
export function createArtifactStore(config: Pick<CommonConfig, 'artifacts' | 'redis'>): ArtifactStore {
  const { artifacts, redis } = config;
  switch (artifacts.kind) {
    case 'file':
      return createFileStore(artifacts.directory);
    case 'redis':
      return createRedisStore(redis, redis.prefix);
    case 's3':
      return createS3Store(artifacts);
  }
}
