import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  readonly command: readonly [string, ...string[]];
  readonly directory: string;
  /** aborts with the signal to hand on */
  readonly stop: AbortSignal;
  /** how long the child may take to end after that, in milliseconds */
  readonly patience: number;
  /** Take what it writes, line by line; without them, all goes where this process's own output goes. */
  readonly onLine?: { readonly stdout: (line: string) => void; readonly stderr: (line: string) => void };
  readonly onStart?: (pid: number) => void;
}

/** Runs a program to its end. @returns its exit status, 128 + n when signal n ended it */
export async function runChild(options: ChildOptions): Promise<number> {
  const { command, directory, stop, patience, onLine, onStart } = options;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: directory,
    stdio: onLine === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  let late: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill(stop.reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    late = setTimeout(() => child.kill('SIGKILL'), patience);
  };
  if (onLine !== undefined) {
    for (const name of ['stdout', 'stderr'] as const) {
      const output = child[name];
      if (output !== null) createInterface({ input: output }).on('line', onLine[name]);
    }
  }
  const ended = once(child, 'close');
  if (child.pid !== undefined) onStart?.(child.pid);
  stop.addEventListener('abort', end);
  if (stop.aborted) end();
  try {
    await ended;
  } finally {
    clearTimeout(late);
    stop.removeEventListener('abort', end);
  }
  if (child.exitCode !== null) return child.exitCode;
  return 128 + (signalNumbers[child.signalCode ?? 'SIGKILL'] ?? 9);
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = {
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};
