import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DiskFull, isDiskFull, namingFullDisk } from '../../src/full-disk.ts';

/** Beside its data: where it listens. */
export const addressFile = 'address';

export interface PrivateRedis {
  /** `unix:///…` */
  readonly url: string;
  /** Resolves when the server has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Lets it write everything down and end. */
  stop(): Promise<void>;
}

/**
 * Starts a Redis server that only this machine reaches, on a socket, with every write on disk before long (AOF) and nothing
 * ever evicted, as the queue needs.
 *
 * @param folder where its data is kept
 * @throws Error with what the server said when it does not start
 */
export async function startPrivateRedis(folder: string): Promise<PrivateRedis> {
  await namingFullDisk(folder, async () => mkdir(folder, { recursive: true }));
  // A socket's path may have 107 bytes at most; a data folder may be deeper than that.
  const socketFolder = await mkdtemp(join(tmpdir(), 'humo-'));
  const socket = join(socketFolder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--dir', folder];
  settings.push('--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction');
  settings.push('--save', '', '--daemonize', 'no', '--logfile', '');
  // In a group of its own: Ctrl+C in the terminal must not end it before the bot and the worker have written their last.
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = (async () => {
    await once(server, 'exit');
    await rm(join(folder, addressFile), { force: true });
    await rm(socketFolder, { recursive: true, force: true });
  })();
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Error('redis-server could not be started; is it installed?', { cause: error })),
    );
    server.once('exit', () => {
      const failed = new Error(`redis-server ended at once:\n${said.slice(-10).join('\n')}`);
      reject(isDiskFull(failed) ? new DiskFull(folder, failed) : failed);
    });
    createInterface({ input: server.stdout }).on('line', (line) => {
      said.push(line);
      if (said.length > 50) said.shift();
      if (/ready to accept connections/i.test(line)) resolve();
    });
  });
  // Whatever ends this process, the server does not outlive it.
  // For tools that look at a running deployment: the socket lies in another place each time.
  await namingFullDisk(folder, () =>
    writeFile(join(folder, addressFile), `unix://${socket}\n`, { mode: 0o600 }),
  );
  const kill = () => void server.kill('SIGTERM');
  process.once('exit', kill);
  return {
    url: `unix://${socket}`,
    ended,
    async stop() {
      process.off('exit', kill);
      server.kill('SIGTERM');
      await ended;
    },
  };
}
