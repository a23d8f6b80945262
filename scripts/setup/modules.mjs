import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { executeOrStop, fingerprint, readStamp, root, say, SetupError, writeStamp } from './shared.mjs';

const stamp = join(root, 'node_modules', '.set-up');
/** The first version that runs TypeScript files without a flag and that the dependencies are tested with. */
const wantedMajor = 24;

/** Installs the npm packages of the lock file, when it has changed since the last time. */
export async function ensureModules() {
  const wanted = fingerprint(['package.json', 'package-lock.json']);
  if (readStamp(stamp) === wanted) return;
  say('installing npm packages (about 100 MB to download the first time) …');
  // Not `npm ci`, which begins with an empty folder each time. This installs the locked versions just the same, and leaves the lock
  // file alone.
  await executeOrStop('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  writeStamp(stamp, wanted);
}

/** A Node that runs TypeScript: this one if it is new enough, else the one among the dependencies. */
export function nodeProgram() {
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) return process.execPath;
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  throw new SetupError(
    `This needs Node ${wantedMajor} or newer, but this is ${process.version}. There is no bundled one for ${process.platform} on ${process.arch}: install it from nodejs.org.`,
  );
}
