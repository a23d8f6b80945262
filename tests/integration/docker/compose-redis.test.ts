import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { renderCompose } from '../../support/compose.ts';
import { portOf } from '../../support/port.ts';

test('the Redis of the compose file asks for the password, keeps an append-only file, evicts nothing, shows no password, and ends on SIGTERM', async () => {
  const REDIS_PASSWORD = 'a1b2c3d4e5f6';
  const {
    services,
  }: {
    services: { redis: { command: string[]; environment: Record<string, string> } };
  } = JSON.parse(renderCompose([join(projectRoot, 'docker/compose.yaml')], { REDIS_PASSWORD }));
  const folder = await mkdtemp(join(tmpdir(), 'humo-compose-'));
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const port = portOf(free);
  free.close();
  await once(free, 'close');
  const [shell = '', flag = '', script = ''] = services.redis.command;
  expect(script).toContain('--dir /data');
  const server = spawn(
    shell,
    [flag, script.replace('--dir /data', `--dir ${folder} --port ${port} --bind 127.0.0.1`)],
    {
      env: { PATH: process.env['PATH'], ...services.redis.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const lines = createInterface({ input: server.stdout });
    let serverId = 0;
    for await (const line of lines) {
      serverId = Number(/pid=(\d+)/.exec(line)?.[1] ?? serverId);
      if (/ready to accept connections/i.test(line)) break;
    }
    server.stdout.resume();
    const stranger = connect(port, '127.0.0.1');
    stranger.write('PING\r\n');
    const [refusal]: Buffer[] = await once(stranger, 'data');
    expect(refusal?.toString()).toMatch(/^-NOAUTH/);
    stranger.destroy();

    const redis = new Redis({ port, password: REDIS_PASSWORD });
    const settings = JSON.stringify(await redis.call('config', 'get', 'appendonly', 'maxmemory-policy'));
    expect(settings).toMatch(/"appendonly"[:,]"yes"/);
    expect(settings).toMatch(/"maxmemory-policy"[:,]"noeviction"/);
    redis.disconnect();
    expect(await readFile(`/proc/${serverId}/cmdline`, 'utf8')).not.toContain(REDIS_PASSWORD);

    // Redis itself and no shell in front of it: a container's first process hands nothing on.
    expect(serverId).toBe(server.pid);
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test('without a password it says so, stays, and ends when it is asked to: started again and again it would keep everybody waiting', async () => {
  const file = join(projectRoot, 'docker/compose.yaml');
  const {
    services,
  }: {
    services: { redis: { command: string[]; environment: Record<string, string> } };
  } = JSON.parse(renderCompose([file], {}));
  const [shell = '', ...args] = services.redis.command;
  const server = spawn(shell, args, {
    env: { PATH: process.env['PATH'], ...services.redis.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const ended = once(server, 'exit');
  try {
    const [said]: Buffer[] = await once(server.stderr, 'data');
    expect(said?.toString()).toMatch(/^REDIS_PASSWORD is empty: set it in docker\/\.env/);
    server.kill('SIGTERM');
    expect(await ended).toEqual([78, null]);
  } finally {
    // With what it has started, which in a container ends with it.
    if (server.pid !== undefined) await execa('kill', ['-KILL', '--', `-${server.pid}`], { reject: false });
  }
});
