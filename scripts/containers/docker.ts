import { execa } from 'execa';
import type { Engine } from './docker-engine.ts';
import { ContainersError } from './errors.ts';

export interface DockerOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** the folder it runs in */
  readonly folder?: string;
  /** false: a failure is a result */
  readonly reject?: boolean;
  /** text for its stdin */
  readonly input?: string;
}

/** Runs `docker` in an engine. @throws ContainersError with the end of what it said, unless a failure is a result */
export async function docker(engine: Engine, args: readonly string[], options: DockerOptions = {}) {
  const [program, ...before] = [...within(engine, options.folder), 'docker'];
  const done = await execa(program, [...before, ...args], {
    ...(options.environment === undefined ? {} : { env: options.environment }),
    ...(options.folder === undefined || engine.own ? {} : { cwd: options.folder }),
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    reject: false,
    all: true,
    maxBuffer: 1024 ** 3,
  });
  if (done.failed && options.reject !== false)
    throw new ContainersError(
      `docker ${args.join(' ')} failed:\n${done.all.split('\n').slice(-25).join('\n')}`,
    );
  return {
    failed: done.failed,
    exitCode: done.exitCode ?? 1,
    stdout: done.stdout,
    stderr: done.stderr,
    all: done.all,
  };
}

/** What `docker` writes to stdout, without the last line break. */
export async function dockerSays(
  engine: Engine,
  args: readonly string[],
  options: DockerOptions = {},
): Promise<string> {
  return (await docker(engine, args, options)).stdout;
}

/** The engine's own Debian has no folder of ours but the shared one: there it is entered by nsenter. */
function within(engine: Engine, folder: string | undefined): readonly string[] {
  if (folder === undefined || !engine.own) return engine.prefix;
  return [...engine.prefix.slice(0, -1), `--wdns=${folder}`, '--'];
}
