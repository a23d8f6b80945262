import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../../src/config/environment.ts';
import { makeDebian } from './debian.ts';
import { docker, dockerSays } from './docker.ts';
import type { Engine } from './docker-engine.ts';
import { buildFrontEnd } from './front-end.ts';
import { proxyArguments } from './host-mirrors.ts';
import type { Machine } from './host-mirrors.ts';
import { ContainersError } from './errors.ts';

/** An image of others that ours stand on, or that reads our Dockerfiles. */
export interface Base {
  readonly name: string;
  /** what was taken in its place, in words; null: it is the real one */
  readonly standIn: string | null;
}

interface StandIn {
  readonly pattern: RegExp;
  /** `stand-ins/NAME.Dockerfile` */
  readonly file: string;
  readonly words: string;
}

/** In the order in which one stands on the other. */
const standIns: readonly StandIn[] = [
  { pattern: /^docker\/dockerfile:/, file: 'dockerfile', words: 'BuildKit’s front end, built from source' },
  { pattern: /^debian:bookworm-slim$/, file: 'debian', words: 'Debian 12 by mmdebstrap' },
  { pattern: /^node:/, file: 'node', words: 'Debian 12 with Node and npm from npm' },
  { pattern: /^python:3\.11/, file: 'python', words: 'Debian 12 with its own Python 3.11' },
  { pattern: /^ubuntu:/, file: 'ubuntu', words: 'Debian 12, and its Python in the place of uv’s' },
  { pattern: /^ghcr\.io\/astral-sh\/uv:/, file: 'uv', words: 'uv from Python’s index' },
  {
    pattern: /^nvidia\/cuda:/,
    file: 'cuda',
    words:
      'the stand-in for Ubuntu; as a devel image with those libraries of its CUDA that the worker shares',
  },
  { pattern: /^redis:/, file: 'redis', words: 'Redis 7.0 of Debian 12' },
];

/** NVIDIA's image that the worker stands on for a value of HUMO_CUDA, by the worker's Dockerfile. @throws ContainersError where there is no such value */
export async function cudaBase(variant: string): Promise<string> {
  const text = await readFile(join(projectRoot, 'docker/worker/Dockerfile'), 'utf8');
  const bases = new Map(
    [...text.matchAll(/^FROM (\S+) AS cuda-(\S+)$/gm)].map(([, image = '', name = '']) => [name, image]),
  );
  const base = bases.get(variant);
  if (base === undefined)
    throw new ContainersError(`there is no CUDA ${variant}; there are ${[...bases.keys()].join(', ')}`);
  return base;
}

/**
 * The images of others that are needed, by the project's own files. What is run here needs no GPU, and so none of NVIDIA's.
 *
 * @param cuda values of HUMO_CUDA for which the worker is built as well
 */
export async function neededBases(cuda: readonly string[] = []): Promise<string[]> {
  const read = (path: string) => readFile(join(projectRoot, path), 'utf8');
  const names = new Set<string>();
  for (const image of ['bot', 'web', 'worker']) {
    const text = await read(`docker/${image}/Dockerfile`);
    const values = new Map([...text.matchAll(/^ARG (\w+)=(\S+)/gm)].map(([, name, value]) => [name, value]));
    const stages = new Set([...text.matchAll(/^FROM .+ AS (\S+)/gm)].map(([, stage]) => stage));
    names.add(/^# syntax=(\S+)/m.exec(text)?.[1] ?? '');
    for (const [, from = ''] of text.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)) {
      const name = from.replaceAll(/\$\{(\w+)\}/g, (_whole, variable: string) => values.get(variable) ?? '');
      if (!stages.has(name) && !name.startsWith('nvidia/')) names.add(name);
    }
  }
  for (const [, image = ''] of (await read('docker/compose.yaml')).matchAll(/^\s+image: ([a-z][^$\s]*)$/gm))
    names.add(image);
  names.delete('');
  return [...names, ...(await Promise.all(cuda.map(cudaBase)))];
}

/**
 * Sees to every base: the real one where a registry gives it, else a stand-in under the same name.
 *
 * @param folder where what the stand-ins are made of is kept
 * @throws ContainersError when a base is missing in an engine that others use too: it gets no stand-ins under official names
 */
export async function provideBases(
  engine: Engine,
  machine: Machine,
  folder: string,
  cuda: readonly string[],
): Promise<Base[]> {
  const needed = await neededBases(cuda);
  const bases: Base[] = [];
  for (const { pattern, file, words } of standIns) {
    for (const name of needed.filter((each) => pattern.test(each))) {
      const [label, current] = [await standInLabel(engine, name), await standInVersion(file)];
      const refusal = label === undefined ? await pulled(engine, name) : '';
      if (refusal === null) bases.push({ name, standIn: null });
      else if (!engine.own)
        throw new ContainersError(
          `${name} cannot be fetched: ${refusal}\nIn an engine that ran before this, nothing is put in its place: stop that one, or let it reach a registry.`,
        );
      else {
        if (label !== current) await makeStandIn(engine, machine, { folder, file, name });
        bases.push({ name, standIn: words });
      }
    }
  }
  const unknown = needed.filter((name) => !standIns.some(({ pattern }) => pattern.test(name)));
  if (unknown.length > 0) throw new ContainersError(`nothing is known of ${unknown.join(', ')}`);
  return bases;
}

const label = 'humo.stand-in';

/** Of which making a kept stand-in has to be; another one is made anew. */
async function standInVersion(file: string): Promise<string> {
  const text = await readFile(join(import.meta.dirname, 'stand-ins', `${file}.Dockerfile`), 'utf8');
  return `${file}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** @returns undefined when there is no such image, or it is the real one */
async function standInLabel(engine: Engine, name: string): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${label}"}}`;
  const said = await docker(engine, ['image', 'inspect', '--format', format, name], { reject: false });
  return said.failed || said.stdout.trim() === '' ? undefined : said.stdout.trim();
}

/** @returns null when it is here now, else why not, in the engine's words */
async function pulled(engine: Engine, name: string): Promise<string | null> {
  const { failed, stderr } = await docker(engine, ['pull', '--quiet', name], { reject: false });
  return failed ? (stderr.split('\n').at(-1) ?? '') : null;
}

async function makeStandIn(
  engine: Engine,
  machine: Machine,
  { folder, file, name }: { folder: string; file: string; name: string },
): Promise<void> {
  const context = join(folder, file);
  await rm(context, { recursive: true, force: true });
  await mkdir(context, { recursive: true });
  await writeMachineFiles(machine, join(context, 'machine'));
  await fill[file]?.(context, machine, name);
  const definition = join(folder, `${file}.Dockerfile`);
  await copyFile(join(import.meta.dirname, 'stand-ins', `${file}.Dockerfile`), definition);
  await dockerSays(engine, [
    ...[
      'build',
      '--network',
      'host',
      '--tag',
      name,
      '--label',
      `${label}=${await standInVersion(file)}`,
      '--file',
      definition,
    ],
    ...proxyArguments(machine),
    context,
  ]);
  await rm(context, { recursive: true, force: true });
}

/** How this machine reaches registries, as files that apt, npm, pip and uv read. */
async function writeMachineFiles(machine: Machine, folder: string): Promise<void> {
  const files: Record<string, string[]> = {
    'usr/local/etc/npmrc': machine.npmRegistry === undefined ? [] : [`registry=${machine.npmRegistry}`],
    'etc/pip.conf': ['[global]'],
    'etc/uv/uv.toml': ['system-certs = true'],
  };
  if (machine.pythonIndex !== undefined) {
    files['etc/pip.conf']?.push(`index-url = ${machine.pythonIndex}`);
    files['etc/uv/uv.toml']?.push(`index-url = "${machine.pythonIndex}"`);
  }
  if (machine.certificates !== undefined) {
    const bundle = await readFile(machine.certificates, 'utf8');
    // Twice: installing ca-certificates writes the first anew.
    files['etc/ssl/certs/ca-certificates.crt'] = [bundle];
    files['etc/machine-certificates.pem'] = [bundle];
    files['usr/local/etc/npmrc']?.push('cafile=/etc/machine-certificates.pem');
    files['etc/pip.conf']?.push('cert = /etc/machine-certificates.pem');
  }
  for (const [path, lines] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `${lines.join('\n')}\n`);
  }
}

/** What of a CUDA release the worker shares with its base, as Python's index has it: packages by the release of the image. */
const cudaLibraries: Readonly<Record<string, readonly string[]>> = {
  '12.5': [
    ...['nvidia-cufft-cu12==11.2.3.61', 'nvidia-cusparse-cu12==12.5.1.3'],
    ...['nvidia-curand-cu12==10.3.6.82', 'nvidia-nvjitlink-cu12==12.5.82'],
  ],
  '13.0': [
    ...['nvidia-cufft==12.0.0.61', 'nvidia-cusparse==12.6.3.3'],
    ...['nvidia-curand==10.4.0.35', 'nvidia-nvjitlink==13.0.88'],
  ],
};

/** What single stand-ins are made of, besides. */
const fill: Readonly<Record<string, (context: string, machine: Machine, name: string) => Promise<void>>> = {
  async dockerfile(context) {
    const kept = join(dirname(context), 'dockerfile-frontend');
    if (!existsSync(kept)) await buildFrontEnd(kept);
    await link(kept, join(context, 'dockerfile-frontend'));
  },
  async debian(context, machine) {
    const kept = join(dirname(context), 'debian-bookworm.tar');
    await makeDebian(machine, { release: 'bookworm', packages: [], target: kept });
    await link(kept, join(context, 'debian.tar'));
  },
  async node(context, _machine, name) {
    const version = /:(\d+\.\d+\.\d+)/.exec(name)?.[1] ?? '';
    const packages = join(context, 'packages');
    await mkdir(packages);
    const wanted = [`node-linux-${process.arch}@${version}`, 'npm@11'];
    await execa('npm', [
      'install',
      '--prefix',
      packages,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      ...wanted,
    ]);
    const modules = join(packages, 'node_modules');
    await mkdir(join(context, 'node/bin'), { recursive: true });
    await copyFile(join(modules, `node-linux-${process.arch}`, 'bin/node'), join(context, 'node/bin/node'));
    await chmod(join(context, 'node/bin/node'), 0o755);
    await cp(join(modules, 'npm'), join(context, 'node/lib/node_modules/npm'), { recursive: true });
    await rm(packages, { recursive: true });
  },
  async cuda(context, _machine, name) {
    const libraries = join(context, 'libraries');
    await mkdir(libraries);
    if (!name.includes('-devel-')) return;
    const wanted = cudaLibraries[/:(\d+\.\d+)/.exec(name)?.[1] ?? ''];
    if (wanted === undefined) throw new ContainersError(`nothing is known of the libraries in ${name}`);
    const wheels = join(context, 'wheels');
    await execa('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', wheels, ...wanted]);
    for (const wheel of await readdir(wheels)) {
      const unpacked = join(wheels, 'unpacked');
      await execa('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), unpacked]);
      const version = wheel.split('-')[1] ?? '';
      for (const path of await readdir(unpacked, { recursive: true })) {
        const [, library] = /\/lib\/(lib\w+\.so)\.\d+$/.exec(path) ?? [];
        if (library === undefined) continue;
        await rename(join(unpacked, path), join(libraries, `${library}.${version}`));
        await symlink(`${library}.${version}`, join(libraries, basename(path)));
      }
      await rm(unpacked, { recursive: true });
    }
    await rm(wheels, { recursive: true });
  },
  async uv(context, _machine, name) {
    const version = name.split(':')[1] ?? '';
    const environment = join(context, 'environment');
    // The project's own Python environment has one; where it is another version, or none is there, it comes from the index.
    const own = join(projectRoot, '.venv/bin/uv');
    const { stdout } = await execa(own, ['--version'], { reject: false });
    if (stdout.split(' ')[1] === version) await copyFile(own, join(context, 'uv'));
    else {
      await execa('python3', ['-m', 'venv', environment]);
      await execa(join(environment, 'bin/pip'), ['install', '--quiet', `uv==${version}`]);
      await copyFile(join(environment, 'bin/uv'), join(context, 'uv'));
      await rm(environment, { recursive: true });
    }
    if (!existsSync(join(context, 'uv'))) throw new ContainersError(`there is no uv ${version}`);
  },
};
