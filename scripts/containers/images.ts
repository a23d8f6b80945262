import { writeFile } from 'node:fs/promises';
import { cudaBase } from './bases.ts';
import { join } from 'node:path';
import { docker, dockerSays } from './docker.ts';
import type { Engine } from './docker-engine.ts';
import { proxyArguments } from './host-mirrors.ts';
import type { Machine } from './host-mirrors.ts';
import { composeArguments } from './stack.ts';

export interface BuiltImage {
  readonly name: string;
  readonly tag: string;
  /** null: kept from an earlier run */
  readonly seconds: number | null;
  readonly bytes: number;
  /** bytes of that which our Dockerfile adds to the base */
  readonly added: number;
}

/** What the compose files are given besides themselves, so that they build here: see {@link buildOverlay}. */
export interface BuildSettings {
  readonly project: string;
  /** the folder that takes the place of the stage `ffmpeg`; undefined: it is built */
  readonly ffmpeg: string | undefined;
  /** build nothing, and look at what was built before */
  readonly kept?: boolean;
  /** values of HUMO_CUDA for which the worker is built as well */
  readonly cuda?: readonly string[];
}

/** An overlay for `docker compose build`: an engine of our own has no network but the machine's. */
export function buildOverlay(engine: Engine, machine: Machine, { ffmpeg }: BuildSettings): object {
  const build = {
    ...(engine.own ? { network: 'host' } : {}),
    ...(Object.keys(machine.proxies).length === 0 ? {} : { args: machine.proxies }),
  };
  const withFfmpeg = { ...build, ...(ffmpeg === undefined ? {} : { additional_contexts: { ffmpeg } }) };
  return { services: { bot: { build: withFfmpeg }, worker: { build: withFfmpeg }, web: { build } } };
}

/** Of layers that a next build may use: those of all images once, without another CUDA's. */
const keptLayers = '16gb';

/** The images, in the order in which they are built: service of the compose files and tag. */
const services = [
  { name: 'web', tag: 'humo-web:trial', base: 'python:3.11-slim-bookworm' },
  { name: 'bot', tag: 'humo-bot:trial', base: undefined },
  { name: 'worker', tag: 'humo-worker-cpu', base: 'ubuntu:22.04' },
] as const;

/**
 * Builds bot, web, worker and runpod from the project's own Dockerfiles, the first three by Compose.
 *
 * @param report takes each image as soon as it is built
 * @param built all that runs is built; what comes after it is only looked at
 */
export async function buildImages(
  engine: Engine,
  machine: Machine,
  settings: BuildSettings,
  report: (image: BuiltImage) => void,
  built: () => Promise<void>,
): Promise<BuiltImage[]> {
  const { project, ffmpeg, kept = false, cuda = [] } = settings;
  const overlay = join(project, 'docker', 'trial-build.json');
  await writeFile(overlay, JSON.stringify(buildOverlay(engine, machine, settings)));
  const images: BuiltImage[] = [];
  const take = async (name: string, tag: string, base: string, seconds: number | null) => {
    const [bytes, below] = [await sizeOf(engine, tag), await sizeOf(engine, base)];
    const image = { name, tag, seconds, bytes, added: bytes - below };
    images.push(image);
    report(image);
  };
  const node = await nodeBase(engine);
  for (const { name, tag, base } of services) {
    const seconds = await timed(kept, () =>
      docker(engine, composeArguments(['compose.cpu.yaml', 'trial-build.json'], ['build', name]), {
        folder: join(project, 'docker'),
        environment: { HUMO_VERSION: 'trial' },
      }),
    );
    await take(name, tag, base ?? node, seconds);
  }
  const buildWorker = async (target: string, tag: string, variant: string) =>
    await docker(engine, [
      ...['build', '--target', target, '--tag', tag, '--build-arg', `CUDA=${variant}`],
      ...(engine.own ? ['--network', 'host'] : []),
      ...(ffmpeg === undefined ? [] : ['--build-context', `ffmpeg=${ffmpeg}`]),
      ...proxyArguments(machine),
      ...['--file', join(project, 'docker/worker/Dockerfile'), project],
    ]);
  const runpod = await timed(kept, () => buildWorker('runpod', 'humo-runpod:trial', '12-none'));
  await take('runpod', 'humo-runpod:trial', 'ubuntu:22.04', runpod);
  await built();
  for (const variant of cuda) {
    const tag = `humo-worker:trial-cuda${variant}`;
    const seconds = await timed(false, () => buildWorker('worker', tag, variant));
    await take(`worker, HUMO_CUDA=${variant}`, tag, await cudaBase(variant), seconds);
    console.log(`    ${await loadsPyTorch(engine, tag)}`);
    // Several gigabytes each, and nothing runs them.
    await docker(engine, ['image', 'rm', tag]);
  }
  if (engine.own && !kept) await removeOldLayers(engine);
  return images;
}

/** Each change of a lock file leaves gigabytes that no image has any more. An engine that was there before us is its owner's to tidy. */
async function removeOldLayers(engine: Engine): Promise<void> {
  await docker(engine, ['image', 'prune', '--force']);
  await docker(engine, ['builder', 'prune', '--force', '--keep-storage', keptLayers]);
}

/** What is in the worker's image, in its own words: bytes by folder, largest first. */
export async function takeApart(engine: Engine, tag: string): Promise<{ what: string; bytes: number }[]> {
  const packages = '/app/.venv/lib/python3.11/site-packages';
  const script = `cd ${packages} && du -sxk nvidia/* torch triton numpy transformers diffusers onnxruntime; du -sxk ${packages} /app/node_modules /opt/python /usr/local/bin /usr/lib/gcc /app/engine`;
  const { stdout } = await docker(engine, [
    ...['run', '--rm', '--network', 'none', '--entrypoint', 'sh', tag, '-c', `${script} 2>/dev/null; true`],
  ]);
  return stdout
    .split('\n')
    .flatMap((line) => {
      const [, kilobytes, what] = /^(\d+)\t(.*)$/.exec(line) ?? [];
      return what === undefined ? [] : [{ what, bytes: Number(kilobytes) * 1024 }];
    })
    .sort((one, other) => other.bytes - one.bytes);
}

async function sizeOf(engine: Engine, tag: string): Promise<number> {
  return Number(await dockerSays(engine, ['image', 'inspect', '--format', '{{.Size}}', tag]));
}

/** The bot stands on the Node that its Dockerfile names. */
async function nodeBase(engine: Engine): Promise<string> {
  const listed = await dockerSays(engine, ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', 'node']);
  return listed.split('\n')[0] ?? '';
}

/** What PyTorch and, where it is there, flash-attn-4 in an image say of themselves, as the user of the container and with its root closed. @throws ContainersError */
async function loadsPyTorch(engine: Engine, tag: string): Promise<string> {
  const program = `
import importlib.metadata, importlib.util
import torch, triton
attention = "no flash-attn-4"
if importlib.util.find_spec("flash_attn") is not None:
    import flash_attn.cute
    attention = "flash-attn-4 " + importlib.metadata.version("flash-attn-4")
print(f"PyTorch {torch.__version__} for CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}, Triton {triton.__version__}, {attention}: loads; knows {torch._C._cuda_getArchFlags()}")
`;
  const { stdout } = await docker(engine, [
    ...['run', '--rm', '--network', 'none', '--read-only', '--tmpfs', '/tmp', '--entrypoint'],
    ...['/app/.venv/bin/python', tag, '-c', program],
  ]);
  return stdout;
}

async function timed(kept: boolean, work: () => Promise<unknown>): Promise<number | null> {
  if (kept) return null;
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
