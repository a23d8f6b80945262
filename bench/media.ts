/**
 * What reading one file takes of the machine, whatever is in it: memory and time of everything that runs for it. Real files and generated
 * ones, of every form that is taken, each as it is and changed by what goes wrong on the way and what malice does. Each is read in a process of
 * its own. Beside it what a bare ffmpeg takes to decode the sound of those files that are whole.
 *
 * Run with `npm run bench -- media` or `node bench/media.ts [changed files] [seed] [folder with more files]`. Exits with 1 when one took more
 * than 600 MB or 20 seconds of a processor, or ended in an error that is none of a person's.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { projectRoot } from '../src/config/environment.ts';
import { enginePython } from '../src/config/python.ts';
import { mutations } from './media/mutate.ts';
import { makeOriginals, readGiven } from './media/originals.ts';
import type { Original } from './media/originals.ts';
import { numbers } from './random.ts';

const wanted = Number(process.argv[2] ?? 600);
const seed = Number(process.argv[3] ?? 1);
/** From here on the programs work in other folders. */
const given = process.argv[4] === undefined ? undefined : resolve(process.argv[4]);
/** The processor's seconds: by the clock, they are also those of whatever else the machine does. */
const limits = { megabytes: 600, cpuSeconds: 20 };
/** A file that takes that long is ended: it has failed. */
const patience = 120;

const usageSchema = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  largestBytes: z.number(),
  status: z.number().nullable(),
  output: z.string(),
});
const readSchema = z.object({ word: z.string(), ownBytes: z.number() });

interface Figures {
  readonly name: string;
  readonly change: string;
  readonly word: string;
  readonly megabytes: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
}

const folder = await mkdtemp(join(tmpdir(), 'bench-media-'));
try {
  const originals = await makeOriginals(folder);
  if (given !== undefined) originals.push(...(await readGiven(given, await readdir(given))));
  console.error(`${originals.length} files made`);
  const whole: Figures[] = [];
  const bare: Figures[] = [];
  for (const original of originals) {
    whole.push(await read(original, original.path, ''));
    if (original.kind === 'sound') bare.push(await decode(original));
  }
  const random = numbers(seed);
  const changes = Object.entries(mutations);
  const changed: Figures[] = [];
  for (let count = 0; count < wanted; count += 1) {
    const original = originals[count % originals.length];
    // Every file meets every change in turn.
    const [change, mutate] = changes[(count + Math.floor(count / originals.length)) % changes.length] ?? [];
    if (original === undefined || change === undefined || mutate === undefined)
      throw new Error('nothing to change');
    const path = join(folder, 'changed');
    await writeFile(path, mutate(await readFile(original.path), random));
    changed.push(await read(original, path, change));
    if ((count + 1) % 50 === 0) console.error(`${count + 1} of ${wanted}`);
  }
  const result = {
    bench: 'media',
    limits,
    seed,
    whole: summary(whole),
    changed: { ...summary(changed), taken: changed.filter(({ word }) => word === 'taken').length },
    bare: summary(bare),
  };
  console.log(JSON.stringify(result));
  const all = [result.whole, result.changed];
  const holds = all.every(
    ({ megabytes, cpuSeconds, broken }) =>
      megabytes.most <= limits.megabytes && cpuSeconds.most <= limits.cpuSeconds && broken.length === 0,
  );
  if (!holds) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Reads a file as the product does. */
async function read({ name, kind }: Original, path: string, change: string): Promise<Figures> {
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  try {
    const script = join(import.meta.dirname, 'media', 'read.ts');
    const used = await usageOf([process.execPath, script, kind, path, scratch]);
    const told = used.status === 0 ? readSchema.parse(JSON.parse(used.output)) : null;
    // A picture is read by this process alone; a sound by it and one program at a time, and the larger of both is known.
    const bytes = kind === 'picture' ? used.largestBytes : (told?.ownBytes ?? 0) + used.largestBytes;
    const word = told?.word ?? (used.status === null ? 'took too long' : `ended with ${used.status}`);
    return report({ name, change, word, ...figures(used, bytes) });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What a bare ffmpeg takes to decode a file's sound, which nobody could do with less. */
async function decode({ name, path }: Original): Promise<Figures> {
  const used = await usageOf([
    'ffmpeg',
    '-nostdin',
    '-v',
    'quiet',
    '-i',
    path,
    '-map',
    '0:a:0',
    '-f',
    'null',
    '-',
  ]);
  return { name, change: '', word: 'decoded', ...figures(used, used.largestBytes) };
}

async function usageOf(command: readonly string[]) {
  const script = join(import.meta.dirname, 'media', 'usage.py');
  const { stdout } = await execa(enginePython(projectRoot), [script, String(patience), ...command]);
  return usageSchema.parse(JSON.parse(stdout));
}

function figures({ cpuSeconds, seconds }: { cpuSeconds: number; seconds: number }, bytes: number) {
  return { megabytes: Math.round(bytes / 1e6), cpuSeconds: rounded(cpuSeconds), seconds: rounded(seconds) };
}

function report(one: Figures): Figures {
  const { name, change, word, megabytes, cpuSeconds, seconds } = one;
  if (process.env['BENCH_EACH'] === '1') {
    console.error([name, change, word, `${megabytes} MB`, `${cpuSeconds} s CPU`, `${seconds} s`].join(' · '));
  }
  return one;
}

function summary(all: readonly Figures[]) {
  const of = (key: 'megabytes' | 'cpuSeconds' | 'seconds') => {
    const sorted = all.toSorted((one, other) => one[key] - other[key]);
    const last = sorted.at(-1);
    const median = sorted[Math.floor(sorted.length / 2)]?.[key] ?? 0;
    return { median, most: last?.[key] ?? 0, of: `${last?.name ?? ''} ${last?.change ?? ''}`.trim() };
  };
  const broken = all.filter(({ word }) => word.startsWith('ended') || word.startsWith('took'));
  return {
    files: all.length,
    megabytes: of('megabytes'),
    cpuSeconds: of('cpuSeconds'),
    seconds: of('seconds'),
    broken: broken.map(({ name, change, word }) => `${name} ${change}: ${word}`),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
