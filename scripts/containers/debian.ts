import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Machine } from './host-mirrors.ts';
import { ContainersError } from './errors.ts';

export interface DebianOptions {
  /** `trixie`, `bookworm` */
  readonly release: string;
  readonly packages: readonly string[];
  /** a folder, or a file that ends in .tar */
  readonly target: string;
}

/** Makes a small Debian with mmdebstrap, unless it is there already. @throws ContainersError when that cannot be done */
export async function makeDebian(machine: Machine, options: DebianOptions): Promise<void> {
  const { release, packages, target } = options;
  if (existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true });
  const unfinished = join(dirname(target), `unfinished-${release}${target.endsWith('.tar') ? '.tar' : ''}`);
  await rm(unfinished, { recursive: true, force: true });
  const made = await execa(
    'mmdebstrap',
    [
      '--variant=minbase',
      ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
      ...proxyOptions(machine.proxies),
      release,
      unfinished,
      ...(machine.debianMirror === undefined ? [] : [machine.debianMirror]),
    ],
    { reject: false, all: true },
  );
  if (made.code === 'ENOENT')
    throw new ContainersError('mmdebstrap is needed to make a Debian of its own: apt-get install mmdebstrap');
  if (made.failed)
    throw new ContainersError(`mmdebstrap failed:\n${made.all.split('\n').slice(-15).join('\n')}`);
  await rename(unfinished, target);
}

function proxyOptions(proxies: Readonly<Record<string, string>>): string[] {
  return (['http', 'https'] as const).flatMap((scheme) => {
    const proxy = proxies[`${scheme}_proxy`] ?? proxies[`${scheme.toUpperCase()}_PROXY`];
    return proxy === undefined ? [] : [`--aptopt=Acquire::${scheme}::Proxy "${proxy}"`];
  });
}
