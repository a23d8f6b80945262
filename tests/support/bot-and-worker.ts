import type { Sandbox } from '../../sandbox/scripting/sandbox.ts';
import { startPart } from '../../scripts/support/part.ts';
import type { Part } from '../../scripts/support/part.ts';
import { startWorkerProcess } from './worker-process.ts';
import type { WorkerProcess, WorkerProcessOptions } from './worker-process.ts';

/** A real bot process and a worker with a scripted engine, on one Redis and one folder. Neither has to be ready yet. */
export function startBotAndWorker(options: {
  readonly redisUrl: string;
  readonly discord: Sandbox;
  /** artifacts and scratch files of both */
  readonly folder: string;
  /** what the bot is told besides */
  readonly environment: NodeJS.ProcessEnv;
  readonly worker: Omit<WorkerProcessOptions, 'redisUrl' | 'prefix' | 'folder' | 'name'>;
}): { bot: Part; worker: WorkerProcess } {
  const { redisUrl, discord, folder, environment } = options;
  const prefix = 'test';
  const bot = startPart({
    name: 'bot',
    file: 'src/bot/main.ts',
    environment: {
      ...{ PATH: process.env['PATH'], HUMO_PROFILE: 'tiny' },
      ...{ REDIS_URL: redisUrl, REDIS_PREFIX: prefix, DATA_DIRECTORY: folder },
      ...discord.environment,
      ...environment,
    },
  });
  return { bot, worker: startWorkerProcess({ redisUrl, prefix, folder, name: 'w1', ...options.worker }) };
}
