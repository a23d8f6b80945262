import { join } from 'node:path';
import { styleText } from 'node:util';
import { loadBotConfig, loadWorkerConfig } from '../src/config/environment.ts';
import { ConfigurationError } from '../src/config/generate.ts';
import { DiskFull } from '../src/full-disk.ts';
import botProcess from './support/bot-process.json' with { type: 'json' };
import { startPart } from './support/part.ts';
import { startPrivateRedis } from './support/private-redis.ts';
import type { PrivateRedis } from './support/private-redis.ts';
import { configurationExit } from '../src/config/exit-status.ts';

/**
 * `npm start`: the bot, a worker and, unless REDIS_URL names one, a Redis of their own whose data is kept in DATA_DIRECTORY. A
 * part that crashes is started again, after a pause that grows. Ctrl+C or SIGTERM ends all of them in order.
 */
const colors = { bot: 'cyan', worker: 'magenta', start: 'gray' } as const;
type Name = 'bot' | 'worker';

const firstPause = 1_000;
const longestPause = 60_000;
/** A part that ran this long was well: the next pause is short again. */
const wellAfter = 5 * 60_000;
function print(name: Name | 'start', line: string): void {
  const label = name.padEnd(6);
  process.stdout.write(`${process.stdout.isTTY ? styleText(colors[name], label) : label} ${line}\n`);
}

/** Every problem of both parts' configuration, each once: a server owner mends them all at one go. */
function problemsOf(environment: NodeJS.ProcessEnv): string[] {
  const problems = new Set<string>();
  for (const load of [loadBotConfig, loadWorkerConfig]) {
    try {
      load(environment);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      for (const problem of error.problems) problems.add(problem);
    }
  }
  return [...problems];
}

/** Runs a part until `stop` aborts, starting it again whenever it ends by itself. */
async function keepRunning(name: Name, environment: NodeJS.ProcessEnv, stop: AbortSignal): Promise<void> {
  let pause = firstPause;
  while (!stop.aborted) {
    const began = Date.now();
    const part = startPart({
      name,
      file: `src/${name}/main.ts`,
      ...(name === 'bot'
        ? { nodeFlags: botProcess.flags, environment: { ...botProcess.environment, ...environment } }
        : { environment }),
      onLine: (line) => print(name, line),
    });
    const stopped = new AbortController();
    const end = () => void part.stop();
    stop.addEventListener('abort', end, { once: true, signal: stopped.signal });
    const status = await part.ended;
    stopped.abort();
    if (stop.aborted) return;
    if (status === configurationExit)
      throw new ConfigurationError([`the ${name} refused its configuration; see above`]);
    if (Date.now() - began > wellAfter) pause = firstPause;
    print('start', `the ${name} ended with status ${status}; starting it again in ${pause / 1000} s`);
    await sleep(pause, stop);
    pause = Math.min(pause * 2, longestPause);
  }
}

/** Resolves after a time, or at once when `signal` aborts. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

async function main(): Promise<number> {
  const ownRedis = (process.env['REDIS_URL'] ?? '') === '';
  // A stand-in, so that the check before anything starts does not ask for what is about to be provided.
  const problems = problemsOf(ownRedis ? { ...process.env, REDIS_URL: 'redis://127.0.0.1' } : process.env);
  if (problems.length > 0) {
    process.stderr.write(
      `${new ConfigurationError(problems).message}\nSet them in .env; .env.example explains each.\n`,
    );
    return configurationExit;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const data = loadBotConfig({ ...process.env, REDIS_URL: 'redis://127.0.0.1' }).dataDirectory;
  let redis: PrivateRedis | null = null;
  try {
    redis = ownRedis ? await startPrivateRedis(join(data, 'redis')) : null;
  } catch (error) {
    if (!(error instanceof DiskFull)) throw error;
    print('start', `Redis does not start: ${error.message}`);
    return 1;
  }
  if (redis !== null) print('start', `Redis is up; its data is kept in ${join(data, 'redis')}`);
  const environment = { ...process.env, ...(redis === null ? {} : { REDIS_URL: redis.url }) };
  let status = 0;
  const lostRedis = (async () => {
    await redis?.ended;
    if (redis === null || stop.signal.aborted) return;
    print('start', 'Redis ended; stopping. Its data is on disk: start again to resume.');
    status = 1;
    stop.abort();
  })();
  const parts = (['bot', 'worker'] as const).map(async (name) => {
    try {
      await keepRunning(name, environment, stop.signal);
    } finally {
      stop.abort(); // one that refuses its configuration takes the other along
    }
  });
  for (const end of await Promise.allSettled(parts)) {
    if (end.status === 'fulfilled') continue;
    if (!(end.reason instanceof ConfigurationError)) throw end.reason;
    print('start', end.reason.message);
    status = configurationExit;
  }
  if (redis !== null) await redis.stop();
  await lostRedis;
  print('start', 'stopped');
  return status;
}

process.exitCode = await main();
