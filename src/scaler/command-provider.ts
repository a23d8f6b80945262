import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { CommandConfig } from '../config/rented-gpus.ts';
import { ProviderError } from './provider.ts';
import type { GpuProvider, Machine } from './provider.ts';

/**
 * Commands of the owner's own: wake-on-LAN for a machine at home, another cloud's program. They are run without a shell, get
 * `HUMO_GPU_NAME` (and `HUMO_GPU_ID` to stop), and end with 0.
 */
export interface CommandSettings extends Omit<CommandConfig, 'kind'> {
  /** what people call it */
  readonly kind: string;
  /** what a command may take; it is ended then, with everything that it started */
  readonly patienceSeconds: number;
  /** what the commands see of this process' environment, besides PATH and HOME: keys of that cloud, for example */
  readonly environment: Readonly<Record<string, string>>;
}

const machinesSchema = z.array(
  z.object({ id: z.string(), name: z.string(), state: z.enum(['starting', 'running', 'ended']) }),
);
/** Between asking a command to end and ending it. */
const graceMilliseconds = 5000;

export function createCommandProvider(settings: CommandSettings): GpuProvider {
  // Of machines that were ended by this process. Without a command that lists, all others that were started are there.
  const ended = new Set<string>();

  /** @returns what was printed. @throws ProviderError */
  async function run(command: readonly string[], values: Readonly<Record<string, string>>): Promise<string> {
    const [program = ''] = command;
    const { printed, end } = await runInGroup(
      command,
      { ...settings.environment, ...values },
      settings.patienceSeconds * 1000,
    );
    if (end === 0) return printed;
    if (end === 'too_long') throw new ProviderError('unanswered', `${program} took too long`);
    if (end === 'never') throw new ProviderError('refused', `${program} cannot be run`);
    throw new ProviderError('no_stock', `${program} ended with ${end}`);
  }

  return {
    patienceSeconds: settings.patienceSeconds,

    offers: () => Promise.resolve([{ kind: settings.kind, pricePerHour: settings.pricePerHour }]),

    async start(name) {
      const printed = await run(settings.start, { HUMO_GPU_NAME: name });
      const id = printed.split('\n').at(-1)?.trim() ?? '';
      return { id: id === '' ? name : id, name, pricePerHour: settings.pricePerHour, state: 'starting' };
    },

    async list(known) {
      if (settings.list === null)
        return known
          .filter(({ name }) => !ended.has(name))
          .map(({ id, name }): Machine => ({
            ...{ id: id ?? name, name, pricePerHour: settings.pricePerHour },
            state: 'running',
          }));
      const printed = await run(settings.list, {});
      let json: unknown;
      try {
        json = JSON.parse(printed);
      } catch {
        throw new ProviderError(
          'unanswered',
          'the command that lists machines printed something that is not JSON',
        );
      }
      const parsed = machinesSchema.safeParse(json);
      if (!parsed.success) {
        throw new ProviderError(
          'unanswered',
          `the command that lists machines: ${z.prettifyError(parsed.error)}`,
        );
      }
      return parsed.data.map((machine) => ({ ...machine, pricePerHour: settings.pricePerHour }));
    },

    async stop(id, name) {
      await run(settings.stop, { HUMO_GPU_ID: id, HUMO_GPU_NAME: name });
      ended.add(name);
    },
  };
}

/** How a command ended: a status, a signal, or what was done about it. */
type End = number | NodeJS.Signals | 'too_long' | 'never';

/**
 * Runs a command in a process group of its own, and is done when the command is, whatever it left running: a script that starts a
 * tunnel in the background has done its work. What it prints goes to a file and not through a pipe, of which that tunnel would hold the other end.
 * A command that takes too long is ended with its whole group: ending a shell alone leaves what the shell waits for.
 */
async function runInGroup(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  patience: number,
): Promise<{ printed: string; end: End }> {
  const folder = await mkdtemp(join(tmpdir(), 'humo-gpu-command-'));
  try {
    const path = join(folder, 'printed');
    const file = await open(path, 'w');
    try {
      const child = spawn(program, args, { env, detached: true, stdio: ['ignore', file.fd, 'ignore'] });
      const over = new AbortController();
      const ended = new Promise<End>((resolve) => {
        child.once('error', () => resolve('never'));
        child.once('exit', (status, signal) => resolve(status ?? signal ?? 'never'));
      });
      const late = delay(patience, 'too_long' as const, { signal: over.signal });
      const first = await Promise.race([ended, late.catch(() => ended)]);
      over.abort();
      if (first === 'too_long') {
        endGroup(child.pid, 'SIGTERM');
        await Promise.race([ended, delay(graceMilliseconds)]);
        // Its shell may have gone at once, and what that had started may not.
        endGroup(child.pid, 'SIGKILL');
        await ended;
      }
      return { printed: (await readFile(path, 'utf8')).trimEnd(), end: first };
    } finally {
      await file.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ends a process and whatever it started; one that is gone is no error. */
function endGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody is left.
  }
}
