import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../src/config/environment.ts';
import { docker, dockerSays } from './docker.ts';
import type { Engine } from './docker-engine.ts';
import type { Machine } from './host-mirrors.ts';

export interface BuiltFfmpeg {
  /** a folder for `additional_contexts`, which takes the place of the stage `ffmpeg` */
  readonly folder: string;
  /** seconds that the build took; null: it was kept from an earlier run */
  readonly seconds: number | null;
}

/**
 * Builds the stage `ffmpeg` of the bot's Dockerfile, and keeps the two programs for as long as that stage and its script stay what they
 * are: a quarter of an hour that says nothing new.
 *
 * @param project a copy of the project that the engine sees
 * @param folder where they are kept; the engine sees it too
 */
export async function provideFfmpeg(
  engine: Engine,
  machine: Machine,
  project: string,
  folder: string,
): Promise<BuiltFfmpeg> {
  const kept = join(folder, `ffmpeg-${await fingerprint()}`);
  if (existsSync(join(kept, 'opt/ffmpeg/bin/ffprobe'))) return { folder: kept, seconds: null };
  const started = performance.now();
  const tag = 'humo-ffmpeg:trial';
  await docker(engine, [
    ...['build', '--network', 'host', '--target', 'ffmpeg', '--tag', tag],
    ...['--build-arg', `FFMPEG_SOURCE=${await source(machine)}`],
    ...Object.entries(machine.proxies).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
    ...['--file', join(project, 'docker/bot/Dockerfile'), project],
  ]);
  const container = await dockerSays(engine, ['create', '--network', 'none', tag, 'true']);
  const unfinished = join(folder, 'unfinished-ffmpeg');
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(join(unfinished, 'opt'), { recursive: true });
    await docker(engine, ['cp', `${container}:/opt/ffmpeg`, join(unfinished, 'opt')]);
    await rename(unfinished, kept);
  } finally {
    await docker(engine, ['rm', container]);
    await docker(engine, ['image', 'rm', tag]);
  }
  return { folder: kept, seconds: (performance.now() - started) / 1000 };
}

/** Of all that the build depends on, but for the packages of Debian. */
async function fingerprint(): Promise<string> {
  const [dockerfile, script] = await Promise.all(
    ['docker/bot/Dockerfile', 'docker/ffmpeg/build.sh'].map((path) =>
      readFile(join(projectRoot, path), 'utf8'),
    ),
  );
  const stage = /^FROM [^\n]+ AS ffmpeg$.*?(?=^\n)/ms.exec(dockerfile ?? '')?.[0];
  if (stage === undefined) throw new Error('no stage ffmpeg in docker/bot/Dockerfile');
  return createHash('sha256').update(`${process.arch}\n${stage}\n${script}`).digest('hex').slice(0, 16);
}

/**
 * Where the source comes from: what the Dockerfile says, where that answers, else Debian's copy of the same file. The Dockerfile compares its
 * sum in either case.
 */
async function source(machine: Machine): Promise<string> {
  const dockerfile = await readFile(join(projectRoot, 'docker/bot/Dockerfile'), 'utf8');
  const usual = /^ARG FFMPEG_SOURCE=(\S+)$/m.exec(dockerfile)?.[1] ?? '';
  try {
    const answer = await fetch(usual, { method: 'HEAD', signal: AbortSignal.timeout(10_000) });
    if (answer.ok) return usual;
  } catch {
    // Not reached from here.
  }
  const version = /ffmpeg-([\d.]+)\.tar/.exec(usual)?.[1] ?? '';
  const mirror = (machine.debianMirror ?? 'http://deb.debian.org/debian').replace(/\/$/, '');
  return `${mirror}/pool/main/f/ffmpeg/ffmpeg_${version}.orig.tar.xz`;
}
