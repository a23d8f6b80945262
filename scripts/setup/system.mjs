import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execute, executeOrStop, say, SetupError } from './shared.mjs';

/** Programs that the bot, the worker and the demo start, and the Debian packages that bring them. */
const programs = [
  { name: 'redis-server', package: 'redis-server', versionFlag: '--version' },
  { name: 'ffmpeg', package: 'ffmpeg', versionFlag: '-version' },
  { name: 'ffprobe', package: 'ffmpeg', versionFlag: '-version' },
  { name: 'espeak-ng', package: 'espeak-ng', versionFlag: '--version' },
];

/**
 * Only the tests need one: the browser that plays the part of a person with the web page. The first is what is installed, and what
 * `tests/support/web.ts` prefers; a whole Chromium that is there serves as well.
 */
const browsers = ['chromium-headless-shell', 'chromium'];

/** Installs Redis, ffmpeg and espeak-ng where they are missing. */
export async function ensurePrograms() {
  await ensureInstalled(programs);
}

/** Installs a browser for the tests where there is none. */
export async function ensureBrowser() {
  for (const name of browsers) if ((await execute(name, ['--version'])).status !== 127) return;
  await installPackages(browsers.slice(0, 1));
}

async function ensureInstalled(wanted) {
  const missing = [];
  for (const program of wanted) {
    if ((await execute(program.name, [program.versionFlag])).status === 127) missing.push(program.package);
  }
  if (missing.length > 0) await installPackages([...new Set(missing)]);
}

/**
 * Installs Debian packages, saying which and how much is downloaded. SetupError with the command to type where this
 * program may not do it itself.
 */
export async function installPackages(packages) {
  const command = `apt-get install ${packages.join(' ')}`;
  if (!isDebian()) {
    throw new SetupError(
      `Missing: ${packages.join(', ')}. I don't know this system's packages. Please install these (Redis 6.2 or newer, ffmpeg 5 or newer, espeak-ng, Python 3.11; chromium for the tests) and run the command again.`,
    );
  }
  if (process.getuid?.() !== 0)
    throw new SetupError(
      `Missing: ${packages.join(', ')}. Please run, as root:\n\n  ${command}\n\nand then this command again.`,
    );
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  say(`missing: ${packages.join(', ')}; asking apt-get for them …`);
  await executeOrStop('apt-get', ['update', '-q'], { environment });
  const args = ['install', '--no-install-recommends', '-q', ...packages];
  const { output } = await execute('apt-get', [...args, '--assume-no'], { environment });
  const size = /Need to get ([^\n]*?) of archives/.exec(output)?.[1];
  say(`${command}${size === undefined ? '' : ` (${size} to download)`} …`);
  await withoutStartingServices(() => executeOrStop('apt-get', [...args, '-y'], { environment }));
}

/** Debian starts a server as soon as it is installed. We start our own, so the system's is left off. */
async function withoutStartingServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(policy, { force: true });
  }
}

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false; // not Linux
  }
}
