import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * How this machine reaches what it installs from: mirrors, proxies and certificates, as apt, npm and pip are set up here. Nothing of
 * it is written down in the repository.
 */
export interface Machine {
  /** of Debian, such as apt asks here; undefined: the usual one */
  readonly debianMirror: string | undefined;
  readonly npmRegistry: string | undefined;
  /** of Python's packages */
  readonly pythonIndex: string | undefined;
  /** a file with the certificates that this machine trusts; undefined: none is known */
  readonly certificates: string | undefined;
  /** HTTP_PROXY and its like, as they are set */
  readonly proxies: Readonly<Record<string, string>>;
}

export async function lookAtMachine(environment: NodeJS.ProcessEnv = process.env): Promise<Machine> {
  const [mirror] = await said('apt-get', ['indextargets', '--format', '$(SITE)', 'Origin: Debian']);
  const [registry] = await said('npm', ['config', 'get', 'registry']);
  const [index] = await said('python3', ['-m', 'pip', 'config', 'get', 'global.index-url']);
  const bundles = [
    environment['SSL_CERT_FILE'],
    environment['NODE_EXTRA_CA_CERTS'],
    '/etc/ssl/certs/ca-certificates.crt',
  ];
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  return {
    debianMirror: mirror,
    npmRegistry: registry,
    pythonIndex: index,
    certificates: bundles.find((path) => path !== undefined && path !== '' && existsSync(path)),
    proxies: Object.fromEntries(
      names.flatMap((name) => {
        const value = environment[name] ?? '';
        return value === '' ? [] : [[name, value]];
      }),
    ),
  };
}

/** The lines that a program writes; none when it is not there or fails. */
async function said(program: string, args: readonly string[]): Promise<string[]> {
  const { failed, stdout } = await execa(program, args, { reject: false });
  return failed ? [] : stdout.split('\n').filter((line) => line !== '' && line !== 'undefined');
}

/** Where what takes long to make is kept between runs: HUMO_CONTAINERS_CACHE, or a folder of the user's. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment['HUMO_CONTAINERS_CACHE'] ?? '';
  if (named !== '') return named;
  const own = environment['XDG_CACHE_HOME'] ?? '';
  return join(own === '' ? join(homedir(), '.cache') : own, 'humo-containers');
}

/** How a build reaches the network of this machine: arguments of `docker build`. */
export function proxyArguments({ proxies }: Pick<Machine, 'proxies'>): string[] {
  return Object.entries(proxies).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
}
