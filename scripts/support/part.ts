import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One process of the system: the bot or a worker. */
export interface Part {
  readonly process: ChildProcess;
  /** the newest lines of its log */
  readonly lines: readonly string[];
  /** Resolves with the exit status when it has ended; 128 + the signal's number when a signal ended it. */
  readonly ended: Promise<number>;
  /** Resolves at the first log line whose message matches. @throws Error with its last lines when it ends before */
  waitForLine(pattern: RegExp): Promise<void>;
  /** SIGTERM, then SIGKILL after ten seconds, within which every part ends by itself. */
  stop(): Promise<number>;
}

const keptLines = 200;
const patienceMilliseconds = 10_000;

/** Starts a TypeScript file of the project as a process of its own. `onLine` gets every line that it logs. */
export function startPart(
  file: string,
  environment: NodeJS.ProcessEnv,
  onLine: (line: string) => void = () => {},
): Part {
  // In a group of its own, so that Ctrl+C reaches only the program that started it, which then ends the parts in order.
  const child = spawn(process.execPath, [file], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      onLine(line);
      for (const look of waiting) look(line);
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) =>
    typeof code === 'number' ? code : signal === 'SIGKILL' ? 137 : 143,
  );
  const kill = () => void child.kill('SIGTERM');
  process.once('exit', kill);
  void ended.then(() => process.off('exit', kill));
  return {
    process: child,
    lines,
    ended,
    async waitForLine(pattern) {
      if (lines.some((line) => pattern.test(line))) return;
      await new Promise<void>((resolve, reject) => {
        const look = (line: string) => {
          if (!pattern.test(line)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        void ended.then((status) => {
          waiting.delete(look);
          reject(new Error(`${file} ended with status ${status}:\n${lines.slice(-20).join('\n')}`));
        });
      });
    },
    async stop() {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), patienceMilliseconds);
      const status = await ended;
      clearTimeout(patience);
      return status;
    },
  };
}
