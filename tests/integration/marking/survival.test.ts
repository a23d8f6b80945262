import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import { markFrame } from '../../../src/marking/embed.ts';
import { findMark } from '../../../src/marking/find-mark.ts';
import { defaultLabelStyle } from '../../../src/marking/label.ts';
import { drawLabel } from '../../../src/media/draw-label.ts';
import { encodeVideo } from '../../../src/media/encode.ts';
import type { DrawMark } from '../../../src/media/encode.ts';
import { readLuma } from '../../../src/media/luma.ts';
import { Verifier } from '../../../src/provenance/verify-video.ts';
import type { Generation } from '../../../src/queue/contract/generation.ts';
import { generationWith, resultWith } from '../../support/generation.ts';

// Encodes and detection are arithmetic that a busy machine takes its time for.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 });

const [width, height, frames, fps] = [832, 480, 25, 25] as const;
const payload = 0x0123_4567_89ab_cdefn;
const deployment = payload >> 40n;
let folder: string;
const mark = (...given: Parameters<DrawMark>) => markFrame(payload, ...given);
const limits = () => ({ scratch: folder, timeoutMilliseconds: 300_000 });

/** The mark of one encode, at the smallest bitrate that the size asked for allows. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-marking-'));
  await execa(
    'ffmpeg',
    `-v error -f lavfi -i testsrc2=size=${width}x${height}:rate=${fps} -frames:v ${frames} -pix_fmt rgb24 -f rawvideo frames.rgb`.split(
      ' ',
    ),
    { cwd: folder },
  );
  const source = {
    kind: 'raw',
    path: join(folder, 'frames.rgb'),
    pixelFormat: 'rgb24',
    sound: null,
    // What lies over the mark takes nothing from it that is needed.
    overlay: (wide: number, high: number) =>
      drawLabel({ ...defaultLabelStyle, size: 'large', language: 'es' }, wide, high),
  } as const;
  const clip = { width, height, frames, fps, hasAudio: false };
  await encodeVideo({ ...source, mark }, clip, join(folder, 'marked.mp4'), 100e6, limits());
  await encodeVideo(source, clip, join(folder, 'plain.mp4'), 100e6, limits());
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The frames of a video of one of the demo's sizes, as an engine would give them. */
async function rawExample([wide, high]: readonly [number, number] = [192, 112]) {
  const path = join(folder, 'example.rgb');
  const example = join(projectRoot, 'examples', 'person.mp4');
  const frame = ['-vf', `scale=${wide}:${high}`, '-pix_fmt', 'rgb24', '-f', 'rawvideo'];
  await execa('ffmpeg', ['-v', 'error', '-y', '-i', example, ...frame, path]);
  const shown = (await stat(path)).size / (wide * high * 3);
  return { path, clip: { width: wide, height: high, frames: shown, fps, hasAudio: false } };
}

async function found(name: string) {
  const luma = await readLuma(join(folder, name), limits());
  if (luma === null) throw new Error(`${name} has no frames`);
  return findMark(luma, { deployment, generations: [] });
}

test('every frame keeps 42 dB or more', async () => {
  const raw = async (name: string) => {
    await execa(
      'ffmpeg',
      ['-v', 'error', '-y', '-i', name, '-pix_fmt', 'gray', '-f', 'rawvideo', 'gray.raw'],
      { cwd: folder },
    );
    return readFile(join(folder, 'gray.raw'));
  };
  const [marked, plain] = [await raw('marked.mp4'), await raw('plain.mp4')];
  expect(marked.length).toBe(plain.length);
  for (let frame = 0; frame < frames; frame += 10) {
    let squares = 0;
    const size = width * height;
    for (let at = frame * size; at < (frame + 1) * size; at += 1)
      squares += ((marked[at] ?? 0) - (plain[at] ?? 0)) ** 2;
    const decibels = 10 * Math.log10(255 ** 2 / (squares / size));
    expect(decibels).toBeGreaterThan(42);
  }
});

test('it is read from a video of the demo’s size, whatever was done to it', async () => {
  const { path, clip } = await rawExample();
  const overlay = (...size: [number, number]) => drawLabel({ ...defaultLabelStyle, language: 'en' }, ...size);
  const source = { kind: 'raw', path, pixelFormat: 'rgb24', sound: null, mark, overlay } as const;
  await encodeVideo(source, clip, join(folder, 'small.mp4'), 10e6, limits());
  expect(await found('small.mp4')).toMatchObject({ payload, scale: 1 });
  for (const args of [
    '-crf 30',
    '-vf scale=96:56 -crf 23',
    '-vf crop=172:100:11:7 -crf 23',
    '-r 30 -crf 23',
    '-vf fps=10 -f gif',
  ]) {
    await execa(
      'ffmpeg',
      ['-v', 'error', '-y', '-i', 'small.mp4', '-preset', 'veryfast', ...args.split(' '), 'small-again.mp4'],
      { cwd: folder },
    );
    expect((await found('small-again.mp4'))?.payload, args).toBe(payload);
  }
  // What is too faint to be read is recognised where it is known what it may say.
  await execa(
    'ffmpeg',
    ['-v', 'error', '-y', '-i', 'small.mp4', '-preset', 'veryfast', '-crf', '33', 'small-again.mp4'],
    { cwd: folder },
  );
  const faint = await readLuma(join(folder, 'small-again.mp4'), limits());
  if (faint === null) throw new Error('no frames');
  expect(await findMark(faint, { deployment, generations: [] })).toBeNull();
  const generations = Array.from(
    { length: 1000 },
    (_, index) => (payload % 2n ** 40n) ^ BigInt(index * 7919),
  );
  expect((await findMark(faint, { deployment, generations }))?.payload).toBe(payload);
  expect(await findMark(faint, { deployment, generations: generations.slice(1) })).toBeNull();
  // Who did not make it reads it as well, while it is whole.
  const luma = await readLuma(join(folder, 'small.mp4'), limits());
  expect(luma && (await findMark(luma, null))?.payload).toBe(payload);
});

test('it is read from the poorest video that the ladder makes; what would lose it is not made', async () => {
  const { path, clip } = await rawExample([256, 144]);
  const source = { kind: 'raw', path, pixelFormat: 'rgb24', sound: null, mark } as const;
  const target = join(folder, 'poorest.mp4');
  const poorest = { kind: 'bitrate', kilobits: 19, size: { width: 192, height: 108 } };
  const made = await encodeVideo(source, clip, target, limitFor(clip.frames, 19.5), limits());
  expect(made.attempts.at(-1)).toMatchObject(poorest);
  expect((await found('poorest.mp4'))?.payload).toBe(payload);
  await expect(encodeVideo(source, clip, target, limitFor(clip.frames, 18), limits())).rejects.toMatchObject({
    identifier: 'video_does_not_fit',
  });
});

test('a smaller copy of a finished video has its mark drawn anew for its size, and a copy of the same size keeps the one it has', async () => {
  const { path, clip } = await rawExample([256, 144]);
  const whole = join(folder, 'whole.mp4');
  const source = { kind: 'raw', path, pixelFormat: 'rgb24', sound: null, mark } as const;
  const { bytes } = await encodeVideo(source, clip, whole, 10e6, limits());
  const drawn: number[][] = [];
  const again: DrawMark = async (...given) => {
    drawn.push([given[0], given[1]]);
    return markFrame(payload, ...given);
  };
  const copy = { kind: 'mp4', path: whole, mark: again } as const;
  await encodeVideo(copy, clip, join(folder, 'copy-of-it.mp4'), bytes * 0.9, limits());
  expect(drawn).toEqual([]);
  expect((await found('copy-of-it.mp4'))?.payload).toBe(payload);
  await encodeVideo(copy, clip, join(folder, 'copy-of-it.mp4'), limitFor(clip.frames, 20), limits());
  expect(drawn).toEqual([[192, 108]]);
  expect(await found('copy-of-it.mp4')).toMatchObject({ payload, scale: 1 });
});

/** Bytes into which a plan fits a picture of so many kilobits a second: `rate-control.ts` has its figures. */
function limitFor(shown: number, kilobits: number): number {
  return Math.floor(2500 + 20 * shown + (kilobits * 1000 * (shown / fps)) / 8 / 0.97);
}

test('a record that says signed and a file that is not: it was changed; and where nobody can be asked, that is said', async () => {
  const made = (signature: boolean) =>
    generationWith({
      result: resultWith({ marking: { label: true, watermark: true, signature } }),
    });
  const verdict = async (generation: Generation | null) => {
    const knowledge =
      generation === null
        ? null
        : {
            findMark: async (read: bigint) => ({ isOurs: read === payload, generationId: generation.id }),
            ownMarks: async () => ({ deployment, generations: [] }),
            signers: async () => [],
            get: async () => generation,
          };
    // As somebody names it who stands elsewhere.
    const path = relative(process.cwd(), join(folder, 'marked.mp4'));
    return new Verifier({ knowledge, anchors: null }).verify(path, { scratch: folder });
  };
  expect(await verdict(made(true))).toMatchObject({ origin: 'here', changed: true, signature: null });
  expect(await verdict(made(false))).toMatchObject({ origin: 'here', changed: null, signature: null });
  expect(await verdict(null)).toMatchObject({
    ...{ origin: 'unknown', changed: null, madeWithAi: true },
    watermark: { deployment: 'unknown', generationId: null },
  });
});

test('a pipe, which may never end, is no video', async () => {
  await execa('mkfifo', ['pipe.mp4'], { cwd: folder });
  const verifier = new Verifier({ knowledge: null, anchors: null });
  await expect(verifier.verify(join(folder, 'pipe.mp4'), { scratch: folder })).rejects.toMatchObject({
    identifier: 'not_a_video',
  });
});

test('it is read from the video as it is, and nothing is read from one without', async () => {
  expect((await found('marked.mp4'))?.payload).toBe(payload);
  expect(await found('plain.mp4')).toBeNull();
});

test('frames that were coded whole are looked at beside the others, as far as these reach', async () => {
  const seen = async (...args: string[]) => {
    const source = ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=25:duration=20'];
    await execa('ffmpeg', [...source, ...args, 'keys.mkv'], { cwd: folder });
    const looked = await readLuma(join(folder, 'keys.mkv'), limits());
    return looked && { all: looked.luma.length / (64 * 48), keys: looked.keys.length / (64 * 48) };
  };
  expect(await seen('-g', '75', '-sc_threshold', '0')).toEqual({ all: 16, keys: 2 });
  expect(await seen('-g', '1', '-frames:v', '30')).toEqual({ all: 4, keys: 4 });
});

test.each([
  ['encoded again at CRF 30', '-crf 30'],
  ['half the size', `-vf scale=${width / 2}:${height / 2} -crf 23`],
  ['a tenth cut off', `-vf crop=748:432 -crf 23`],
  ['30 frames a second', '-r 30 -crf 23'],
  ['in another container, as it is', '-c copy'],
])('it survives: %s', async (_name, args) => {
  const name = args === '-c copy' ? 'copy.mkv' : 'attacked.mp4';
  const codec = args === '-c copy' ? [] : ['-c:v', 'libx264', '-preset', 'veryfast'];
  await execa('ffmpeg', ['-v', 'error', '-y', '-i', 'marked.mp4', ...codec, ...args.split(' '), name], {
    cwd: folder,
  });
  expect((await found(name))?.payload).toBe(payload);
});
