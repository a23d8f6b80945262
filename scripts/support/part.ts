import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../src/config/environment.ts';
import { quickStart } from './quick-start.mjs';

/** A process of ours that another script runs: the bot or the worker. */
export interface Part {
  readonly name: string;
  readonly processId: number;
  /** Resolves when its log has a line with this message, now or later; rejects with the end of its log if it ends before. */
  logged(message: string): Promise<Readonly<Record<string, unknown>>>;
  /** the latest lines of its log and of what it wrote to stderr, oldest first */
  readonly lines: readonly string[];
  /** Resolves when it has ended: the exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Sends a signal (SIGTERM unless given) and waits for the end. @returns as {@link ended} */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export interface PartOptions {
  readonly name: string;
  /** the script, from the repository's root */
  readonly file: string;
  /** options of Node itself */
  readonly nodeFlags?: readonly string[];
  /** its whole environment, but for {@link quickStart} */
  readonly environment: NodeJS.ProcessEnv;
  /** called with every line of its log or of stderr, as it comes */
  readonly onLine?: (line: string) => void;
}

const linesKept = 2000;

/** Starts a part with the Node that runs this. */
export function startPart({ name, file, nodeFlags = [], environment, onLine }: PartOptions): Part {
  // In a group of its own: Ctrl+C in the terminal must not reach it, since whoever started it stops it in the right order.
  const child = spawn(process.execPath, [...nodeFlags, join(projectRoot, file)], {
    env: { ...quickStart(process.env), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const take = (line: string) => {
    lines.push(line);
    if (lines.length > linesKept) lines.splice(0, linesKept / 2);
    onLine?.(line);
    for (const look of waiting) look();
  };
  const readers = [child.stdout, child.stderr].map((input) => createInterface({ input }).on('line', take));
  // Not "exit": the last lines, which say why it ended, may still be on their way then.
  const ended = once(child, 'close').then(() => child.signalCode ?? child.exitCode ?? 1);
  ended.catch(() => undefined);
  // Whatever ends this process, its parts do not outlive it.
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  void ended.finally(() => {
    process.off('exit', kill);
    for (const reader of readers) reader.close();
  });

  return {
    name,
    processId: child.pid ?? -1,
    lines,
    ended,
    async logged(message) {
      const found = Promise.withResolvers<Readonly<Record<string, unknown>>>();
      const look = () => {
        for (const line of lines) {
          const entry = parseLogLine(line);
          if (entry?.['msg'] === message) found.resolve(entry);
        }
      };
      waiting.add(look);
      look();
      void ended.then((status) =>
        found.reject(new Error(`the ${name} ended (${status}):\n${readableTail(lines)}`)),
      );
      try {
        return await found.promise;
      } finally {
        waiting.delete(look);
      }
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await ended;
    },
  };
}

/** A line of a log as an object; null when it is something else, such as the trace of a crash. */
export function parseLogLine(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith('{')) return null;
  try {
    const entry: unknown = JSON.parse(line);
    return isObject(entry) ? entry : null;
  } catch {
    return null; // cut off when the process was killed
  }
}

/** The end of a log, for a person. */
export function readableTail(lines: readonly string[], count = 15): string {
  return lines
    .slice(-count)
    .map((line) => `  ${readableLine(line)}`)
    .join('\n');
}

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
const unshown = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg']);

/** A line of a log as a person likes to read it; other lines as they are. */
export function readableLine(line: string): string {
  const entry = parseLogLine(line);
  if (entry === null) return line;
  const fields = Object.entries(entry)
    .filter(([key]) => !unshown.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const level = levels[Number(entry['level'])] ?? '';
  return [level.padEnd(5), entry['msg'], ...fields].join(' ');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
