import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { makeDebian } from './debian.ts';
import type { Machine } from './host-mirrors.ts';
import { ContainersError } from './errors.ts';

/** What an engine may reach: `building` fetches packages, `running` is shut in. One that ran before us is what it is. */
export type Mode = 'building' | 'running';

export interface Engine {
  /** in words, for the table */
  readonly description: string;
  /** whether it was brought, and so ends with this script, with everything in it */
  readonly own: boolean;
  /** what stands before `docker` on a command line */
  readonly prefix: readonly string[];
  /** what stands before a program that shall see the engine's network, and this machine's files */
  readonly networkPrefix: readonly string[];
  /** Goes on in another mode, with the same images and volumes. */
  enter(mode: Mode): Promise<void>;
  stop(): Promise<void>;
}

/** Debian 13's: Debian 12's Compose knows neither `!reset` nor `required:`. */
const enginePackages = [
  'docker.io',
  'docker-cli',
  'docker-buildx',
  'docker-compose',
  'iptables',
  'ca-certificates',
  'git',
  'iproute2',
];

/** The engine that runs here; undefined when none answers. */
export async function findEngine(): Promise<Engine | undefined> {
  const { failed, stdout } = await execa('docker', ['version', '--format', '{{.Server.Version}}'], {
    reject: false,
  });
  if (failed) return undefined;
  const { stdout: compose } = await execa('docker', ['compose', 'version', '--short'], { reject: false });
  return {
    description: `Docker ${stdout} and Compose ${compose}, which ran here`,
    own: false,
    prefix: [],
    networkPrefix: [],
    enter: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/**
 * Brings an engine of its own: a Debian in a folder, and its Docker in namespaces of its own.
 *
 * @param folder where its Debian, its images and its volumes are kept
 * @param shared a folder that has the same path for the engine and for this machine
 * @throws ContainersError where that cannot be done
 */
export async function bringEngine(machine: Machine, folder: string, shared: string): Promise<Engine> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new ContainersError(
      'No Docker engine answers (`docker version`), and only root on Linux can bring one. Start Docker, or run this as root.',
    );
  const root = join(folder, 'engine-root');
  const state = join(folder, 'engine-state');
  // A second one would take the first one's socket and images away, and tidy its containers up.
  if (await isAnswered(join(shared, 'docker.sock')))
    throw new ContainersError(
      `Another run is at work in ${folder}: wait for it, or name another folder in HUMO_CONTAINERS_CACHE.`,
    );
  await makeDebian(machine, { release: 'trixie', packages: enginePackages, target: root });
  await mkdir(state, { recursive: true });
  await mkdir(shared, { recursive: true });
  return await OwnEngine.start(machine, { root, state, shared, log: join(folder, 'engine.log') });
}

/** Whether somebody listens at a socket; one that a killed engine left is only a file. */
export async function isAnswered(socket: string): Promise<boolean> {
  const connection = connect(socket);
  const answered = await Promise.race([
    once(connection, 'connect').then(() => true),
    once(connection, 'close').then(() => false),
  ]).catch(() => false);
  connection.destroy();
  return answered;
}

interface Folders {
  readonly root: string;
  readonly state: string;
  readonly shared: string;
  readonly log: string;
}

class OwnEngine implements Engine {
  readonly own = true;
  readonly #machine: Machine;
  readonly #folders: Folders;
  #unshared: ChildProcess | undefined;
  #daemon = 0;
  description = '';

  private constructor(machine: Machine, folders: Folders) {
    this.#machine = machine;
    this.#folders = folders;
  }

  static async start(machine: Machine, folders: Folders): Promise<OwnEngine> {
    const engine = new OwnEngine(machine, folders);
    await engine.enter('building');
    // Of a run that was ended by force: the engine would go on starting them.
    const { stdout: left } = await execa('nsenter', engine.command(['docker', 'ps', '--all', '--quiet']));
    const ids = left.split('\n').filter((id) => id !== '');
    if (ids.length > 0)
      await execa('nsenter', engine.command(['docker', 'rm', '--force', '--volumes', ...ids]));
    const version = async (...args: string[]) => (await execa('nsenter', engine.command(args))).stdout.trim();
    const server = await version('docker', 'version', '--format', '{{.Server.Version}}');
    engine.description = `Docker ${server} and Compose ${await version('docker', 'compose', 'version', '--short')} of Debian 13, brought for this`;
    return engine;
  }

  private command(args: readonly string[]): string[] {
    return [...this.prefix.slice(1), ...args];
  }

  get prefix(): readonly string[] {
    return ['nsenter', '--target', String(this.#daemon), '--mount', '--net', '--'];
  }

  get networkPrefix(): readonly string[] {
    return ['nsenter', '--target', String(this.#daemon), '--net', '--'];
  }

  async enter(mode: Mode): Promise<void> {
    await this.stop();
    const { root, state, shared, log } = this.#folders;
    const namespaces = [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      ...(mode === 'running' ? ['--net'] : []),
    ];
    const script = join(import.meta.dirname, 'engine.sh');
    const child = spawn('unshare', [...namespaces, '--', 'sh', script, root, state, shared, mode], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HUMO_CONTAINERS_CERTIFICATES: this.#machine.certificates ?? '' },
      detached: true, // Ctrl+C is answered by this script, in the right order
    });
    const output = createWriteStream(log, { flags: 'a' });
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    const kill = () => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    this.#unshared = child;
    await this.#untilItAnswers(child, join(shared, 'docker.sock'), log);
  }

  async #untilItAnswers(child: ChildProcess, socket: string, log: string): Promise<void> {
    const patience = Date.now() + 120_000;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > patience)
        throw new ContainersError(`the engine did not start; its log is ${log}`);
      const [daemon] = await childrenOf(child.pid ?? 0);
      if (daemon !== undefined && existsSync(socket)) {
        this.#daemon = daemon;
        process.env['DOCKER_HOST'] = `unix://${socket}`;
        const { failed } = await execa('nsenter', this.command(['docker', 'version']), { reject: false });
        if (!failed) return;
      }
      await delay(300);
    }
  }

  async stop(): Promise<void> {
    const child = this.#unshared;
    this.#unshared = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // The daemon itself, so that it stops its containers and writes all down; the namespaces end with it.
    process.kill(this.#daemon, 'SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await ended;
    clearTimeout(late);
    await rm(join(this.#folders.shared, 'docker.sock'), { force: true });
  }
}

/** Ids of the processes that a process has started. */
async function childrenOf(pid: number): Promise<number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
