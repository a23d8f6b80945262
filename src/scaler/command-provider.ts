import { execa, ExecaError } from 'execa';
import { z } from 'zod';
import { ProviderError } from './provider.ts';
import type { GpuProvider, Machine } from './provider.ts';

/**
 * Commands of the owner's own: wake-on-LAN for a machine at home, another cloud's program. They are run without a shell, get
 * `HUMO_GPU_NAME` (and `HUMO_GPU_ID` to stop), and end with 0.
 */
export interface CommandSettings {
  /** starts a machine whose worker has `WORKER_NAME` = `HUMO_GPU_NAME`; may print the machine's id as its last line */
  readonly start: readonly string[];
  /** ends it; must succeed when it is gone already */
  readonly stop: readonly string[];
  /** prints a JSON array of `{ "id", "name", "state": "starting" | "running" | "ended" }`; null: what was started is there */
  readonly list: readonly string[] | null;
  /** what people call it */
  readonly kind: string;
  /** US dollars */
  readonly pricePerHour: number;
  /** what the commands see of this process' environment, besides PATH and HOME: keys of that cloud, for example */
  readonly environment: Readonly<Record<string, string>>;
}

const machinesSchema = z.array(
  z.object({ id: z.string(), name: z.string(), state: z.enum(['starting', 'running', 'ended']) }),
);
const patienceSeconds = 120;

export function createCommandProvider(settings: CommandSettings): GpuProvider {
  // Of machines that were ended by this process. Without a command that lists, all others that were started are there.
  const ended = new Set<string>();

  async function run(command: readonly string[], values: Readonly<Record<string, string>>): Promise<string> {
    const [program = '', ...args] = command;
    try {
      const { stdout } = await execa(program, args, {
        env: { ...settings.environment, ...values },
        extendEnv: false,
        timeout: patienceSeconds * 1000,
        stdin: 'ignore',
        stripFinalNewline: true,
      });
      return stdout;
    } catch (error) {
      if (!(error instanceof ExecaError)) throw error;
      const never = error.code === 'ENOENT' || error.code === 'EACCES';
      const how = never
        ? 'cannot be run'
        : error.timedOut
          ? 'took too long'
          : `ended with ${error.exitCode ?? error.signal}`;
      throw new ProviderError(
        never ? 'refused' : error.timedOut ? 'unanswered' : 'no_stock',
        `${program} ${how}`,
      );
    }
  }

  return {
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
