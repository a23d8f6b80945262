import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './port.ts';

/** The server's program: `TEST_REDIS_SERVER=valkey-server` runs the tests on Valkey. */
const program = process.env['TEST_REDIS_SERVER'] ?? 'redis-server';

/** A `redis-server` of one's own, in its own temporary folder. */
export interface TestRedis extends AsyncDisposable {
  /** `unix:///…/redis.sock`, or `redis://127.0.0.1:port` with `tcp` */
  readonly url: string;
  readonly folder: string;
  /** where it speaks TLS; 0: nowhere */
  readonly tlsPort: number;
  /** SIGKILL, as a crash or a power cut would end it. The data of an append-only server stays on disk. */
  kill(): Promise<void>;
  /** Keeps its connections and answers nothing, as on a machine that is moved or whose disk hangs. @returns how to go on */
  standStill(): () => void;
  /** Starts it again on the same address and folder; kills it first if it runs. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Paths of a certificate, as PEM, that is its own authority, and of its key. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

function tlsSettings(port: number, { certificate, key }: TestCertificate): (readonly [string, string])[] {
  return [
    ['tls-port', String(port)],
    ['tls-cert-file', certificate],
    ['tls-key-file', key],
    ['tls-ca-cert-file', certificate],
    ['tls-auth-clients', 'no'],
    ['tls-replication', 'yes'],
  ];
}

export interface TestRedisOptions {
  /** keep an append-only file, so that `kill` and `restart` lose nothing that was acknowledged */
  readonly appendOnly?: boolean;
  /** listen on a free port of 127.0.0.1 instead of a socket */
  readonly tcp?: boolean;
  readonly password?: string;
  /** listens for TLS, too, and speaks to its primary by it */
  readonly tls?: TestCertificate;
  /** more of what stands in `redis.conf` */
  readonly settings?: readonly (readonly [string, string])[];
}

/**
 * Gives a Redis server that takes connections and holds nothing.
 *
 * One on a socket is taken over from an earlier test of this process, where there is one: a start takes longer than most of what is asked of
 * it. The address is another each time, so that nobody who was left over from that test finds it, and all that may have been set is as at
 * the start. One that was killed, or stood still, goes to nobody.
 *
 * The server ends with this process whatever happens to it: a watcher holds the other end of a pipe and kills the server when
 * the pipe closes, which the system does even for a process that was killed.
 *
 * @throws Error with the server's last log lines if it does not start
 */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const { appendOnly = false, ...special } = options;
  if (Object.keys(special).length > 0) return startOwn(options);
  const server = free[appendOnly ? 'kept' : 'forgetful'].pop() ?? (await startShared(appendOnly));
  let isAsBefore = true;
  const change = <Result>(act: () => Result): Result => {
    isAsBefore = false;
    return act();
  };
  let hasStopped = false;
  const stop = async () => {
    if (hasStopped) return;
    hasStopped = true;
    if (!isAsBefore) return server.redis.stop();
    await server.clear();
    free[appendOnly ? 'kept' : 'forgetful'].push(server);
  };
  return {
    url: server.url(),
    folder: server.redis.folder,
    tlsPort: 0,
    kill: () => change(async () => server.redis.kill()),
    standStill: () => change(() => server.redis.standStill()),
    restart: () => change(async () => server.redis.restart()),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A server that one test after another has. */
interface SharedServer {
  readonly redis: OwnRedis;
  readonly url: () => string;
  /** Under another address, without clients and data, and set as at its start. */
  clear(): Promise<void>;
}

/** Servers of this process that no test has now. */
const free: Record<'kept' | 'forgetful', SharedServer[]> = { kept: [], forgetful: [] };

async function startShared(appendOnly: boolean): Promise<SharedServer> {
  const redis = await startOwn({ appendOnly });
  let [socket, times] = [redis.socket, 0];
  const asked = async <Answer>(ask: (connection: Redis) => Promise<Answer>): Promise<Answer> => {
    const connection = new Redis(socket);
    try {
      return await ask(connection);
    } finally {
      connection.disconnect();
    }
  };
  const settings = async (connection: Redis) => connection.config('GET', '*').then(pairsOf);
  const [first, users] = await asked(async (connection) => [
    await settings(connection),
    await connection.acl('LIST'),
  ]);
  return {
    redis,
    url: () => `unix://${socket}`,
    async clear() {
      const moved = join(redis.folder, `${(times += 1)}.sock`);
      await rename(socket, moved);
      socket = moved;
      redis.listensAt(moved);
      await asked(async (connection) => {
        for (const type of ['normal', 'pubsub'] as const)
          await connection.call('CLIENT', 'KILL', 'TYPE', type);
        for (const user of users) await connection.acl('SETUSER', ...afresh(user));
        const now = await settings(connection);
        for (const [name, value] of first)
          if (now.get(name) !== value) await connection.config('SET', name, value);
        await connection.flushall();
        await connection.config('RESETSTAT');
      });
    },
  };
}

/** What `CONFIG GET` answers, as pairs. */
function pairsOf(answer: unknown): Map<string, string> {
  const flat = Array.isArray(answer) ? answer.map(String) : [];
  return new Map(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : [])));
}

/** A line of `ACL LIST`, as what makes a user to be just that. */
function afresh(line: string): [name: string, ...rules: string[]] {
  const [, name = '', ...rules] = line.split(' ');
  return [name, 'reset', ...rules];
}

interface OwnRedis extends TestRedis {
  /** the path of its socket, when it was started */
  readonly socket: string;
  /** Says that its socket is elsewhere now. */
  listensAt(socket: string): void;
}

async function startOwn(options: TestRedisOptions): Promise<OwnRedis> {
  // A socket's path may have 107 bytes at most, so the folder stays directly under the system's own.
  const folder = await mkdtemp(join(tmpdir(), 'humo-redis-'));
  let socket = join(folder, 'redis.sock');
  const port = options.tcp === true ? await freePort() : 0;
  // `everysec` holds writes back for up to two seconds while an earlier fsync still runs, and SIGKILL loses those; with `no` they
  // are with the system before they are acknowledged, and a killed process takes nothing of that with it.
  const settings = [
    `--port ${port} --bind 127.0.0.1 --daemonize no`,
    `--appendonly ${options.appendOnly === true ? 'yes' : 'no'} --appendfsync no --maxmemory-policy noeviction`,
  ].flatMap((line) => line.split(' '));
  settings.push('--dir', folder, '--save', '', '--logfile', '');
  if (options.password !== undefined) settings.push('--requirepass', options.password);
  const tlsPort = options.tls === undefined ? 0 : await freePort();
  const more = [
    ...(options.tls === undefined ? [] : tlsSettings(tlsPort, options.tls)),
    ...(options.settings ?? []),
  ];
  settings.push(...more.flatMap(([name, value]) => [`--${name}`, value]));
  const secret = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  const url = options.tcp === true ? `redis://${secret}127.0.0.1:${port}` : `unix://${secret}${socket}`;
  const start = async () =>
    startServer([...settings, ...(options.tcp === true ? [] : ['--unixsocket', socket])], folder);

  let server = await start();
  const kill = async () => endServer(server, 'SIGKILL');
  const stop = async () => {
    await endServer(server, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    folder,
    tlsPort,
    socket,
    listensAt: (path) => void (socket = path),
    kill,
    stop,
    standStill() {
      const stood = server;
      stood.kill('SIGSTOP');
      return () => void stood.kill('SIGCONT');
    },
    async restart() {
      await kill();
      server = await start();
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** `$$` stays the server's process id: `exec` replaces the shell, and the watcher reads our end of the pipe until it closes. If
 * that is because this process is no more, nobody else removes the folder. */
const watchedStart =
  'exec 3<&0; ' +
  '( cat <&3; case "$(cat /proc/$$/comm 2>/dev/null || ps -o comm= -p $$)" in *redis*|*valkey*) kill -9 $$ ;; esac; ' +
  'sleep 1; kill -0 "$TEST_PROCESS" || rm -rf "$REDIS_FOLDER" ) </dev/null >/dev/null 2>&1 & ' +
  'exec "$REDIS_SERVER" "$@" </dev/null 3<&-';

/** A Sentinel of one's own that watches one primary. */
export interface TestSentinel extends AsyncDisposable {
  readonly port: number;
  /** where it speaks TLS; 0: nowhere */
  readonly tlsPort: number;
  /** Makes a replica the primary, and resolves when the Sentinel says that it is and the old one follows it: until then that takes
   * writes, which are lost. */
  failOver(): Promise<void>;
}

/**
 * Starts a Sentinel, and resolves when it knows a replica of the primary that could take its place.
 *
 * @param primary.port where it listens on 127.0.0.1
 * @param primary.tls the Sentinel speaks TLS to everybody; the primary's port is `tlsPort` then
 */
export async function startSentinel(primary: {
  readonly name: string;
  readonly port: number;
  readonly tlsPort?: number;
  readonly tls?: TestCertificate;
}): Promise<TestSentinel> {
  const folder = await mkdtemp(join(tmpdir(), 'humo-redis-'));
  const port = await freePort();
  const path = join(folder, 'sentinel.conf');
  const tlsPort = primary.tls === undefined ? 0 : await freePort();
  const tls = primary.tls === undefined ? [] : tlsSettings(tlsPort, primary.tls);
  await writeFile(
    path,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      ...tls.map((setting) => setting.join(' ')),
      `sentinel monitor ${primary.name} 127.0.0.1 ${primary.tlsPort ?? primary.port} 1`,
      `sentinel down-after-milliseconds ${primary.name} 5000`,
      `sentinel failover-timeout ${primary.name} 20000`,
    ].join('\n'),
  );
  const server = await startServer([path, '--sentinel'], folder, /\+monitor/);
  const connection = new Redis({ host: '127.0.0.1', port });
  const until = async (holds: () => Promise<boolean>) => {
    for (const end = Date.now() + 40_000; !(await holds()); await delay(50)) {
      if (Date.now() > end) throw new Error('the Sentinel did not come so far');
    }
  };
  await until(async () => {
    const replicas = String(await connection.call('SENTINEL', 'REPLICAS', primary.name));
    return /master-link-status,ok/.test(replicas);
  });
  return {
    port,
    tlsPort,
    async failOver() {
      const before = String(await connection.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', primary.name));
      await connection.call('SENTINEL', 'FAILOVER', primary.name);
      await until(
        async () =>
          String(await connection.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', primary.name)) !== before,
      );
      const old = new Redis({ host: '127.0.0.1', port: primary.port });
      await until(async () => (await old.role())[0] === 'slave');
      old.disconnect();
    },
    async [Symbol.asyncDispose]() {
      connection.disconnect();
      await endServer(server, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(
  settings: readonly string[],
  folder: string,
  isReady = /ready to accept connections/i,
): Promise<ChildProcess> {
  const server = spawn('sh', ['-c', watchedStart, 'redis-server', ...settings], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      TEST_PROCESS: String(process.pid),
      REDIS_FOLDER: folder,
      REDIS_SERVER: program,
    },
  });
  // Writing to nobody is how the pipe ends when the server has gone; that is no error of ours.
  server.stdin.on('error', () => undefined);
  server.stderr.resume();
  const log: string[] = [];
  const lines = createInterface({ input: server.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      log.push(line);
      if (isReady.test(line)) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code, signal) => {
      reject(
        new Error(`redis-server ended (${code ?? signal}) before it was ready:\n${log.slice(-8).join('\n')}`),
      );
    });
  });
  log.length = 0;
  lines.removeAllListeners('line');
  server.stdout.resume();
  // Neither the server nor its pipes keep a finished test process alive.
  server.unref();
  for (const pipe of [server.stdin, server.stdout, server.stderr]) if (pipe instanceof Socket) pipe.unref();
  return server;
}

async function endServer(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.ref();
  const exited = once(server, 'exit');
  server.kill(signal);
  await exited;
}
