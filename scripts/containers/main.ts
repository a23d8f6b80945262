/**
 * `npm run containers`: builds all images from the project's own Dockerfiles and runs them as the documents say, up to a video. Where no Docker engine
 * answers and the user is root, it brings one, and takes it away again; where no registry of images answers, stand-ins take the
 * bases' places. The table at the end says what was replaced.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';
import { cudaBase, provideBases } from './bases.ts';
import type { Base } from './bases.ts';
import { beginnings, checks } from './checks.ts';
import { bringEngine, findEngine } from './docker-engine.ts';
import type { Engine } from './docker-engine.ts';
import { provideFfmpeg } from './ffmpeg.ts';
import { buildImages, takeApart } from './images.ts';
import type { BuiltImage } from './images.ts';
import { cacheFolder, lookAtMachine } from './host-mirrors.ts';
import { ContainersError } from './errors.ts';
import { copyProject, copySchema } from './project-copy.ts';
import type { ProjectCopy } from './project-copy.ts';
import { megabytes, seconds, table } from './report.ts';
import type { Row } from './report.ts';

const usage = `npm run containers [-- options]

  --kept           run the images of the last run, whatever has changed since, and build none of them
  --only TEXT      of the checks only those whose name has this in it; may be repeated
  --cuda VARIANT   also build the worker for this CUDA, as HUMO_CUDA names it, and look whether its PyTorch loads; may be repeated
  --ffmpeg FOLDER  do not build ffmpeg, which takes a quarter of an hour: take the static programs ffmpeg and ffprobe from here
  --help

What takes long to make is kept in HUMO_CONTAINERS_CACHE, or else in a folder of your cache: 25 GB, and 22 more for each CUDA.`;

const rowsSchema = z.object({
  rows: z
    .array(z.object({ what: z.string(), held: z.boolean(), seen: z.string(), seconds: z.number() }))
    .default([]),
});

const say = (text: string): void => console.log(`\n${text}`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kept: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      cuda: { type: 'string', multiple: true, default: [] },
      ffmpeg: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(usage);
    return 0;
  }
  requireChecks(values.only);
  for (const variant of values.cuda) await cudaBase(variant);
  // A run of kept images builds nothing, unless it is asked for another CUDA.
  const builds = !values.kept || values.cuda.length > 0;
  const machine = await lookAtMachine();
  const cache = cacheFolder();
  // The engine sees this folder under the same path.
  const shared = join(cache, 'shared');
  await mkdir(shared, { recursive: true });
  const found = await findEngine();
  if (found === undefined && builds) await requireRoom(cache, values.cuda.length, values.kept);
  const engine = found ?? (await bringEngine(machine, cache, shared));
  const stop = stopOnSignal();
  try {
    return await Promise.race([stop, trial(engine, machine, shared, values)]);
  } finally {
    await engine.stop();
  }
}

/** Whoever mistypes a name would else wait for half an hour, and read that all holds. @throws ContainersError */
function requireChecks(only: readonly string[]): void {
  const names = [...beginnings, ...checks].map(([name]) => name);
  const unknown = only.filter((text) => !names.some((name) => name.includes(text)));
  if (unknown.length > 0)
    throw new ContainersError(
      `No check has this in its name: ${unknown.join(', ')}. There are:\n  ${names.join('\n  ')}`,
    );
}

/** Gigabytes that a first run needs, and a later one for what has changed; and those of one more CUDA, in an image and on the way to it. */
const needed = { first: 25, later: 12, cuda: 22 };

/** A full disk stops everything else on the machine as well. @throws ContainersError */
async function requireRoom(cache: string, variants: number, isKept: boolean): Promise<void> {
  const { bavail, bsize } = await statfs(cache);
  const free = Math.floor((bavail * bsize) / 1e9);
  const isFirst = !existsSync(join(cache, 'engine-state'));
  const gigabytes = (isKept ? 0 : isFirst ? needed.first : needed.later) + variants * needed.cuda;
  if (free >= gigabytes) return;
  throw new ContainersError(
    `This needs about ${gigabytes} GB of room, and ${cache} has ${free}. Free some there, or name a folder on another disk in HUMO_CONTAINERS_CACHE.`,
  );
}

async function trial(
  engine: Engine,
  machine: Awaited<ReturnType<typeof lookAtMachine>>,
  shared: string,
  options: {
    readonly kept: boolean;
    readonly only: readonly string[];
    readonly cuda: readonly string[];
    readonly ffmpeg?: string | undefined;
  },
): Promise<number> {
  say(`Engine: ${engine.description}.`);
  const bases = await provideBases(engine, machine, join(shared, 'stand-ins'), options.cuda);
  for (const { name, standIn } of bases) console.log(`  ${name}: ${standIn ?? 'the real one'}`);
  const record = join(shared, 'trial.json');
  const project = options.kept ? await keptProject(record) : await copyProject(join(shared, 'project'));
  // From here on images and record may not belong together.
  if (!options.kept) await rm(record, { force: true });
  const keep = (): Promise<void> => writeRecord(record, engine, shared, project, options.only);
  const builds = !options.kept || options.cuda.length > 0;
  const ffmpeg = builds
    ? await ffmpegFolder(engine, machine, project.folder, shared, options.ffmpeg)
    : { folder: undefined, replaced: [] };
  say(options.kept ? 'Images of the last run' : 'Building …');
  const images = await buildImages(
    engine,
    machine,
    { project: project.folder, ffmpeg: ffmpeg.folder, kept: options.kept, cuda: options.cuda },
    (image) =>
      console.log(`  ${image.name}: ${buildTime(image)}, ${megabytes(image.added)} on top of its base`),
    keep,
  );
  const parts = await takeApart(engine, 'humo-worker-cpu');
  say('Running …');
  await engine.enter('running');
  // The network that all of it runs in is another one than that of the builds.
  await keep();
  const rows = await run(engine, record);
  if (rows.length === 0)
    throw new ContainersError(
      'Nothing was tried: what stopped it is said above, or no check has such a name.',
    );
  say('Images');
  console.log(
    table(
      ['image', 'build', 'whole', 'on top of its base'],
      images.map((image) => [image.name, buildTime(image), megabytes(image.bytes), megabytes(image.added)]),
    ),
  );
  say('What the worker’s image is made of');
  console.log(
    table(
      ['what', 'size'],
      parts.slice(0, 16).map(({ what, bytes }) => [what, megabytes(bytes)]),
    ),
  );
  say('What was seen');
  console.log(
    table(
      ['', 'what', 'time', 'seen'],
      rows.map(({ what, held, seen, seconds: took }) => [
        held ? '✓' : '✗',
        what,
        seconds(took),
        seen.split('\n')[0] ?? '',
      ]),
    ),
  );
  say('In place of the real thing');
  console.log(
    table(
      ['real', 'here'],
      [
        ...replaced(bases),
        ...ffmpeg.replaced,
        ...(options.kept ? [['images of what is here now', 'those of the last run that built any']] : []),
        ['a GPU, HuMo’s weights', 'the small model (profile mini) on the CPU'],
        ['NVIDIA’s base image', 'Ubuntu’s, without CUDA, for what runs'],
        ['Discord', 'the sandbox'],
      ],
    ),
  );
  const failed = rows.filter(({ held }) => !held).length;
  say(
    failed === 0 && rows.length > 0
      ? `All ${rows.length} checks hold.`
      : `${failed} of ${rows.length} checks do not hold.`,
  );
  return failed === 0 && rows.length > 0 ? 0 : 1;
}

function buildTime({ seconds: measured }: BuiltImage): string {
  return measured === null ? 'kept' : seconds(measured);
}

/** The copy that the kept images were made from, and what was planted in it. */
async function keptProject(record: string): Promise<ProjectCopy> {
  const text = await readFile(record, 'utf8').catch(() => null);
  if (text === null)
    throw new ContainersError('nothing is kept of an earlier run: leave --kept away this once');
  const { project, forbidden, controls } = copySchema.parse(JSON.parse(text));
  return { folder: project, forbidden, controls };
}

function replaced(bases: readonly Base[]): string[][] {
  return bases.flatMap(({ name, standIn }) => (standIn === null ? [] : [[name, standIn]]));
}

/** What takes the place of the stage `ffmpeg`, and what is to be said of it. */
async function ffmpegFolder(
  engine: Engine,
  machine: Awaited<ReturnType<typeof lookAtMachine>>,
  project: string,
  shared: string,
  given: string | undefined,
): Promise<{ folder: string | undefined; replaced: string[][] }> {
  if (given !== undefined) {
    const folder = join(shared, 'given-ffmpeg');
    await mkdir(join(folder, 'opt/ffmpeg/bin'), { recursive: true });
    for (const program of ['ffmpeg', 'ffprobe'])
      await execa('install', ['-m', '755', join(given, program), join(folder, 'opt/ffmpeg/bin', program)]);
    return { folder, replaced: [['ffmpeg of docker/ffmpeg/build.sh', 'the programs that were given']] };
  }
  // An engine that was here keeps its layers itself.
  if (!engine.own) return { folder: undefined, replaced: [] };
  say('ffmpeg: built from source, unless it is kept from an earlier run …');
  const { folder, seconds: took } = await provideFfmpeg(engine, machine, project, shared);
  console.log(`  ${took === null ? 'kept' : seconds(took)}`);
  return {
    folder,
    replaced:
      took === null ? [['a fresh build of ffmpeg', 'an earlier run’s, of the same source and script']] : [],
  };
}

/** What the trial, and a later run with `--kept`, have to know. */
async function writeRecord(
  record: string,
  { own, prefix }: Engine,
  shared: string,
  { folder, forbidden, controls }: ProjectCopy,
  only: readonly string[],
): Promise<void> {
  const told = { own, prefix, folder: join(shared, 'trial'), project: folder, forbidden, controls, only };
  await writeFile(record, JSON.stringify(told));
}

/** Runs the second half, which sees the engine's network. */
async function run(engine: Engine, record: string): Promise<Row[]> {
  const [program = process.execPath, ...args] = [
    ...engine.networkPrefix,
    ...[process.execPath, join(import.meta.dirname, 'trial.ts'), record],
  ];
  await execa(program, args, { stdio: 'inherit', reject: false });
  return rowsSchema.parse(JSON.parse(await readFile(record, 'utf8'))).rows;
}

/** A promise that resolves with an exit status when someone wants this to end. */
function stopOnSignal(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  // Not `once`: execa ends a process by a signal to which nobody listens any more, and the engine would be left running.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(130));
  return promise;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ContainersError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
process.exit();
