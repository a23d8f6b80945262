import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import type { FfmpegCommand } from 'fluent-ffmpeg';
import { DiskFull, isDiskFull } from '../full-disk.ts';
import { withMediaMemory } from './memory.ts';
import { mebibyte } from '../units.ts';

/** How far below the bot and the engine the helpers run, so that a person's large file never delays an answer. */
export const niceness = 10;
/**
 * Of what a program complains of, how much is listened to: more than a sound of which every frame is damaged gives. Each line comes by itself, and a
 * file made of millions of broken frames would keep the bot busy with nothing else.
 */
export const mostErrorBytes = 4 * mebibyte;
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
  /** hears, while an encoder runs, how many frames it has made */
  readonly onFrames?: ((frames: number) => void) | undefined;
}

/** What a program may take of the machine, whatever the file makes of it. */
export interface Bounds {
  /** of address space, so of memory too: an allocation beyond it fails, and the program says so */
  readonly addressSpaceBytes: number;
  /** counted against what all media work of this process may take together */
  readonly expectedBytes: number;
  /** of processor time, which a busy machine does not use up */
  readonly cpuSeconds: number;
}

/** For a person's file. ffmpeg's libraries alone take 250 MiB of address space where they are shared. */
export const foreignFileBounds: Bounds = {
  addressSpaceBytes: 512 * mebibyte,
  expectedBytes: 256 * mebibyte,
  cpuSeconds: 10,
};

/** For frames of our own engine, which x264 looks ahead in, with some memory for each of the machine's processors. */
export const encodeBounds: Bounds = {
  addressSpaceBytes: 4096 * mebibyte,
  expectedBytes: 768 * mebibyte,
  cpuSeconds: 86_400,
};

/**
 * Options before every input: no terminal, and no other protocol than local files. Together with a demuxer chosen by
 * content (`-f`), a file cannot make ffmpeg open another one or reach a host.
 */
export function inputGuards(demuxer: string): readonly string[] {
  return ['-nostdin', '-protocol_whitelist', 'file,pipe', '-f', demuxer];
}

/**
 * For inputs of which only the sound is wanted: pictures in them, such as covers, are not decoded, neither to look at the file nor to
 * read it. A cover of a few kilobytes may unfold into gigabytes.
 */
export const noPictures: readonly string[] = ['-max_pixels', '36000000', '-skip_frame', 'all'];

/**
 * Sets the limits, then becomes the program: `sh -c LAUNCHER sh KILOBYTES SECONDS OUTPUT PROGRAM ARGUMENTS…`, OUTPUT a file for what it
 * writes to stdout, or nothing. The arguments stay arguments, the shell reads none of them. A core dump would hold a person's file. Only Linux knows a limit of address space.
 */
const launcher = [
  'ulimit -c 0',
  'ulimit -t "$2"',
  'ulimit -v "$1" 2>/dev/null || [ "$(uname)" != Linux ] || exit 126',
  '[ -z "$3" ] || exec >"$3"',
  'shift 3',
  `exec nice -n ${niceness} "$@"`,
].join('\n');

/**
 * Runs ffmpeg or ffprobe with an argument list: the one way in which programs that touch media are started. They get a bare
 * environment, without token, key or proxy, bounded memory and time, and their turn when the machine's memory has room.
 *
 * @returns what it wrote to stdout
 * @throws MediaProcessError with the end of its error output; DiskFull; the signal's reason when aborted
 */
export async function runMediaProgram(
  program: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
  limits: RunLimits,
  bounds: Bounds = foreignFileBounds,
): Promise<string> {
  return withMediaMemory(bounds.expectedBytes, () => start(program, args, limits, bounds), limits.signal);
}

/**
 * As {@link runMediaProgram}, for a program that writes a line for each of ten thousands of packets: it writes them into a file. Into a pipe
 * it writes each by itself, and reading them so takes three times as long as making them. ffprobe does not notice when the disk is full and
 * ends as if all were well, so the list has to end with a line that is asked for.
 *
 * @param list.name of the file, in the scratch folder; whoever asks removes it with the folder
 * @param list.last how its last line begins
 * @returns the list
 * @throws as {@link runMediaProgram}
 */
export async function listWithMediaProgram(
  program: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
  limits: RunLimits,
  { name, last }: { readonly name: string; readonly last: string },
): Promise<string> {
  const path = join(limits.scratch, name);
  const work = () => start(program, args, limits, foreignFileBounds, { output: path });
  await withMediaMemory(foreignFileBounds.expectedBytes, work, limits.signal);
  const list = await readFile(path, 'latin1');
  if (list.endsWith('\n') && list.startsWith(last, list.lastIndexOf('\n', list.length - 2) + 1)) return list;
  throw new DiskFull(limits.scratch, new Error(`${program} could not write down all that it has found`));
}

/** The arguments with which `sh` runs a program within its bounds, for who talks to it while it runs; the environment is {@link bareEnvironment}. */
export function guarded(
  program: string,
  args: readonly string[],
  { addressSpaceBytes, cpuSeconds }: Bounds,
  output = '',
): string[] {
  const guards = [String(Math.floor(addressSpaceBytes / 1024)), String(cpuSeconds), output];
  return ['-c', launcher, 'sh', ...guards, program, ...args];
}

/** For a program of ours that reads and writes whole videos, piece by piece. Python and its libraries alone take some of it. */
const helperBounds: Bounds = {
  addressSpaceBytes: 4096 * mebibyte,
  expectedBytes: 256 * mebibyte,
  cpuSeconds: 600,
};

/**
 * Runs a program of our own on a finished video, started as the others are.
 *
 * @param given.input what it reads from stdin
 * @param given.environment what it gets besides a bare one: never a secret
 * @returns what it wrote to stdout
 * @throws as {@link runMediaProgram}
 */
export async function runHelper(
  program: string,
  args: readonly string[],
  limits: RunLimits,
  given: { readonly input: string; readonly environment: Readonly<Record<string, string>> },
): Promise<string> {
  const work = () => start(program, args, limits, helperBounds, given);
  return withMediaMemory(helperBounds.expectedBytes, work, limits.signal);
}

async function start(
  program: string,
  args: readonly string[],
  limits: RunLimits,
  bounds: Bounds,
  given: {
    readonly input?: string;
    readonly environment?: Readonly<Record<string, string>>;
    /** the path of a file for what it writes to stdout */
    readonly output?: string;
  } = {},
): Promise<string> {
  try {
    const running = execa('sh', guarded(program, args, bounds, given.output), {
      cwd: limits.scratch,
      ...(given.input === undefined ? { stdin: 'ignore' as const } : { input: given.input }),
      timeout: limits.timeoutMilliseconds,
      forceKillAfterDelay: 1000,
      maxBuffer: { stdout: 64 * mebibyte, stderr: mostErrorBytes },
      env: { ...bareEnvironment(), ...given.environment },
      extendEnv: false,
      ...(limits.signal === undefined ? {} : { cancelSignal: limits.signal }),
    });
    const { onFrames } = limits;
    if (onFrames !== undefined) running.stdout.on('data', framesReader(onFrames));
    const { stdout, stderr } = await running;
    // ffmpeg passes over what it could not write last, and ends as if all were well.
    const said = new MediaProcessError(program, stderr, false);
    if (isDiskFull(said)) throw new DiskFull(limits.scratch, said);
    return stdout;
  } catch (error) {
    limits.signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    // What `nice` and the shell say of a program that is not there.
    if (error.code === 'ENOENT' || error.exitCode === 127) throw missingProgram(program, error);
    const said = typeof error.stderr === 'string' ? error.stderr : '';
    const failed = new MediaProcessError(program, said, error.timedOut || error.signal === 'SIGXCPU', {
      cause: error,
    });
    throw isDiskFull(failed) ? new DiskFull(limits.scratch, failed) : failed;
  }
}

/**
 * Runs a command built with fluent-ffmpeg. The library only puts the arguments together: a program that it starts by itself inherits
 * every secret of this process, and nothing bounds it.
 *
 * @throws as {@link runMediaProgram}
 */
export async function runFluent(command: FfmpegCommand, limits: RunLimits, bounds: Bounds): Promise<void> {
  const told = limits.onFrames === undefined ? [] : ['-progress', 'pipe:1'];
  const args = ['-hide_banner', '-v', 'error', ...told, ...argumentsOf(command)];
  await runMediaProgram('ffmpeg', args, limits, bounds);
}

/** Reads what ffmpeg's `-progress` writes: lines `name=value`, in pieces of any length. */
export function framesReader(onFrames: (frames: number) => void): (piece: Buffer | string) => void {
  let rest = '';
  return (piece) => {
    const lines = `${rest}${piece.toString()}`.split('\n');
    rest = lines.pop() ?? '';
    const counts = lines.flatMap((line) => /^frame= *(\d+)$/.exec(line)?.[1] ?? []);
    const last = counts.at(-1);
    if (last !== undefined) onFrames(Number(last));
  };
}

/** Not declared by the library's types, but what it starts ffmpeg with. */
function argumentsOf(command: FfmpegCommand): string[] {
  const list: unknown = Reflect.get(command, '_getArguments');
  if (typeof list !== 'function') throw new TypeError('fluent-ffmpeg has no list of arguments');
  const found: string[] = Reflect.apply(list, command, []);
  return found;
}

function missingProgram(program: string, cause: unknown): Error {
  const advice = program.startsWith('/') ? 'run `npm run setup`' : 'install the package ffmpeg';
  return new Error(`${program} is not installed or not on the PATH; ${advice}`, { cause });
}

/** Of the environment only what a program needs to start: no token, no proxy. An arena of memory for each thread would be counted as used. */
export function bareEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', MALLOC_ARENA_MAX: '2' };
}
