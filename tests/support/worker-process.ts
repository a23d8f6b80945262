/**
 * The worker, in a process of its own that a test may kill: real queue, real store, scripted engine. Instead of encoding it keeps
 * the raw frames, and it can stop at the moment between "the video is stored" and "the queue knows".
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { WorkerConfig } from '../../src/config/environment.ts';
import { loadWorkerConfig } from '../../src/config/environment.ts';
import { createLogger } from '../../src/log.ts';
import { MediaProcessError } from '../../src/media/process.ts';
import { createArtifactStore } from '../../src/storage/create.ts';
import type { ArtifactStore } from '../../src/storage/store.ts';
import { runUntilSignal } from '../../src/run-until-signal.ts';
import { runWorker } from '../../src/worker/run-worker.ts';
import { scriptedEngineCommand } from './scripted-engine.ts';
import type { EngineScript } from './scripted-engine.ts';

export interface WorkerProcessOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly folder: string;
  readonly name: string;
  readonly script: EngineScript;
  /** write this file once a video is stored, and go no further */
  readonly stopAfterStoring?: string;
  /** how often the store refuses a video before it takes it */
  readonly failingStores?: number;
  /** what ffmpeg complains about, and how often before it works */
  readonly failingEncodes?: { readonly times: number; readonly words: string };
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** resolves when the worker takes jobs */
  readonly ready: Promise<void>;
  /** its log, one object a line */
  readonly log: Record<string, unknown>[];
  /** resolves to the exit status or the signal */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export function startWorkerProcess(options: WorkerProcessOptions): WorkerProcess {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: Record<string, unknown>[] = [];
  const isReady = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const entry: Record<string, unknown> = JSON.parse(line);
    log.push(entry);
    if (entry['msg'] === 'taking jobs') isReady.resolve();
  });
  const ended = (async () => {
    await once(child, 'exit');
    isReady.reject(new Error(`the worker ended before it was ready: ${JSON.stringify(log)}`));
    return child.signalCode ?? child.exitCode;
  })();
  // Whoever only waits for the end does not care.
  isReady.promise.catch(() => undefined);
  return {
    child,
    log,
    ready: isReady.promise,
    ended,
    async end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

async function main(options: WorkerProcessOptions): Promise<number> {
  const config: WorkerConfig = {
    ...loadWorkerConfig({
      REDIS_URL: options.redisUrl,
      REDIS_PREFIX: options.prefix,
      DATA_DIRECTORY: options.folder,
      HUMO_PROFILE: 'tiny',
      WORKER_NAME: options.name,
      QUEUE_LOCK_SECONDS: '1',
      HEALTH_PORT: '0',
      // What it keeps in place of a video is none that could be signed.
      C2PA_SIGN: 'false',
    }),
    engineCommand: scriptedEngineCommand(options.script),
  };
  const log = createLogger('worker', process.env['TEST_LOG_LEVEL'] ?? 'info');
  const store = stopping(
    failing(createArtifactStore(config), options.failingStores ?? 0),
    options.stopAfterStoring,
  );
  let encodes = 0;
  return runUntilSignal(log, (stop) =>
    runWorker(
      config,
      {
        store,
        async encode({ frames, output }) {
          encodes += 1;
          const { times, words } = options.failingEncodes ?? { times: 0, words: '' };
          if (encodes <= times) throw new MediaProcessError('ffmpeg', words, false);
          await copyFile(frames.path, output);
          const { size } = await stat(output);
          const { width, height } = frames;
          return {
            path: output,
            bytes: size,
            width,
            height,
            seconds: frames.count / frames.fps,
            downscaled: false,
          };
        },
      },
      log,
      stop,
    ),
  );
}

/** A store that is away for the first tries to store a video. */
function failing(store: ArtifactStore, times: number): ArtifactStore {
  let tries = 0;
  return {
    ...store,
    async put(key, source) {
      if (key.endsWith('.mp4') && (tries += 1) <= times) throw new Error('connect ECONNREFUSED');
      return store.put(key, source);
    },
  };
}

/** A store that never comes back from storing a video, though it has stored it. */
function stopping(store: ArtifactStore, mark: string | undefined): ArtifactStore {
  if (mark === undefined) return store;
  return {
    ...store,
    async put(key, source) {
      const stored = await store.put(key, source);
      if (!key.endsWith('.mp4')) return stored;
      await writeFile(mark, key);
      return new Promise(() => undefined);
    },
  };
}

export function journalOf(folder: string, name: string): string {
  return join(folder, `journal-${name}`);
}

if (import.meta.main) process.exit(await main(JSON.parse(process.argv[2] ?? '{}')));
