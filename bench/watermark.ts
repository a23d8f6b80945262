/**
 * `npm run bench -- watermark`: how often the mark is read after what happens to videos, how often one is read that is not there, what it costs
 * in decibels and in seconds. Clips are faces of the small model, flat cartoons and moving textures (`watermark_clips.py`), each marked and
 * encoded as a worker does it. An hour of processor time: WATERMARK_CLIPS says how many clips (200), WATERMARK_KINDS which (face,cartoon,texture), and
 * what is done is kept in WATERMARK_RESULTS (a file, by default in the folder for temporary files), so that it goes on where it ended.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { randomInt } from 'node:crypto';
import { execa } from 'execa';
import { z } from 'zod';
import { projectRoot } from '../src/config/environment.ts';
import { enginePython } from '../src/config/python.ts';
import { detect, pilotConfidence, seenIn, wrongBound } from '../src/marking/detect.ts';
import type { Seen } from '../src/marking/detect.ts';
import { FrameSum } from '../src/marking/frame-sum.ts';
import { markFrame, neutral } from '../src/marking/embed.ts';
import { defaultLabelStyle } from '../src/marking/label.ts';
import { bestCrf, absurdBitsPerPixel, encoderArguments, sizeLadder } from '../src/media/rate-control.ts';
import type { ClipShape, Size } from '../src/media/rate-control.ts';
import { drawLabel } from '../src/media/draw-label.ts';
import { mostKnown } from '../src/marking/known-marks.ts';
import { generationBits } from '../src/marking/payload.ts';
import { draw, encodeVideo } from '../src/media/encode.ts';
import type { DrawMark } from '../src/media/encode.ts';
import { readLuma } from '../src/media/luma.ts';
import { largestClip, usualClip } from './usual-clip.ts';

const clips = Number(process.env['WATERMARK_CLIPS'] ?? 200);
/** Only every so many-th, from this one on: several processes share the work. */
const [shard, shards] = (process.env['WATERMARK_SHARD'] ?? '0/1').split('/').map(Number);
const results = process.env['WATERMARK_RESULTS'] ?? join(tmpdir(), 'humo-bench-watermark.jsonl');
const { fps } = usualClip;

interface Clip extends ClipShape {
  readonly number: number;
  readonly kind: (typeof kinds)[number];
}

const kinds = ['face', 'cartoon', 'texture'] as const;
const wantedKinds = process.env['WATERMARK_KINDS']?.split(',') ?? kinds;
/** Frames that a clip has at least to be sent down the ladder: fewer never have to be made so small. */
const ladderFrames = 97;
/** Of the larger clips, every so many-th is drawn anew, as long as that. */
const everyLadder = 5;
/** Of clips without a mark, every so many-th is asked how well a pilot fits by chance, which takes longer than all else. */
const everyPilot = 4;
/** The demo's. */
const faceSizes = [
  [192, 112],
  [192, 112],
  [256, 144],
] as const;
const otherSizes = [
  [480, 480],
  [832, 480],
  [480, 480],
  [480, 832],
] as const;

/** A quarter faces, as long as the demo's and at its two sizes; five of the others at 720 lines. The others are shorter than is usual, which is harder. */
function clipOf(number: number): Clip {
  const kind = kinds[number % 4] ?? (number % 8 === 3 ? 'texture' : 'cartoon');
  const turn = Math.floor(number / 4);
  const sizes = kind === 'face' ? faceSizes : number % 40 === 1 ? ([[1280, 720]] as const) : otherSizes;
  const [width, height] = sizes[turn % sizes.length] ?? sizes[0];
  return { number, kind, width, height, frames: kind === 'face' ? 97 : 17, fps, hasAudio: false };
}

const outcomeSchema = z.object({
  number: z.number(),
  kind: z.string(),
  lines: z.number(),
  read: z.record(z.string(), z.boolean()),
  wrong: z.number(),
  unmarked: z.object({ confidence: z.number().nullable(), read: z.boolean() }),
  decibels: z.number(),
});
type Outcome = z.infer<typeof outcomeSchema>;

await main();

async function main(): Promise<void> {
  const done = new Map((await earlier()).map((outcome) => [outcome.number, outcome]));
  const folder = await mkdtemp(join(tmpdir(), 'humo-bench-watermark-'));
  const drawing = startDrawing();
  try {
    for (let number = shard ?? 0; number < clips; number += shards ?? 1) {
      const clip = clipOf(number);
      if (done.has(number) || !wantedKinds.includes(clip.kind)) continue;
      const outcome = await measure(clip, folder, drawing);
      await appendFile(results, `${JSON.stringify(outcome)}\n`);
      process.stderr.write(`${number} ${outcome.kind} ${outcome.lines} ${JSON.stringify(outcome.read)}\n`);
    }
    const all = (await earlier()).filter(({ number }) => number < clips);
    console.log(JSON.stringify({ ...summary(all), time: await addedTime(folder, drawing) }));
  } finally {
    drawing.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function earlier(): Promise<Outcome[]> {
  const text = await readFile(results, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => outcomeSchema.parse(JSON.parse(line)));
}

/** The program that makes clips. It stays, since it loads the small model once. */
function startDrawing() {
  const program = spawn(enginePython(projectRoot), [join(import.meta.dirname, 'watermark_clips.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: program.stdout });
  const ended = once(program, 'exit').then(() => null);
  return {
    async order({ number: seed, kind, width, height, frames }: Clip, target: string): Promise<void> {
      const answer = Promise.race([once(lines, 'line'), ended]);
      program.stdin.write(`${JSON.stringify({ kind, seed, width, height, frames, target })}\n`);
      if ((await answer) === null) throw new Error('the program that makes clips has ended');
    },
    end: () => program.stdin.end(),
  };
}

type Drawing = Pick<ReturnType<typeof startDrawing>, 'order'>;

async function measure(clip: Clip, folder: string, drawing: Drawing): Promise<Outcome> {
  const { number, kind, width, height } = clip;
  const payload = (BigInt(number + 1) * 0x9e37_79b9_7f4a_7c15n) % 2n ** 64n;
  // A bot that is asked knows what its own marks begin with, and those of its last requests, of which this one is any.
  const [deployment, generation] = [
    payload >> BigInt(generationBits),
    payload % 2n ** BigInt(generationBits),
  ];
  const others = Array.from({ length: mostKnown - 1 }, () => BigInt(randomInt(2 ** generationBits)));
  const own = { deployment, generations: others.toSpliced(randomInt(mostKnown), 0, generation) };
  const raw = join(folder, 'frames.rgb');
  await drawing.order(clip, raw);
  const limits = { scratch: folder, timeoutMilliseconds: 600_000 };
  const mark = (...given: Parameters<DrawMark>) => markFrame(payload, ...given);
  const source = {
    kind: 'raw',
    path: raw,
    pixelFormat: 'rgb24',
    sound: null,
    mark,
    overlay: (wide: number, high: number) => drawLabel({ ...defaultLabelStyle, language: 'en' }, wide, high),
  } as const;
  const [marked, attacked] = [join(folder, 'marked.mp4'), join(folder, 'attacked.mp4')] as const;
  await encodeVideo(source, clip, marked, 1e9, limits);
  const read: Record<string, boolean> = {};
  let wrong = 0;
  const look = async (name: string, path: string) => {
    const found = detect(await framesOf(path, folder), own);
    read[name] = found?.payload === payload;
    if (found !== null && found.payload !== payload) wrong += 1;
  };
  await look('as delivered', marked);
  const encode = ['-c:v', 'libx264', '-preset', 'veryfast'];
  const even = (side: number) => 2 * Math.round(side / 2);
  const [wide, high] = [even(width * 0.9), even(height * 0.9)];
  // Where the tenth is cut off is another place each time.
  const [left, top] = [(number * 7) % (width - wide), (number * 5) % (height - high)];
  const attacks: readonly (readonly [string, readonly string[]])[] = [
    ['another container', ['-c', 'copy']],
    ['CRF 30', [...encode, '-crf', '30']],
    ['half the lines', [...encode, '-crf', '23', '-vf', `scale=${even(width / 2)}:${even(height / 2)}`]],
    ['a tenth cut off', [...encode, '-crf', '23', '-vf', `crop=${wide}:${high}:${left}:${top}`]],
    ['30 frames a second', [...encode, '-crf', '23', '-r', '30']],
  ];
  const targets = attacks.map((_, index) =>
    join(folder, index === 0 ? 'attacked.mkv' : `attacked-${index}.mp4`),
  );
  // All of one decode.
  const outputs = attacks.flatMap(([, args], index) => ['-map', '0:v:0', ...args, targets[index] ?? '']);
  await execa('ffmpeg', ['-v', 'error', '-y', '-i', marked, ...outputs]);
  for (const [index, [name]] of attacks.entries()) await look(name, targets[index] ?? '');
  const without = await rawFrames(raw, clip);
  const pattern = (await draw(source, clip, clip, limits)).mark;
  if (pattern === null) throw new Error('nothing was drawn');
  const decibels = await worstDecibels(raw, await readFile(pattern), clip);
  // The smallest bitrate at which the ladder leaves a size as it is: one of its sizes for each clip.
  const turn = Math.floor(kind === 'face' ? number / 4 : number / everyLadder);
  if (kind === 'face' || number % everyLadder === 0) {
    const long = { ...clip, frames: ladderFrames, isMarked: true };
    if (clip.frames < ladderFrames) await drawing.order(long, raw);
    const ladder = sizeLadder(long);
    const size = ladder[turn % ladder.length] ?? clip;
    let kilobits = Math.ceil((absurdBitsPerPixel * size.width * size.height * fps) / 1000);
    while (!(await encodeTo(long, size, kilobits))) kilobits = Math.ceil(kilobits * 1.2);
    const share =
      size.width === width ? 'full size' : `${Math.round((100 * size.width) / width)} % of the size`;
    await look(`smallest bitrate, ${share}`, attacked);
  }
  return {
    number,
    kind,
    lines: Math.min(width, height),
    read,
    wrong,
    unmarked: {
      confidence: Math.floor(number / 4) % everyPilot === 0 ? pilotConfidence(without) : null,
      read: detect(without, own) !== null,
    },
    decibels,
  };

  /** @returns false where x264 says that a clip this short takes more */
  async function encodeTo(shape: ClipShape, size: Size, bits: number): Promise<boolean> {
    const attempt = { kind: 'bitrate', kilobits: bits, size, audioKilobits: 0 } as const;
    const drawn = await draw(source, shape, size, limits);
    for (const pass of [1, 2] as const) {
      const { inputs, output } = encoderArguments(
        source,
        shape,
        attempt,
        pass,
        join(folder, 'passes'),
        drawn,
      );
      const args = [...inputArguments(inputs), ...output, pass === 1 ? '/dev/null' : attacked];
      const { failed, stderr } = await execa('ffmpeg', ['-v', 'error', '-y', ...args], { reject: false });
      if (failed && stderr.includes('bitrate is too low')) return false;
      if (failed) throw new Error(stderr);
    }
    return true;
  }
}

function inputArguments(inputs: ReturnType<typeof encoderArguments>['inputs']): string[] {
  return inputs.flatMap(({ path, options }) => [...options, '-i', path]);
}

/** PSNR of the marked frame that comes out worst, of every twelfth: of all colours and before the encode, as the pixels are moved and clipped. */
async function worstDecibels(
  path: string,
  pattern: Buffer,
  { width, height, frames }: Clip,
): Promise<number> {
  const bytes = await readFile(path);
  const size = width * height * 3;
  let most = 0;
  for (let frame = 0; frame < frames; frame += 12) {
    let squares = 0;
    for (let at = 0; at < size; at += 1) {
      const value = bytes[frame * size + at] ?? 0;
      squares += (Math.max(0, Math.min(255, value + (pattern[at] ?? neutral) - neutral)) - value) ** 2;
    }
    most = Math.max(most, squares / size);
  }
  return 10 * Math.log10(255 ** 2 / most);
}

/** The engine's first frame, and every eighth, as shades of grey: what nothing was done to. */
async function rawFrames(path: string, { width, height, frames }: ClipShape): Promise<Seen> {
  const bytes = await readFile(path);
  const seen = { frames: new FrameSum(width, height), keys: new FrameSum(width, height) };
  const size = width * height;
  for (let frame = 0; frame < frames; frame += 8) {
    const at = frame * size;
    const luma = Uint8Array.from({ length: size }, (_, pixel) => {
      const [red = 0, green = 0, blue = 0] = bytes.subarray((at + pixel) * 3, (at + pixel) * 3 + 3);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    });
    seen.frames.add(luma);
    if (frame === 0) seen.keys.add(luma);
  }
  return seen;
}

async function framesOf(path: string, scratch: string): Promise<Seen> {
  const frames = await readLuma(path, { scratch, timeoutMilliseconds: 600_000 });
  if (frames === null) throw new Error(`${path} has no frames`);
  return seenIn(frames);
}

function summary(all: readonly Outcome[]) {
  const groups = [
    ['480 and 720 lines', all.filter(({ lines }) => lines >= 400)],
    ['112 and 144 lines, the demo’s', all.filter(({ lines }) => lines < 400)],
  ] as const;
  return {
    clips: all.length,
    /** chance that a video without a mark is said to have one, by what the code lets through */
    bound: wrongBound,
    groups: groups.map(([name, outcomes]) => {
      const attacks = [...new Set(outcomes.flatMap(({ read }) => Object.keys(read)))];
      return {
        name,
        kinds: Object.fromEntries(
          kinds.map((kind) => [kind, outcomes.filter((one) => one.kind === kind).length]),
        ),
        attacks: attacks.map((attack) => {
          const tried = outcomes.filter(({ read }) => attack in read);
          const missed = tried.filter(({ read }) => read[attack] !== true).map(({ number }) => number);
          return { attack, read: tried.length - missed.length, of: tried.length, missed };
        }),
      };
    }),
    wrong: all.reduce((sum, { wrong }) => sum + wrong, 0),
    unmarked: {
      of: all.length,
      read: all.filter(({ unmarked }) => unmarked.read).length,
      confidences: all.flatMap(({ unmarked }) => unmarked.confidence ?? []).toSorted((a, b) => a - b),
    },
    decibels: Math.min(...all.map(({ decibels }) => decibels)),
  };
}

/** Processor seconds of the encode of 97 frames at 720 lines, with the mark and without, three times each in turns; the median. */
async function addedTime(folder: string, drawing: Drawing) {
  const clip: Clip = {
    number: 1,
    kind: 'cartoon',
    ...largestClip,
    hasAudio: false,
  };
  const path = join(folder, 'frames.rgb');
  await drawing.order({ ...clip, kind: 'texture' }, path);
  const before = performance.now();
  const source = { kind: 'raw', path, pixelFormat: 'rgb24', sound: null } as const;
  const mark = (...given: Parameters<DrawMark>) => markFrame(1n, ...given);
  const limits = { scratch: folder, timeoutMilliseconds: 600_000 };
  const marked = await draw({ ...source, mark }, clip, clip, limits);
  const preparing = (performance.now() - before) / 1000;
  const attempt = { kind: 'quality', crf: bestCrf, size: clip, audioKilobits: 0 } as const;
  const seconds = { with: [] as number[], without: [] as number[] };
  for (let turn = 0; turn < 3; turn += 1) {
    for (const which of ['with', 'without'] as const) {
      const { inputs, output } = encoderArguments(
        source,
        clip,
        attempt,
        0,
        join(folder, 'passes'),
        which === 'with' ? marked : undefined,
      );
      const args = [...inputArguments(inputs), ...output, join(folder, 'timed.mp4')];
      const { stderr } = await execa('ffmpeg', ['-hide_banner', '-benchmark', '-y', ...args]);
      const [, user = '0', system = '0'] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? [];
      seconds[which].push(Number(user) + Number(system));
    }
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[1] ?? 0;
  return {
    added: median(seconds.with) - median(seconds.without) + preparing,
    without: median(seconds.without),
  };
}
