import { relative, isAbsolute } from 'node:path';
import { Failure, failureCodes } from '../failure.ts';
import { DiskFull } from '../full-disk.ts';
import type { FailureCode } from '../failure.ts';
import type { Logger } from '../log.ts';
import { afterSilence } from '../silence.ts';
import { EngineProcess } from './engine-process.ts';
import { protocolVersion } from './engine-protocol.ts';
import { ownCommand } from '../config/runtime-environment.ts';
import type {
  EngineDone,
  EngineEvent,
  EngineFrames,
  EnginePreview,
  EngineProgress,
  EngineReady,
  EngineRequest,
  Unreadable,
} from './engine-protocol.ts';

export interface EngineOptions {
  /** program and arguments */
  readonly command: readonly string[];
  readonly directory: string;
  /** milliseconds from the start of the process to its `ready` */
  readonly startTimeout: number;
  /** milliseconds without any event of a running generation */
  readonly silenceTimeout: number;
  /** milliseconds from a cancel to its confirmation; a forward pass of the largest model fits well into it */
  readonly cancelTimeout: number;
  readonly log: Logger;
  readonly onReady?: () => void;
  /** `asked`: by {@link Engine.stop} */
  readonly onEnd?: (asked: boolean) => void;
}

export interface GenerateOptions {
  readonly signal: AbortSignal;
  readonly outputDirectory: string;
  readonly onProgress: (progress: EngineProgress) => void;
  readonly onPreview: (preview: EnginePreview) => void;
  /** hears of the pieces, where the request asks for them; whoever reads one removes it */
  readonly onFrames?: (frames: EngineFrames) => void;
}

/** So many requests in a row are not too large by chance. */
const mostMemoryLost = 3;

interface Running {
  readonly process: EngineProcess;
  readonly ready: EngineReady;
}

/**
 * The engine behind its line protocol: started when needed, kept for the next request, replaced when it has died. One request at
 * a time.
 */
export class Engine {
  readonly #options: EngineOptions;
  #starting: Promise<Running> | undefined;
  #process: EngineProcess | undefined;
  #ready: EngineReady | undefined;
  #stopped = false;
  /** requests in a row for which the memory did not suffice */
  #memoryLost = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** what the running engine said about itself; undefined while there is none */
  get ready(): EngineReady | undefined {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts the engine unless it runs.
   *
   * @throws Failure `engine_timeout` when it is not ready in time, `engine_crashed` when it ends, `internal` when it speaks another
   *   protocol version, and whatever code it gives itself, `weights_missing` above all
   */
  async start(): Promise<EngineReady> {
    return (await this.#run()).ready;
  }

  async #run(): Promise<Running> {
    if (this.#stopped) throw new Failure('internal', 'internal', { reason: 'the engine was stopped' });
    this.#starting ??= this.#launch();
    try {
      return await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }

  async #launch(): Promise<Running> {
    const { log, startTimeout } = this.#options;
    const began = performance.now();
    const process = new EngineProcess(this.#options.command, this.#options.directory, log);
    this.#process = process;
    void this.#forgetAtEnd(process);
    try {
      const ready = await this.#awaitReady(process, startTimeout);
      this.#ready = ready;
      this.#options.onReady?.();
      const { device, models, torch, weights } = ready;
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      log.info({ device, models, torch, weights, seconds, enginePid: process.pid }, 'engine ready');
      return { process, ready };
    } catch (error) {
      await process.kill();
      throw error;
    }
  }

  async #forgetAtEnd(process: EngineProcess): Promise<void> {
    const { reason } = await process.ended;
    if (this.#process !== process) return;
    if (this.#ready !== undefined) this.#options.onEnd?.(this.#stopped);
    this.#process = undefined;
    this.#ready = undefined;
    this.#starting = undefined;
    if (!this.#stopped) this.#options.log.warn({ reason }, 'the engine has ended');
  }

  async #awaitReady(process: EngineProcess, timeout: number): Promise<EngineReady> {
    return conversation<EngineReady>(process, ({ resolve, reject, startTimer }) => {
      startTimer(timeout, () =>
        reject(new Failure('engine_timeout', 'engine_timeout', { seconds: Math.round(timeout / 1000) })),
      );
      return (event) => {
        if (event.type === 'failed') {
          // Before the first request there is nothing of a person's in the message.
          this.#options.log.error({ code: event.code, reason: event.message }, 'the engine cannot start');
          reject(failureOf(event.code));
        } else if (event.type === 'ready') {
          if (event.protocol === protocolVersion) resolve(event);
          else {
            const versions = { engine: event.protocol, worker: protocolVersion };
            this.#options.log.error(versions, 'the engine speaks another protocol version: update both');
            reject(new Failure('internal', 'engine_protocol', versions));
          }
        } else if (event.type === 'unreadable') this.#logUnreadable(event);
      };
    });
  }

  /**
   * Has one clip made, starting the engine first if it does not run.
   *
   * @throws Failure `cancelled` after `signal` aborted, `engine_crashed`, `engine_timeout`, or the engine's own code
   */
  async generate(id: string, request: EngineRequest, options: GenerateOptions): Promise<EngineDone> {
    const { log, silenceTimeout, cancelTimeout } = this.#options;
    const { signal } = options;
    if (signal.aborted) throw cancelled();
    const { process } = await this.#run();
    if (signal.aborted) throw cancelled();

    let mustEnd = false;
    let begun = false;
    let onAbort: (() => void) | undefined;
    try {
      return await conversation<EngineDone>(process, ({ resolve, reject, startTimer }) => {
        const giveUp = (failure: Failure) => {
          mustEnd = true;
          reject(failure);
        };
        const expectEvent = () => {
          if (signal.aborted) return;
          startTimer(silenceTimeout, () => {
            log.error(
              { generationId: id, seconds: silenceTimeout / 1000 },
              'the engine is silent; it is killed',
            );
            giveUp(
              new Failure('engine_timeout', 'engine_timeout', { seconds: Math.round(silenceTimeout / 1000) }),
            );
          });
        };
        onAbort = () => {
          process.send({ type: 'cancel', id });
          startTimer(cancelTimeout, () => {
            log.warn(
              { generationId: id, seconds: cancelTimeout / 1000 },
              'the engine did not stop; it is killed',
            );
            giveUp(cancelled());
          });
        };
        signal.addEventListener('abort', onAbort);
        expectEvent();
        process.send({ type: 'generate', id, request, outputDir: options.outputDirectory });

        return (event) => {
          if (event.type === 'unreadable') {
            this.#logUnreadable(event);
            // It meant to tell something about this request, and what it was will never be known.
            if (event.meant !== null)
              giveUp(new Failure('engine_crashed', 'engine_crashed', { reason: 'protocol' }));
            return;
          }
          if (event.type === 'ready') return;
          // A request that the engine could not even read has no id. Once it works on this one, that was another line.
          const unread = event.type === 'failed' && (event.id ?? null) === null && !begun;
          if (event.id !== id && !unread) return;
          begun = true;
          expectEvent();
          switch (event.type) {
            case 'progress':
              options.onProgress(event);
              return;
            case 'preview':
              if (isInside(options.outputDirectory, event.path)) options.onPreview(event);
              return;
            case 'frames':
              if (isInside(options.outputDirectory, event.path)) options.onFrames?.(event);
              else giveUp(new Failure('engine_crashed', 'engine_crashed', { reason: 'protocol' }));
              return;
            case 'done':
              this.#memoryLost = 0;
              if (signal.aborted) reject(cancelled());
              else if (
                event.frames.path === undefined
                  ? request.pieces === true
                  : isInside(options.outputDirectory, event.frames.path)
              )
                resolve(event);
              else giveUp(new Failure('engine_crashed', 'engine_crashed', { reason: 'protocol' }));
              return;
            case 'failed':
              // The message may quote the request, so it goes to the log at debug only.
              log.debug(
                { generationId: id, code: event.code, reason: event.message },
                'the engine refused or failed',
              );
              // An error that nobody foresaw may have left the device unusable, and memory that ran out again and again somebody
              // else may hold: a new engine finds out.
              this.#memoryLost = event.code === 'out_of_memory' ? this.#memoryLost + 1 : 0;
              if (event.code === diskFull) {
                log.error({ generationId: id, reason: event.message }, 'the engine found the disk full');
                reject(signal.aborted ? cancelled() : new DiskFull(options.outputDirectory, event.message));
                return;
              }
              if (failureOf(event.code).code === 'internal' || this.#memoryLost >= mostMemoryLost) {
                this.#memoryLost = 0;
                mustEnd = true;
              }
              reject(signal.aborted ? cancelled() : failureOf(event.code));
          }
        };
      });
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
      if (mustEnd) await process.kill();
    }
  }

  #logUnreadable({ meant, problems }: Unreadable): void {
    this.#options.log.warn({ meant, problems }, 'the engine wrote a line that is not an event');
  }

  /** Ends the engine within a few seconds. What was running rejects. It cannot be started again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#process?.stop();
  }
}

interface Turn<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (failure: Failure) => void;
  /** replaces the timer before */
  readonly startTimer: (milliseconds: number, expired: () => void) => void;
}

/** Listens to a process until `open`'s listener settles it, a timer does, or the process ends. */
async function conversation<T>(
  process: EngineProcess,
  open: (turn: Turn<T>) => (event: EngineEvent | Unreadable) => void,
): Promise<T> {
  let heard: (() => void) | undefined;
  let stopListening: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      const listener = open({
        resolve,
        reject,
        startTimer(milliseconds, expired) {
          heard?.();
          heard = afterSilence(milliseconds, expired);
        },
      });
      stopListening = process.listen(listener);
      void rejectAtEnd(process, reject);
    });
  } finally {
    heard?.();
    stopListening?.();
  }
}

async function rejectAtEnd(process: EngineProcess, reject: (failure: Failure) => void): Promise<void> {
  const { reason } = await process.ended;
  reject(new Failure('engine_crashed', 'engine_crashed', { reason }));
}

function cancelled(): Failure {
  return new Failure('cancelled', 'cancelled');
}

/** The engine's word for a disk without room, which is neither the request's fault nor its own: it stays loaded. */
const diskFull = 'disk_full';

function failureOf(code: string): Failure {
  const known: FailureCode = failureCodes.find((name) => name === code) ?? 'internal';
  return new Failure(
    known,
    known,
    // Where this worker runs, which may not be where the bot does.
    known === 'weights_missing' ? { command: ownCommand('engine', 'weights download') } : {},
  );
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
