import { existsSync, rmSync } from 'node:fs';
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
export const uvVersion = '0.13.9';

export function pythonProgram() {
  return join(environment, 'bin', 'python');
}

/** Makes the engine's Python environment from the lock file, when that has changed since the last time. */
export async function ensurePython() {
  const wanted = fingerprint(['engine/requirements.txt', 'engine/pyproject.toml'], uvVersion);
  if (readStamp(stamp) === wanted) return;
  const uv = await ensureUv(environment);
  const builds = await chooseTorchBuilds(uv);
  say(`installing the engine's Python packages, ${builds.description} …`);
  await executeOrStop(uv, ['pip', 'install', '-q', ...builds.flags, '-r', 'engine/requirements.txt'], {
    environment: uvEnvironment,
  });
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

/** Which builds of PyTorch: with CUDA where there is an NVIDIA card, else the much smaller ones without, if they can be had. */
async function chooseTorchBuilds(uv) {
  const whole = {
    flags: [],
    description: "PyTorch's default builds, with CUDA (about 2.7 GB to download the first time)",
  };
  if ((await execute('nvidia-smi', ['-L'])).status === 0) return whole;
  say('no NVIDIA card here: looking for builds of PyTorch without CUDA …');
  const flags = ['--torch-backend', 'cpu'];
  const probe = await execute(
    uv,
    [
      'pip',
      'install',
      '--dry-run',
      '-q',
      ...flags,
      '--reinstall-package',
      'torch',
      '-r',
      'engine/requirements.txt',
    ],
    {
      environment: { ...uvEnvironment, UV_HTTP_TIMEOUT: '20', UV_HTTP_RETRIES: '0' },
      timeout: 60_000,
    },
  );
  return probe.status === 0
    ? { flags, description: 'PyTorch without CUDA (about 350 MB to download the first time)' }
    : whole;
}
