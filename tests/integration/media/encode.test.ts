import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClipShape } from '../../../src/media/rate-control.ts';
import { encodeVideo } from '../../../src/media/encode.ts';
import type { VideoSource } from '../../../src/media/encode.ts';
import { FrameSink, writeSegmentList } from '../../../src/media/frame-sink.ts';
import { probeVideo } from '../../../src/media/probe.ts';
import type { RunLimits } from '../../../src/media/process.ts';
import { patience } from '../../support/patience.ts';

const run = promisify(execFile);
const megabyte = 1024 * 1024;
let scratch: string;
let limits: RunLimits;
beforeAll(async () => {
  // The space is on purpose: people have such folders, and fluent-ffmpeg splits options at spaces.
  scratch = await mkdtemp(join(tmpdir(), 'humo encode-'));
  limits = { scratch, timeoutMilliseconds: 600_000 };
});
afterAll(() => rm(scratch, { recursive: true }));

interface Material {
  readonly picture: string;
  readonly sound: string | null;
  readonly clip: Pick<ClipShape, 'width' | 'height' | 'frames'>;
}

/** Makes raw frames and a sound with ffmpeg's own generators, as the engine and the intake would leave them. */
async function material(
  given: Material,
  folder = scratch,
): Promise<{ source: VideoSource; clip: ClipShape }> {
  const { width, height, frames } = given.clip;
  const [path, sound] = [join(folder, 'frames.rgb'), join(folder, 'sound.flac')];
  const picture = given.picture.replace('SIZE', `s=${width}x${height}:r=25`);
  await run('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    picture,
    '-frames:v',
    String(frames),
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
    path,
  ]);
  if (given.sound !== null) {
    await run('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      given.sound,
      '-t',
      String(frames / 25),
      '-ar',
      '48000',
      '-c:a',
      'flac',
      sound,
    ]);
  }
  return {
    source: {
      kind: 'raw',
      path,
      pixelFormat: 'rgb24',
      sound: given.sound === null ? null : { path: sound, demuxer: 'flac' },
    },
    clip: { width, height, frames, fps: 25, hasAudio: given.sound !== null },
  };
}

/** The same frames as a worker keeps them while they come: in segments, from files of a few frames each. */
async function kept(
  source: VideoSource,
  clip: ClipShape,
  shots: readonly number[],
  framesAtOnce = 7,
): Promise<VideoSource> {
  if (source.kind !== 'raw') throw new TypeError('frames are kept as they come from the engine');
  const frame = clip.width * clip.height * 3;
  const raw = await readFile(source.path);
  const names: string[] = [];
  let start = 0;
  for (const [index, frames] of shots.entries()) {
    // Each shot but the first comes with two frames before it, and all with one after.
    const skip = index === 0 ? 0 : 2;
    const { width, height, fps } = clip;
    names.push(`segment${index + 1}.mkv`);
    await using sink = new FrameSink(
      join(scratch, names.at(-1) ?? ''),
      { width, height, fps, skip, frames },
      new AbortController().signal,
    );
    for (let at = start - skip; at <= start + frames; at += framesAtOnce) {
      const piece = join(scratch, `piece-${at}.rgb`);
      await writeFile(
        piece,
        raw.subarray(at * frame, Math.min(at + framesAtOnce, start + frames + 1) * frame),
      );
      sink.add(piece);
    }
    await sink.finish();
    start += frames;
  }
  const path = join(scratch, 'segments.txt');
  await writeSegmentList(path, names);
  return { kind: 'segments', path, sound: source.sound };
}

test('frames that were kept in segments while they came give the very same video', async () => {
  const { source, clip } = await material({
    picture: 'testsrc2=SIZE,noise=alls=20:allf=t',
    sound: speechLike,
    clip: { width: 96, height: 64, frames: 60 },
  });
  const whole = await encodeVideo(source, clip, join(scratch, 'whole.mp4'), 10 * megabyte, limits);
  const segments = await kept(source, clip, [20, 15, 25]);
  // Pieces are gone once they are read, and nothing is encoded twice.
  expect((await readdir(scratch)).filter((name) => name.startsWith('piece'))).toEqual([]);
  const joined = await encodeVideo(segments, clip, join(scratch, 'joined.mp4'), 10 * megabyte, limits);
  expect(Buffer.compare(await readFile(joined.path), await readFile(whole.path))).toBe(0);
});

test('frames that do not come are missed', async () => {
  const { source, clip } = await material({
    picture: smooth,
    sound: null,
    clip: { width: 32, height: 32, frames: 9 },
  });
  await expect(kept(source, clip, [5, 9])).rejects.toThrow('4 frames came, and 9 belong to the clip');
});

test('a long video fits the limit in two passes, with every frame and sound to the end', async () => {
  const { source, clip } = await material({
    picture: noisy,
    sound: speechLike,
    clip: { width: 64, height: 48, frames: 1001 },
  });
  const segments = await kept(source, clip, [500, 501], 97);
  // As much for a second as two minutes have in 2 MiB; these are signed in tests/integration/marking/signing.test.ts.
  const limit = Math.floor((2 * megabyte) / 3);
  const shares: number[] = [];
  const made = await encodeVideo(segments, clip, join(scratch, 'long.mp4'), limit, limits, (share) =>
    shares.push(share),
  );
  // What ffmpeg tells at the end of the last pass; and it was told that it grows, but where an attempt began anew.
  expect(shares.at(-1)).toBe(1);
  const setbacks = shares.filter((share, at) => share < (shares[at - 1] ?? 0)).length;
  expect(setbacks).toBeLessThan(made.attempts.length);
  expect(made.bytes).toBeLessThanOrEqual(limit);
  expect(made.attempts.at(-1)?.kind).toBe('bitrate');
  expect(made).toMatchObject({ width: 64, height: 48, downscaled: false });
  const probed = await probeVideo(made.path, limits);
  expect(probed.video.nb_read_frames).toBe(1001);
  expect(probed.seconds).toBeCloseTo(40.04, 2);
  expect(probed.audio?.duration).toBeCloseTo(40.04, 1);
});

const noisy = 'testsrc2=SIZE,noise=alls=90:allf=t';
const smooth = 'testsrc2=SIZE';
const speechLike = 'anoisesrc=r=48000:a=0.4:seed=1';

test('one encode makes a file with everything that was promised', async () => {
  const { source, clip } = await material({
    picture: smooth,
    sound: speechLike,
    clip: { width: 416, height: 240, frames: 97 },
  });
  const target = join(scratch, 'one.mp4');
  const made = await encodeVideo(source, clip, target, 10 * megabyte, limits);
  expect(made.attempts.map(({ kind }) => kind)).toEqual(['quality']);
  expect(made).toMatchObject({ width: 416, height: 240, downscaled: false, seconds: 3.88 });
  expect(made.bytes).toBe((await stat(target)).size);
  const probed = await probeVideo(target, limits);
  expect(probed.video).toMatchObject({
    codec_name: 'h264',
    profile: 'High',
    pix_fmt: 'yuv420p',
    color_range: 'tv',
    color_space: 'bt709',
    color_transfer: 'bt709',
    color_primaries: 'bt709',
    avg_frame_rate: '25/1',
    nb_read_frames: 97,
  });
  expect(probed.audio?.codec_name).toBe('aac');
  expect(probed.fastStart).toBe(true);
  expect(probed.seconds).toBeCloseTo(3.88, 3);
  expect(probed.video.duration).toBeCloseTo(3.88, 3);
  expect(probed.audio?.duration).toBeCloseTo(3.88, 3);
  expect(Object.keys(probed.tags).sort()).toEqual([
    'comment',
    'compatible_brands',
    'encoder',
    'major_brand',
    'minor_version',
  ]);
});

test('a click in the sound is heard at the very sample: also in the first frame, and after two passes', async () => {
  const clicks = [0, 1, 2.5];
  const sound = `aevalsrc='0.9*(${clicks.map((at) => `between(t,${at},${at + 0.004})`).join('+')})*sin(2*PI*1000*t)':s=48000`;
  const { source, clip } = await material({
    picture: noisy,
    sound,
    clip: { width: 160, height: 96, frames: 97 },
  });
  for (const limitBytes of [10 * megabyte, 256 * 1024]) {
    const target = join(scratch, 'clicks.mp4');
    const made = await encodeVideo(source, clip, target, limitBytes, limits);
    expect(made.attempts.at(-1)?.kind).toBe(limitBytes === 256 * 1024 ? 'bitrate' : 'quality');
    const decoded = join(scratch, 'clicks.f32');
    await run('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-i',
      target,
      '-ac',
      '1',
      '-ar',
      '48000',
      '-f',
      'f32le',
      decoded,
    ]);
    const bytes = await readFile(decoded);
    const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    expect(samples.length).toBeGreaterThanOrEqual(3.88 * 48_000);
    for (const at of clicks) expect(Math.abs(centreOfEnergy(samples, at) - (at + 0.002))).toBeLessThan(0.003);
  }
});

/** Seconds; of what sounds within 50 ms around an instant. */
function centreOfEnergy(samples: Float32Array, around: number): number {
  const from = Math.max(0, Math.round((around - 0.05) * 48_000));
  let [energy, moment] = [0, 0];
  samples.subarray(from, Math.round((around + 0.05) * 48_000)).forEach((sample, index) => {
    energy += sample * sample;
    moment += sample * sample * (from + index);
  });
  return moment / energy / 48_000;
}

test.each([
  ['red', [255, 0, 0]],
  ['green', [0, 255, 0]],
  ['blue', [0, 0, 255]],
  ['grey', [128, 128, 128]],
  ['white', [255, 255, 255]],
  ['skin', [224, 172, 140]],
])('%s comes back as it went in', async (_name, colour) => {
  const clip = { width: 64, height: 64, frames: 5, fps: 25, hasAudio: false };
  const path = join(scratch, 'colour.rgb');
  await writeFile(path, Buffer.alloc(64 * 64 * 3 * 5, Buffer.from(colour)));
  const target = join(scratch, 'colour.mp4');
  await encodeVideo({ kind: 'raw', path, pixelFormat: 'rgb24', sound: null }, clip, target, megabyte, limits);
  const decoded = join(scratch, 'decoded.rgb');
  const matrix = 'scale=in_color_matrix=bt709:in_range=tv:out_range=full';
  await run('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-i',
    target,
    '-vf',
    matrix,
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
    decoded,
  ]);
  const pixels = await readFile(decoded);
  const middle = (32 * 64 + 32) * 3;
  for (const [channel, value] of colour.entries()) {
    expect(Math.abs((pixels[middle + channel] ?? -99) - value)).toBeLessThanOrEqual(4);
  }
});

test('the file never exceeds the limit, and is whole, over limits and lengths', patience, async () => {
  // Small pictures and short clips under small limits: what decides is how many bits there are for a pixel.
  const cases = fc.record({
    frames: fc.constantFrom(5, 9, 49, 97),
    limitBytes: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 40 * 1024, max: 160 * 1024 }) },
      { weight: 1, arbitrary: fc.integer({ min: 160 * 1024, max: 100 * megabyte }) },
    ),
    picture: fc.constantFrom(noisy, noisy, smooth),
    sound: fc.constantFrom(speechLike, 'sine=f=300:r=48000', null),
    size: fc.constantFrom({ width: 96, height: 64 }, { width: 208, height: 120 }),
  });
  const extremes = [
    // As few bits for a second as a minute has within the smallest limit that there is.
    {
      frames: 193,
      limitBytes: 36 * 1024,
      picture: noisy,
      sound: speechLike,
      size: { width: 208, height: 120 },
    },
    {
      frames: 5,
      limitBytes: 256 * 1024,
      picture: noisy,
      sound: speechLike,
      size: { width: 832, height: 480 },
    },
    {
      frames: 5,
      limitBytes: 100 * megabyte,
      picture: smooth,
      sound: null,
      size: { width: 96, height: 64 },
    },
  ];
  await fc.assert(
    fc.asyncProperty(cases, async ({ frames, limitBytes, picture, sound, size }) => {
      const { source, clip } = await material({ picture, sound, clip: { ...size, frames } });
      const target = join(scratch, 'property.mp4');
      const made = await encodeVideo(source, clip, target, limitBytes, limits);
      expect((await stat(target)).size).toBeLessThanOrEqual(limitBytes);
      const probed = await probeVideo(target, limits);
      expect(probed.video).toMatchObject({
        width: made.width,
        height: made.height,
        nb_read_frames: frames,
      });
      expect(probed.seconds).toBeCloseTo(frames / 25, 2);
      expect(made.downscaled).toBe(made.width < size.width);
      expect(probed.audio === null).toBe(sound === null);
    }),
    { numRuns: 6, examples: extremes.map((one) => [one]), endOnFailure: true },
  );
});

test.each([
  ['by the plan', { width: 96, height: 64, frames: 97 }, 4096],
  // The bitrate that fits is one that x264 refuses at every size.
  ['by the encoder', { width: 192, height: 112, frames: 17 }, 3700],
])(
  'a limit too small for anything is a failure that names it, and leaves no file: %s',
  async (_name, shape, limit) => {
    const { source, clip } = await material({ picture: noisy, sound: null, clip: shape });
    const target = join(scratch, 'impossible.mp4');
    await expect(encodeVideo(source, clip, target, limit, limits)).rejects.toMatchObject({
      code: 'too_large',
      identifier: 'video_does_not_fit',
      context: { kilobytes: Math.floor(limit / 1024) },
    });
    await expect(stat(target)).rejects.toThrow('ENOENT');
  },
);

test('aborting ends the encoder at once with the reason', async () => {
  // Frames that never all come: nothing but the abort ends this encode.
  const path = join(scratch, 'endless.rgb');
  await run('mkfifo', [path]);
  await using endless = await open(path, 'r+');
  const clip = { width: 416, height: 240, frames: 377, fps: 25, hasAudio: false };
  const stop = new AbortController();
  const reason = new Error('cancelled by its person');
  const target = join(scratch, 'aborted.mp4');
  const encoding = encodeVideo(
    { kind: 'raw', path, pixelFormat: 'rgb24', sound: null },
    clip,
    target,
    megabyte,
    {
      ...limits,
      signal: stop.signal,
    },
  );
  // A pipe holds a fifth of a frame: whoever has taken this one is at work.
  await Promise.race([endless.writeFile(Buffer.alloc(clip.width * clip.height * 3)), encoding]);
  stop.abort(reason);
  await expect(encoding).rejects.toBe(reason);
  await expect(stat(target)).rejects.toThrow('ENOENT');
});
