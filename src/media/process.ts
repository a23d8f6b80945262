import { execa, ExecaError } from 'execa';
import type { FfmpegCommand } from 'fluent-ffmpeg';

/** How far below the bot and the engine the helpers run, so that a person's large file never delays an answer. */
export const niceness = 10;
/** Of a program's error output, what goes into an error. */
const shownErrorBytes = 2000;

export class MediaProcessError extends Error {
  override readonly name = 'MediaProcessError';
  readonly program: string;
  readonly timedOut: boolean;

  constructor(program: string, stderr: string, timedOut: boolean, options?: ErrorOptions) {
    const words = stderr.trim().slice(-shownErrorBytes);
    super(`${program} ${timedOut ? 'took too long' : 'failed'}${words === '' ? '' : `: ${words}`}`, options);
    this.program = program;
    this.timedOut = timedOut;
  }
}

export interface RunLimits {
  /** the folder that the program works in, and that everything it reads or writes lies in */
  readonly scratch: string;
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Options before every input: no terminal, and no other protocol than local files. Together with a demuxer chosen by
 * content (`-f`), a file cannot make ffmpeg open another one or reach a host.
 */
export function inputGuards(demuxer: string): readonly string[] {
  return ['-nostdin', '-protocol_whitelist', 'file,pipe', '-f', demuxer];
}

/**
 * Runs ffmpeg or ffprobe with an argument list; no shell is involved.
 *
 * @returns what it wrote to stdout
 * @throws MediaProcessError with the end of its error output; the signal's reason when aborted
 */
export async function runMediaProgram(
  program: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
  limits: RunLimits,
): Promise<string> {
  limits.signal?.throwIfAborted();
  try {
    const { stdout } = await execa('nice', ['-n', String(niceness), program, ...args], {
      cwd: limits.scratch,
      stdin: 'ignore',
      timeout: limits.timeoutMilliseconds,
      forceKillAfterDelay: 1000,
      maxBuffer: 16 * 1024 * 1024,
      env: quietEnvironment(),
      extendEnv: false,
      ...(limits.signal === undefined ? {} : { cancelSignal: limits.signal }),
    });
    return stdout;
  } catch (error) {
    limits.signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    if (error.code === 'ENOENT') throw missingProgram(program, error);
    throw new MediaProcessError(
      program,
      typeof error.stderr === 'string' ? error.stderr : '',
      error.timedOut,
      { cause: error },
    );
  }
}

/** Runs a command built with fluent-ffmpeg under the same limits. @throws as {@link runMediaProgram} */
export async function runFluent(command: FfmpegCommand, limits: Omit<RunLimits, 'scratch'>): Promise<void> {
  limits.signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    let timedOut = false;
    const stop = () => command.kill('SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, limits.timeoutMilliseconds);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      limits.signal?.removeEventListener('abort', stop);
      settle();
    };
    limits.signal?.addEventListener('abort', stop, { once: true });
    command
      // fluent-ffmpeg asks ffmpeg what it can do before it starts it: a stop in between found nothing to kill.
      .on('start', () => {
        if (timedOut || limits.signal?.aborted === true) stop();
      })
      .on('end', () => finish(resolve))
      .on('error', (error: Error, _stdout?: string | null, stderr?: string | null) =>
        finish(() => {
          if (limits.signal?.aborted === true) reject(limits.signal.reason);
          else if (error.message.includes('Cannot find ffmpeg')) reject(missingProgram('ffmpeg', error));
          else reject(new MediaProcessError('ffmpeg', stderr ?? error.message, timedOut, { cause: error }));
        }),
      )
      .run();
  });
}

function missingProgram(program: string, cause: unknown): Error {
  return new Error(`${program} is not installed or not on the PATH; install the package ffmpeg`, { cause });
}

/** Of the environment only what a program needs to start: no token, no proxy. */
function quietEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
}
