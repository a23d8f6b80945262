/**
 * The whole thing on one machine, without an account, a GPU or a weight file: Redis, a local Discord, the bot, the worker and
 * the engine with its `mini` profile. A member runs `/humo`, and the video that comes back is checked and kept.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ScenarioError, startSandbox } from '../sandbox/start.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { DiskFull, isDiskFull, namingFullDisk } from '../src/full-disk.ts';
import { minute } from '../src/units.ts';
import { commandOptions, DemoError, options, usage } from './support/demo-options.ts';
import { converse } from './support/demo-request.ts';
import { readableTail, startPart } from './support/part.ts';
import type { Part } from './support/part.ts';
import { startPrivateRedis } from './support/private-redis.ts';

const print = (line: string): void => console.log(line);

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options, allowPositionals: false });
    if (values.help === true) {
      print(usage);
      return 0;
    }
    const command = commandOptions(values);
    const stop = stopOnSignal();
    const result = await withEverything(stop, values.record, (discord) =>
      converse(discord, command, resolve(values.out ?? 'demo-output'), print),
    );
    if (values.json === true) print(JSON.stringify(result));
    return 0;
  } catch (error) {
    if (error instanceof DiskFull) {
      console.error(`\n${error.message}.`);
      return 1;
    }
    if (!(error instanceof DemoError) && !isArgumentError(error)) throw error;
    console.error(`\n${error.message}${isArgumentError(error) ? `\n\n${usage}` : ''}`);
    return error.message === interrupted ? 130 : 1;
  }
}

const interrupted = 'Stopped.';

/** A promise that fails when someone wants the demo to end. A second Ctrl+C ends it at once. */
function stopOnSignal(): Promise<never> {
  const stopped = Promise.withResolvers<never>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    let asked = false;
    process.on(signal, () => {
      if (asked) process.exit(130);
      asked = true;
      stopped.reject(new DemoError(interrupted));
    });
  }
  stopped.promise.catch(() => undefined);
  return stopped.promise;
}

/** All that is made on the way lies there. */
async function inTemporary<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error) || error instanceof DiskFull) throw error;
    throw new DiskFull(tmpdir(), error, otherTemporary);
  }
}

const otherTemporary = 'set TMPDIR to a folder on a larger disk';

/** Starts all parts, lets `act` play, and stops them again whatever happens. */
async function withEverything<T>(
  stop: Promise<never>,
  record: string | undefined,
  act: (discord: Sandbox) => Promise<T>,
): Promise<T> {
  const folder = await inTemporary(() => mkdtemp(join(tmpdir(), 'humo-demo-')));
  const parts: Part[] = [];
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const started = performance.now();
    print('Starting Redis, a local Discord, the bot, the worker and the engine (profile mini) …');
    const redis = await namingFullDisk(
      folder,
      () => startPrivateRedis(join(folder, 'redis')),
      otherTemporary,
    );
    ends.push(() => redis.stop());
    // Discord gives a bot three seconds; a machine that is busy with something else may have more to show what it can.
    const discord = await startSandbox({ firstResponse: minute });
    ends.push(() => closeSandbox(discord));
    if (record !== undefined) {
      writeFileSync(record, '');
      discord.onRequest((request) => appendFileSync(record, `${JSON.stringify(request)}\n`));
    }
    const environment = {
      // Not all of this terminal's variables: some may be meant for a bot that is really in use.
      ...Object.fromEntries(['PATH', 'HOME', 'LANG', 'TMPDIR'].map((name) => [name, process.env[name]])),
      ...discord.environment,
      REDIS_URL: redis.url,
      DATA_DIRECTORY: join(folder, 'data'),
      HUMO_PROFILE: 'mini',
      HUMO_CACHE: join(folder, 'cache'),
      LOG_LEVEL: 'info',
    };
    const start = (name: string) => startPart({ name, file: `src/${name}/main.ts`, environment });
    const [bot, worker] = [start('bot'), start('worker')];
    parts.push(bot, worker);
    ends.push(() => Promise.all(parts.map((part) => part.stop())));
    const broken = Promise.race(
      parts.map(async (part) => {
        const status = await part.ended;
        throw new DemoError(
          `The ${part.name} ended (${status}) before the video came.\n${readableTail(part.lines)}`,
        );
      }),
    );
    broken.catch(() => undefined);
    await Promise.race([Promise.all([bot.logged('ready'), worker.logged('taking jobs')]), broken, stop]);
    print(`Ready after ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
    return await Promise.race([inTemporary(() => act(discord)), broken, stop]);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const logs = parts.map((part) => `\nThe end of the ${part.name}'s log:\n${readableTail(part.lines)}`);
    throw new DemoError(`${error.message}\n${logs.join('\n')}`, { cause: error });
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function closeSandbox(discord: Sandbox): Promise<void> {
  try {
    await discord.close();
  } catch (error) {
    throw new DemoError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

process.exit(await main());
