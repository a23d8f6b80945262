/**
 * A process of ours that meets errors as the libraries throw them, all of which carry what no log may hold: run as
 * `node tests/support/failing-process.ts <log|throw|forget> <path of a Redis socket>`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { REST, Routes } from 'discord.js';
import { execa } from 'execa';
import { Redis } from 'ioredis';
import { createLogger } from '../../src/log.ts';
import { runUntilSignal } from '../../src/run-until-signal.ts';

/** Parts of it stand in the interaction's token, the message, the password, the record, the output of a program. */
export const secret = 'sesame';

/** The password of the Redis server: another one is refused only where there is one. */
export const rightPassword = 'open';

async function errors(socket: string): Promise<unknown[]> {
  const caught: unknown[] = [];
  const keep = (error: unknown) => void caught.push(error);
  const server = createServer((_request, response) => {
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"code":50035,"message":"Invalid Form Body"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const rest = new REST({ api: `http://127.0.0.1:${port}`, retries: 0 }).setToken(`${secret}-bot`);
  await rest
    .post(Routes.webhook('1', `${secret}-token`), { body: { content: `${secret} in a prompt` } })
    .catch(keep);
  server.close();
  await rest.post(Routes.webhook('1', `${secret}-token`)).catch(keep);
  const stranger = new Redis({
    ...{ path: socket, password: `${secret}-password`, lazyConnect: true, retryStrategy: null },
  });
  stranger.on('error', keep);
  await stranger.connect().catch(keep);
  const redis = new Redis({ path: socket, password: rightPassword });
  await redis.set('text', 'x');
  await redis.hset('text', 'request', JSON.stringify({ prompt: secret })).catch(keep);
  redis.disconnect();
  await execa('sh', ['-c', 'echo "$0"; exit 3', secret]).catch(keep);
  try {
    JSON.parse(`{"prompt":${secret}}`);
  } catch (error) {
    keep(error);
  }
  return caught;
}

async function main(): Promise<number> {
  const [, , mode = '', socket = ''] = process.argv;
  const log = createLogger('failing', 'info');
  const caught = await errors(socket);
  if (mode === 'log') for (const error of caught) log.error({ err: error }, 'an error');
  const [first] = caught;
  return runUntilSignal(log, async () => {
    if (mode === 'throw') throw first;
    if (mode === 'forget') {
      void Promise.reject(first);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
  });
}

if (import.meta.main) process.exit(await main());
