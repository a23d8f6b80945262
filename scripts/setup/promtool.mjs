import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execute, executeOrStop, root, say, SetupError } from './shared.mjs';

const folder = join(root, '.setup', 'bin');

/**
 * Fetches promtool, with which the tests try the alert rules, where there is none: out of Debian's package, which is not installed.
 * It would bring a server that starts with the machine from then on.
 */
export async function ensurePromtool() {
  const program = join(folder, 'promtool');
  if (existsSync(program) || (await execute('promtool', ['--version'])).status !== 127) return;
  say("missing: promtool; taking it out of Debian's package prometheus (20 MB to download) …");
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'promtool-'));
  try {
    const download = ['-C', work, 'apt-get', 'download', '-q', 'prometheus'];
    if ((await execute('env', download)).status !== 0) {
      // The lists are missing or old, and only root may renew them.
      await execute('apt-get', ['update', '-q']);
      await executeOrStop('env', download);
    }
    const archive = readdirSync(work).find((name) => name.endsWith('.deb')) ?? '';
    await executeOrStop('dpkg-deb', ['-x', join(work, archive), work]);
    renameSync(join(work, 'usr', 'bin', 'promtool'), program);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(
      `Missing: promtool, with which the tests try the alert rules. Please install Prometheus (on Debian, as root: apt-get install prometheus) and run the command again.\n${error.message}`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
