import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  execute,
  executeOrStop,
  fingerprint,
  readStamp,
  root,
  say,
  SetupError,
  writeStamp,
} from './shared.mjs';
import { installPackages } from './system.mjs';

const environment = join(root, '.venv');
const stamp = join(environment, '.set-up');
const hopperLock = 'docker/worker/requirements.cuda13.lock';
export const uvVersion = '0.13.9';

export function pythonProgram() {
  return join(environment, 'bin', 'python');
}

/** Makes the engine's Python environment from the lock file, when that has changed since the last time. */
export async function ensurePython() {
  const wanted = fingerprint(['engine/requirements.txt', hopperLock, 'engine/pyproject.toml'], uvVersion);
  if (readStamp(stamp) === wanted) return;
  const uv = await ensureUv(environment);
  const builds = await chooseBuilds(uv);
  say(`installing the engine's Python packages, ${builds.description} …`);
  for (const what of builds.packages)
    await executeOrStop(uv, ['pip', 'install', '-q', ...what], { environment: uvEnvironment });
  await executeOrStop(uv, ['pip', 'install', '-q', '--no-deps', '-e', 'engine'], {
    environment: uvEnvironment,
  });
  await executeOrStop(pythonProgram(), ['-c', 'import torch, diffusers, transformers, humo_engine']);
  writeStamp(stamp, wanted);
  say('the Python environment is ready; uv keeps the packages for the next time');
}

/** What uv goes by when it installs into an environment. */
export const uvSettings = (folder) => ({
  VIRTUAL_ENV: folder,
  UV_LINK_MODE: 'hardlink',
  UV_NO_PROGRESS: '1',
  // The certificates that this machine trusts, where it has any, and not only those that come with uv: npm, pip and git go by
  // these too, and behind a company's proxy nothing else works.
  ...(existsSync('/etc/ssl/certs/ca-certificates.crt') ? { UV_SYSTEM_CERTS: 'true' } : {}),
});

const uvEnvironment = uvSettings(environment);

/** An environment itself, with uv in it. What a set-up that was cut off left behind is made anew. */
export async function ensureUv(folder) {
  const program = join(folder, 'bin', 'python');
  const uv = join(folder, 'bin', 'uv');
  const { status, output } = await execute(uv, ['--version']);
  if (
    status === 0 &&
    output.includes(uvVersion) &&
    (await execute(program, ['-c', 'import pip'])).status === 0
  )
    return uv;
  const python = await findPython();
  say(`making a Python environment in ${basename(folder)} …`);
  rmSync(folder, { recursive: true, force: true });
  await executeOrStop(python, ['-m', 'venv', folder]);
  await executeOrStop(program, [
    '-m',
    'pip',
    'install',
    '-q',
    '--disable-pip-version-check',
    `uv==${uvVersion}`,
  ]);
  return uv;
}

/** Python 3.11 that can make environments; Debian leaves that part out, so it may have to be installed. */
async function findPython() {
  for (const attempt of [1, 2]) {
    for (const name of ['python3.11', 'python3']) {
      const { status, output } = await execute(name, [
        '-c',
        'import sys; print("%d.%d" % sys.version_info[:2])',
      ]);
      if (status !== 0 || output.trim() !== '3.11') continue;
      if ((await execute(name, ['-c', 'import ensurepip, venv'])).status === 0) return name;
      break;
    }
    if (attempt === 1) await installPackages(['python3.11', 'python3.11-venv']);
  }
  throw new SetupError(
    'Python 3.11 with its venv module is needed, and could not be found. Please install it and run the command again.',
  );
}

/**
 * Whether an H100 or H200 is here, with a driver for CUDA 13. Then the packages are those of the image for such cards: the PyTorch that
 * was measured there, and flash-attn-4, with which a pass takes a tenth less and which PyTorch 2.5.1 cannot load.
 */
async function hasHopper() {
  const cards = await execute('nvidia-smi', [
    '--query-gpu=compute_cap,driver_version',
    '--format=csv,noheader',
  ]);
  return cards.status === 0 && isHopper(cards.output);
}

/** Lines as `9.0, 580.95.05`. CUDA 13 needs a driver of 580 or later. */
export const isHopper = (cards) =>
  [...cards.matchAll(/^9\.0, (\d+)\./gm)].some((match) => Number(match[1]) >= 580);

/** What is installed for Hopper: the image's lock whole, and of the engine's own list what that leaves out, the tools of development. */
export function hopperPackages() {
  const lines = readFileSync(join(root, 'engine/requirements.txt'), 'utf8').split('\n');
  const locked = new Set(
    [...readFileSync(join(root, hopperLock), 'utf8').matchAll(/^([a-z0-9-]+)==/gm)].map((match) => match[1]),
  );
  const others = lines.filter((line) => /^[a-z0-9-]+==/.test(line) && !locked.has(line.split('==')[0]));
  return [
    ['--no-deps', '--require-hashes', '-r', hopperLock],
    ['--no-deps', ...others],
  ];
}

/** Which builds of PyTorch: with CUDA where there is an NVIDIA card, else the much smaller ones without, if they can be had. */
async function chooseBuilds(uv) {
  const list = ['-r', 'engine/requirements.txt'];
  if (await hasHopper())
    return {
      packages: hopperPackages(),
      description: 'PyTorch for CUDA 13 and flash-attn-4, for Hopper (about 3 GB to download the first time)',
    };
  const whole = {
    packages: [list],
    description: "PyTorch's default builds, with CUDA (about 2.7 GB to download the first time)",
  };
  if ((await execute('nvidia-smi', ['-L'])).status === 0) return whole;
  say('no NVIDIA card here: looking for builds of PyTorch without CUDA …');
  const flags = ['--torch-backend', 'cpu'];
  const probe = await execute(
    uv,
    ['pip', 'install', '--dry-run', '-q', ...flags, '--reinstall-package', 'torch', ...list],
    {
      environment: { ...uvEnvironment, UV_HTTP_TIMEOUT: '20', UV_HTTP_RETRIES: '0' },
      timeout: 60_000,
    },
  );
  return probe.status === 0
    ? {
        packages: [[...flags, ...list]],
        description: 'PyTorch without CUDA (about 350 MB to download the first time)',
      }
    : whole;
}
