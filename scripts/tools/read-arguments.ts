import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

type Parsed<T extends ParseArgsConfig> = ReturnType<typeof parseArgs<T>>;

/** What is said in place of doing something. */
interface Said {
  readonly text: string;
  readonly status: 0 | 1;
}

/**
 * Reads a command line. `--help`, and an option that there is not, are answered with how the command is called.
 *
 * @param usage how it is called
 */
export function understand<T extends ParseArgsConfig>(
  usage: string,
  config: T,
): { readonly parsed: Parsed<T> } | { readonly said: Said } {
  const { args = process.argv.slice(2) } = config;
  if (args.includes('--help')) return { said: { text: usage, status: 0 } };
  try {
    return { parsed: parseArgs(config) };
  } catch (error) {
    const isTheirs =
      error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
    if (!isTheirs) throw error;
    // What follows the first sentence is advice for whoever means it as a file's name.
    const [problem = ''] = error.message.split('. ');
    return { said: { text: `${problem}\n${usage}`, status: 1 } };
  }
}

/** The same for a program: what is said instead ends it. */
export function argumentsOf<T extends ParseArgsConfig>(usage: string, config: T): Parsed<T> {
  const understood = understand(usage, config);
  if ('parsed' in understood) return understood.parsed;
  const { text, status } = understood.said;
  (status === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(status);
}
