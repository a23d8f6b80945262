import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { ContainersError } from './errors.ts';

/** Whose front end answers to `# syntax=docker/dockerfile:1`. */
const buildKit = 'github.com/moby/buildkit@v0.34.2';

const moduleSchema = z.object({ Dir: z.string() });

/** Builds BuildKit's front end from the source that Go's proxy has. @throws ContainersError without Go */
export async function buildFrontEnd(target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'humo-front-end-'));
  // -modcacherw: a cache that can be deleted again.
  const environment = {
    GOMODCACHE: join(folder, 'modules'),
    GOCACHE: join(folder, 'build'),
    CGO_ENABLED: '0',
    GOFLAGS: '-modcacherw',
  };
  try {
    const download = await execa('go', ['mod', 'download', '-json', buildKit], {
      env: environment,
      cwd: folder,
      reject: false,
    });
    if (download.code === 'ENOENT')
      throw new ContainersError(
        'no registry of images answers, and building a stand-in for docker/dockerfile needs Go',
      );
    const { Dir: source } = moduleSchema.parse(JSON.parse(download.stdout));
    await execa(
      'go',
      ['build', '-ldflags', '-s -w', '-o', target, './frontend/dockerfile/cmd/dockerfile-frontend'],
      {
        env: { ...environment, GOFLAGS: '-modcacherw -mod=mod -buildvcs=false' },
        cwd: source,
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
