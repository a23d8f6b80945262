import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { hasCode } from '../error-code.ts';
import type { Logger } from '../log.ts';
import { parseEngineLine } from './engine-protocol.ts';
import type { EngineEvent, EngineMessage, Unreadable } from './engine-protocol.ts';

/** How an engine process ended: an exit status, a signal, or a reason why it could not be started. */
export type EngineEnd = { readonly reason: string };

/** Variables that only the worker needs. The engine runs a model and has no business with them. */
const withheld = /^(REDIS_|S3_|DISCORD_|AWS_)/;

/** How long an engine may take to leave when asked to. */
const shutdownTimeout = 3_000;

/**
 * One run of the engine program. It has a process group of its own, so that Ctrl-C in a terminal reaches the worker alone, which
 * then ends the engine in order. If the worker is killed, the engine's stdin closes and it leaves by itself.
 */
export class EngineProcess {
  /** resolves when the process has ended, whatever the reason */
  readonly ended: Promise<EngineEnd>;
  readonly #child;
  readonly #listeners = new Set<(event: EngineEvent | Unreadable) => void>();
  #isOver = false;

  constructor(command: readonly string[], directory: string, log: Logger) {
    const [file, ...parameters] = command;
    if (file === undefined) throw new RangeError('the engine command is empty');
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !withheld.test(name)),
    );
    this.#child = execa(file, parameters, {
      cwd: directory,
      env: { ...environment, PYTHONUNBUFFERED: '1' },
      extendEnv: false,
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    // Writing to a process that has just ended is answered by `ended`.
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line));
    createInterface({ input: this.#child.stderr }).on('line', (line) => log.debug({ line }, 'engine'));
    this.ended = this.#watch();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async #watch(): Promise<EngineEnd> {
    const result = await this.#child;
    this.#isOver = true;
    // A child of the engine may still hold GPU memory.
    this.#signalGroup('SIGKILL');
    if (result.signal !== undefined) return { reason: result.signal };
    if (result.exitCode !== undefined) return { reason: `exit status ${result.exitCode}` };
    return { reason: result.code ?? 'not started' };
  }

  #hear(line: string): void {
    if (line.trim() === '') return;
    const event = parseEngineLine(line);
    for (const listener of this.#listeners) listener(event);
  }

  /** @returns how to stop listening */
  listen(listener: (event: EngineEvent | Unreadable) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(message: EngineMessage): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  async kill(): Promise<void> {
    this.#signalGroup('SIGKILL');
    await this.ended;
  }

  /** Asks it to leave, and makes it. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.send({ type: 'shutdown' });
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#signalGroup('SIGKILL'), shutdownTimeout);
    await this.ended;
    clearTimeout(timer);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // Nobody of the group is left: that is what was wanted.
      if (!hasCode(error, 'ESRCH')) throw error;
    }
  }
}
