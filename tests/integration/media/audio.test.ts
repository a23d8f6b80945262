import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectAudio, normaliseAudio } from '../../../src/media/audio.ts';
import { wav } from '../../support/wav.ts';

const execute = promisify(execFile);
const run = (program: string, args: readonly string[]) =>
  execute(program, args, { cwd: scratch, encoding: 'buffer' });
let scratch: string;
let given: string;
let targets: { speech: string; soundtrack: string };
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'humo-audio-'));
  given = join(scratch, 'given.png'); // the name says nothing
  targets = { speech: join(scratch, 'speech.wav'), soundtrack: join(scratch, 'soundtrack.flac') };
});
afterAll(() => rm(scratch, { recursive: true }));

const limits = () => ({ scratch, timeoutMilliseconds: 30_000 });
const wanted = { startSeconds: 0, minimumFrames: 5, maximumFrames: 97, fps: 25 };
/** As the intake does it: what the file is, is asked once. */
const normalise = async (window: typeof wanted, inspected?: Awaited<ReturnType<typeof inspectAudio>>) =>
  normaliseAudio(given, inspected ?? (await inspectAudio(given, limits())), targets, window, limits());
const make = (...args: string[]) => run('ffmpeg', ['-v', 'error', '-y', ...args, given]);
const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=f=440:r=44100:d=${seconds}`];
/** The same tone as a WAV, which needs no program. */
async function writeTone(seconds: number): Promise<void> {
  const samples = Int16Array.from({ length: seconds * 44_100 }, (_, at) =>
    Math.round(4_096 * Math.sin((2 * Math.PI * 440 * at) / 44_100)),
  );
  await writeFile(given, wav({ channels: 1, rate: 44_100 }, Buffer.from(samples.buffer)));
}

/** One program writes all of a table's forms, when the first of them is wanted: starting it takes longer than a form. */
function written(source: readonly string[], forms: readonly (readonly [string, string[], ...unknown[]])[]) {
  let all: Promise<ReadonlyMap<string, Buffer>> | undefined;
  const write = async () => {
    const files = forms.map((_, index) => join(scratch, `form-${index}`));
    const outputs = forms.flatMap(([, format], index) => [...format, files[index] ?? '']);
    await run('ffmpeg', ['-v', 'error', '-y', ...source, ...outputs]);
    const contents = await Promise.all(files.map((file) => readFile(file)));
    await Promise.all(files.map((file) => rm(file)));
    return new Map(forms.map(([name], index) => [name, contents[index] ?? Buffer.alloc(0)]));
  };
  return async (name: string) => {
    all ??= write();
    await writeFile(given, (await all).get(name) ?? '');
  };
}

/** Samples of the 16-bit mono WAV for the engine. */
async function speech(): Promise<Int16Array> {
  const file = await readFile(targets.speech);
  expect([file.readUInt16LE(22), file.readUInt32LE(24), file.readUInt16LE(34)]).toEqual([1, 16_000, 16]);
  const data = file.subarray(file.indexOf('data') + 8);
  return new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}

/** What a FLAC says of itself: https://www.rfc-editor.org/rfc/rfc9639.html#section-8.2 */
async function soundtrack(): Promise<{ rate: number; channels: number; samples: number }> {
  const flac = await readFile(targets.soundtrack);
  expect(flac.toString('latin1', 0, 4)).toBe('fLaC');
  const bits = flac.readBigUInt64BE(18);
  const [rate, channels] = [Number(bits >> 44n), Number((bits >> 41n) & 7n) + 1];
  return { rate, channels, samples: Number(bits & 0xf_ffff_ffffn) };
}

const heard = [
  ['WAV', ['-f', 'wav']],
  ['MP3', ['-f', 'mp3']],
  ['FLAC', ['-f', 'flac']],
  ['AAC', ['-f', 'adts']],
  ['M4A', ['-c:a', 'aac', '-f', 'ipod']],
  ['AIFF', ['-f', 'aiff']],
  ['a voice message (Ogg Opus)', ['-c:a', 'libopus', '-ar', '48000', '-ac', '1', '-f', 'ogg']],
  ['WebM', ['-c:a', 'libopus', '-ar', '48000', '-f', 'webm']],
] satisfies [string, string[]][];
const writeHeard = written(tone(6), heard);
test.each(heard)('%s becomes speech and sound track of exactly the length of the video', async (name) => {
  await writeHeard(name);
  const { window, silent } = await normalise(wanted);
  expect(window).toMatchObject({ startSeconds: 0, frames: 97 });
  expect(silent).toBe(false);
  expect((await speech()).length).toBe(3.88 * 16_000);
  expect(await soundtrack()).toMatchObject({ rate: 48_000, samples: 3.88 * 48_000 });
});

const measured = [
  ['AC-3', ['-c:a', 'ac3', '-f', 'ac3']],
  ['DTS', ['-c:a', 'dca', '-strict', '-2', '-f', 'dts']],
  ['what cameras record', ['-c:a', 'ac3', '-mpegts_m2ts_mode', '1', '-f', 'mpegts']],
  ['Vorbis in AVI, whose times are bytes', ['-c:a', 'libvorbis', '-f', 'avi']],
  [
    'ALAC in Matroska, of whose last packet nobody tells the length',
    ['-ar', '8000', '-c:a', 'alac', '-f', 'matroska'],
  ],
  ['ALAC in a Core Audio file', ['-ar', '8000', '-c:a', 'alac', '-f', 'caf']],
] satisfies [string, string[]][];
const writeMeasured = written(tone(18), measured);
test.each(measured)('%s is as long as what is heard of it', async (name) => {
  await writeMeasured(name);
  expect((await inspectAudio(given, limits())).durationSeconds).toBeCloseTo(18, 1);
});

test.each([
  ['True Audio', ['-f', 'tta']],
  ['ALAC', ['-c:a', 'alac', '-movflags', 'faststart', '-f', 'ipod']],
])('of %s that was cut off, the part of a packet at its end is not counted', async (_name, format) => {
  await make(...tone(6), ...format);
  await truncate(given, Math.floor((await stat(given)).size * 0.633));
  const { durationSeconds } = await inspectAudio(given, limits());
  const { stdout } = await run('ffmpeg', ['-v', 'quiet', '-i', given, '-f', 's16le', '-ac', '1', 'pipe:1']);
  expect(Math.abs(durationSeconds - stdout.length / 2 / 44_100)).toBeLessThan(0.05);
});

test('ADTS with several blocks in a frame is as long as all of them', async () => {
  await make(...tone(2), '-f', 'adts');
  const file = await readFile(given);
  const payloads: Buffer[] = [];
  for (let at = 0; at + 7 <= file.length;) {
    const bytes = ((file.readUInt8(at + 3) & 3) << 11) | (file.readUInt16BE(at + 4) >> 5);
    payloads.push(file.subarray(at + 7, at + bytes));
    at += bytes;
  }
  const frames = payloads.flatMap((payload, index) => {
    const two = Buffer.concat([payload, payloads[index + 1] ?? Buffer.alloc(0)]);
    const header = Buffer.from(file.subarray(0, 7));
    const bytes = two.length + 7;
    header.writeUInt8((header.readUInt8(3) & 0xfc) | (bytes >> 11), 3);
    header.writeUInt16BE(((bytes & 0x7ff) << 5) | 0x1f, 4);
    header.writeUInt8(0xfd, 6);
    return index % 2 === 1 || index + 1 === payloads.length ? [] : [header, two];
  });
  await writeFile(given, Buffer.concat(frames));
  expect((await inspectAudio(given, limits())).durationSeconds).toBeCloseTo(2, 1);
});

test('the sound of a video is used', async () => {
  await make(
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=64x64:r=25:d=2',
    ...tone(2),
    '-pix_fmt',
    'yuv420p',
    '-f',
    'mp4',
  );
  const taken = await normalise(wanted);
  expect(taken.window.frames).toBe(53);
});

/** An AMR of a phone: noise in every other second, and between two of them what says that nobody speaks (3GPP TS 26.101, 4.1). */
function phoneRecording(seconds: number): Buffer {
  const perSecond = 50;
  const speechFrame = (number: number) =>
    Buffer.from([
      0x3c,
      ...Array.from({ length: 31 }, (_, at) => ((number * 31 + at) * 2_654_435_761) >>> 24),
    ]);
  const nothing = Buffer.from([0x7c]);
  const frames = Array.from({ length: seconds * perSecond }, (_, number) =>
    Math.floor(number / perSecond) % 2 === 0 ? speechFrame(number) : nothing,
  );
  return Buffer.concat([Buffer.from('#!AMR\n'), ...frames]);
}

test.each(['amr', '3gp', 'matroska'])(
  'a phone’s recording in %s: what it leaves out while nobody speaks is silence, not a shorter sound',
  async (form) => {
    const recording = join(scratch, 'phone.amr');
    await writeFile(recording, phoneRecording(5));
    await make('-i', recording, '-c', 'copy', '-f', form);
    const inspected = await inspectAudio(given, limits());
    expect(inspected.durationSeconds).toBeCloseTo(5, 2);
    await normalise({ ...wanted, startSeconds: 1, maximumFrames: 125 }, inspected);
    const samples = await speech();
    const peaks = [0, 1, 2, 3].map((second) =>
      Math.max(...samples.subarray((second + 0.25) * 16_000, (second + 0.75) * 16_000).map(Math.abs)),
    );
    expect(peaks.map((peak) => peak > 1_000)).toEqual([false, true, false, true]);
  },
);

test('the window begins where it was asked for', async () => {
  await make('-f', 'lavfi', '-i', "aevalsrc='0.9*gte(t,3)*sin(2*PI*500*t)':s=48000", '-t', '6', '-f', 'flac');
  await normalise({ ...wanted, startSeconds: 2 });
  const first = (await speech()).findIndex((sample) => Math.abs(sample) > 3000);
  expect(Math.abs(first / 16_000 - 1)).toBeLessThan(0.002);
});

test('six channels become two, and one stays one', async () => {
  const sound = 'aevalsrc=0.3*sin(440*t)|0.2*sin(300*t)|0|0|0|0:c=5.1';
  await make('-f', 'lavfi', '-i', sound, '-t', '2', '-f', 'flac');
  await normalise(wanted);
  expect(await soundtrack()).toMatchObject({ channels: 2 });
  await writeTone(2);
  await normalise(wanted);
  expect(await soundtrack()).toMatchObject({ channels: 1 });
});

test('silence is noticed, a quiet voice is not taken for it', async () => {
  await writeFile(given, wav({ channels: 2, rate: 44_100 }, Buffer.alloc(2 * 44_100 * 4)));
  expect((await normalise(wanted)).silent).toBe(true);
  await make('-f', 'lavfi', '-i', 'aevalsrc=0.03*sin(2*PI*300*t)', '-t', '2', '-f', 'wav');
  expect((await normalise(wanted)).silent).toBe(false);
});

test('a start beyond the end and a sound that is too short say what the length is', async () => {
  await writeTone(3);
  await expect(normalise({ ...wanted, startSeconds: 5 })).rejects.toMatchObject({
    identifier: 'audio_start_beyond_end',
    context: { seconds: 3 },
  });
  await writeTone(0.1);
  await expect(normalise(wanted)).rejects.toMatchObject({
    identifier: 'audio_too_short',
  });
});

test('of a long sound in many packets no list is made where its file and their number agree; else there is one', async () => {
  const listed = async () => (await stat(join(scratch, 'packets'))).size;
  const sound = ['sine=f=440:r=96000', '-ac', '2', '-t', '12', '-c:a', 'adpcm_ima_qt'];
  for (const format of ['aiff', 'mov']) {
    await make('-f', 'lavfi', '-i', ...sound, '-f', format);
    expect((await inspectAudio(given, limits())).durationSeconds).toBe(12);
    expect(await listed()).toBeLessThan(100_000);
  }
  const film = await readFile(given);
  // Another time scale: what is stated no longer agrees.
  film.writeUInt32BE(24_000, film.indexOf('mdhd') + 16);
  await writeFile(given, film);
  expect(Math.abs((await inspectAudio(given, limits())).durationSeconds - 12)).toBeLessThan(0.05);
  expect(await listed()).toBeGreaterThan(1_000_000);
});

test('a recording that states no length is measured', async () => {
  const live = ['-c:a', 'libopus', '-ar', '48000', '-f', 'webm', '-live', '1'];
  const { stdout } = await run('ffmpeg', ['-v', 'error', ...tone(4), ...live, 'pipe:1']);
  await writeFile(given, stdout);
  expect((await inspectAudio(given, limits())).durationSeconds).toBeCloseTo(4, 1);
});

test('more than ten minutes, more than 25 MiB, a video without sound, an image and rubbish are refused for what they are', async () => {
  const refusal = (identifier: string) =>
    expect(inspectAudio(given, limits())).rejects.toMatchObject({ identifier });
  await make('-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '601', '-f', 'flac');
  await refusal('audio_too_long');
  await make('-f', 'lavfi', '-i', 'testsrc2=s=64x64:r=25', '-t', '1', '-pix_fmt', 'yuv420p', '-f', 'mp4');
  await refusal('audio_no_track');
  await make('-f', 'lavfi', '-i', 'testsrc2=s=64x64', '-frames:v', '1', '-f', 'image2', '-c:v', 'png');
  await refusal('audio_not_sound');
  await writeFile(given, 'just words');
  await refusal('audio_not_sound');
  await writeFile(given, Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(3000, 7)]));
  await refusal('audio_unreadable');
  await truncate(given, 25 * 1024 * 1024 + 1);
  await refusal('audio_too_large');
});

/** A tone whose pitch tells the second, quiet for two seconds and then loud with noise: a guess from its first frames is far too long. */
function quietThenLoud(seconds: number, quiet: number): Buffer {
  let noise = 1;
  const samples = Int16Array.from({ length: seconds * 44_100 }, (_, at) => {
    const t = at / 44_100;
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) | 0;
    const [loud, hiss] = t < quiet ? [0.02, 0] : [0.6, 0.2];
    return 32_767 * (loud * Math.sin(2 * Math.PI * (200 * t + 25 * t * t)) + hiss * (noise / 2 ** 32));
  });
  return wav({ channels: 1, rate: 44_100 }, Buffer.from(samples.buffer));
}
const [quietFirst, loudAtOnce] = [
  ['-i', 'quiet-first.wav'],
  ['-i', 'loud-at-once.wav'],
];
beforeAll(async () => {
  await writeFile(join(scratch, 'quiet-first.wav'), quietThenLoud(6, 2));
  await writeFile(join(scratch, 'loud-at-once.wav'), quietThenLoud(3, 0));
});
/** The second of {@link quietFirst} that begins what was cut, from the pitch a little later. */
async function secondHeard(): Promise<number> {
  const samples = (await speech()).subarray(1600, 8000);
  const smooth = Array.from(samples, (_, at) =>
    samples.subarray(at, at + 8).reduce((sum, one) => sum + one, 0),
  );
  const ups: number[] = [];
  for (let at = 1; at < smooth.length; at += 1) {
    const isUp = (smooth[at - 1] ?? 0) < 0 && (smooth[at] ?? 0) >= 0;
    if (isUp && at - (ups.at(-1) ?? -100) > 12) ups.push(at);
  }
  const [first = 0, last = 0] = [ups[0], ups.at(-1)];
  const hertz = ((ups.length - 1) * 16_000) / (last - first);
  return (hertz - 200) / 50 - (first + last) / 2 / 16_000 - 0.1;
}

describe('seconds told are seconds heard are seconds there', () => {
  const late = (format: string, sound: string) => [
    ...['-f', 'lavfi', '-i', 'color=s=32x32:r=10:d=9', '-itsoffset', '3', ...quietFirst],
    ...['-map', '0', '-map', '1', '-pix_fmt', 'yuv420p', '-c:a', sound, '-f', format],
  ];
  const plain = [
    ['ADTS AAC', ['-c:a', 'aac', '-f', 'adts']],
    ['MP3 of changing bitrate without a header', ['-q:a', '4', '-write_xing', '0', '-f', 'mp3']],
    ['Ogg', ['-c:a', 'libopus', '-f', 'ogg']],
    ['Ogg with Vorbis', ['-c:a', 'libvorbis', '-f', 'ogg']],
    ['MP4', ['-c:a', 'aac', '-f', 'mp4']],
  ] satisfies [string, string[]][];
  const writePlain = written(quietFirst, plain);
  const others: [string, number, string[]][] = [
    ['Ogg that begins at a minute', 0, ['-itsoffset', '60', ...quietFirst, '-c:a', 'libopus', '-f', 'ogg']],
    ['an MP4 whose sound begins later', 3, late('mp4', 'aac')],
    ['a WebM whose sound begins later', 3, late('matroska', 'libopus')],
    ['an Ogg film whose sound begins later', 3, [...late('ogg', 'libopus'), '-c:v', 'libtheora']],
  ];
  test.each([...plain.map(([name]) => [name, 0, null] as const), ...others])(
    '%s',
    async (name, begins, args) => {
      await (args === null ? writePlain(name) : make(...args));
      const inspected = await inspectAudio(given, limits());
      expect(Math.abs(inspected.durationSeconds - 6 - begins)).toBeLessThan(0.05);
      for (const second of [1, 4]) {
        await normalise({ ...wanted, startSeconds: begins + second }, inspected);
        expect(Math.abs((await secondHeard()) - second)).toBeLessThan(0.05);
      }
    },
  );

  test('ADTS of which a part is damaged: what comes behind it is heard when it was said', async () => {
    await make(...quietFirst, '-c:a', 'aac', '-f', 'adts');
    const file = await readFile(given);
    // Nowhere is a whole frame left in it, and none is lost.
    const from = Math.floor(file.length * 0.55);
    for (let at = from; at < from + file.length / 20; at += 150) file.fill(0x5a, at, at + 4);
    await writeFile(given, file);
    const inspected = await inspectAudio(given, limits());
    expect(Math.abs(inspected.durationSeconds - 6)).toBeLessThan(0.05);
    await normalise({ ...wanted, startSeconds: 5 }, inspected);
    expect(Math.abs((await secondHeard()) - 5)).toBeLessThan(0.05);
  });

  test('a broadcast whose rate changes on the way, with another number of channels', async () => {
    const half = (from: number, to: number, ...format: string[]) =>
      make(
        ...quietFirst,
        '-af',
        `atrim=${from}:${to},asetpts=PTS-STARTPTS`,
        '-c:a',
        'mp2',
        ...format,
        '-f',
        'mpegts',
      );
    await half(0, 3);
    const first = await readFile(given);
    await half(3, 6, '-ar', '32000', '-ac', '2');
    await writeFile(given, Buffer.concat([first, await readFile(given)]));
    const inspected = await inspectAudio(given, limits());
    expect(Math.abs(inspected.durationSeconds - 6)).toBeLessThan(0.1);
    await normalise({ ...wanted, startSeconds: 5 }, inspected);
    expect(Math.abs((await secondHeard()) - 5)).toBeLessThan(0.05);
  });

  test('frames of another rate, as damage makes them: what is cut has its length, and what comes behind is heard when it was said', async () => {
    await make(...quietFirst, '-c:a', 'libmp3lame', '-f', 'mp4');
    const film = await readFile(given);
    // The rate in the header of a frame some way in the file.
    const start = film.indexOf('mdat') + 4;
    for (let at = start + 20_000, found = 0; found < 3; at += 1) {
      if (film[at] !== 0xff || film[at + 1] !== 0xfb) continue;
      film.writeUInt8((film.readUInt8(at + 2) & 0xf3) | 8, at + 2);
      found += 1;
    }
    await writeFile(given, film);
    await normalise({ ...wanted, startSeconds: 0, maximumFrames: 161 });
    expect((await speech()).length).toBe((153 / 25) * 16_000);
    await normalise({ ...wanted, startSeconds: 4 });
    expect(Math.abs((await secondHeard()) - 4)).toBeLessThan(0.05);
  });

  test('an Ogg of two pieces, one after the other', async () => {
    await make(...quietFirst, '-c:a', 'libopus', '-f', 'ogg');
    const piece = await readFile(given);
    await writeFile(given, Buffer.concat([piece, piece]));
    const inspected = await inspectAudio(given, limits());
    expect(Math.abs(inspected.durationSeconds - 12)).toBeLessThan(0.05);
    await normalise({ ...wanted, startSeconds: 10 }, inspected);
    expect(Math.abs((await secondHeard()) - 4)).toBeLessThan(0.05);
  });

  test('recordings of different rates, one behind the other', async () => {
    await make(...loudAtOnce, '-c:a', 'libvorbis', '-f', 'ogg');
    const first = await readFile(given);
    await make(
      ...loudAtOnce,
      '-c:a',
      'libvorbis',
      '-ar',
      '22050',
      '-ac',
      '2',
      '-serial_offset',
      '9',
      '-f',
      'ogg',
    );
    await writeFile(given, Buffer.concat([first, await readFile(given)]));
    const inspected = await inspectAudio(given, limits());
    expect(Math.abs(inspected.durationSeconds - 6)).toBeLessThan(0.05);
    await normalise({ ...wanted, startSeconds: 4 }, inspected);
    expect(Math.abs((await secondHeard()) - 1)).toBeLessThan(0.05);
  });

  test('an MP4 whose time scale is wrong, and a WAV whose sizes are', async () => {
    await make(...quietFirst, '-c:a', 'aac', '-f', 'mp4');
    const film = await readFile(given);
    const header = film.indexOf('mdhd');
    // With ticks of a second, the edit list leaves one packet, which is told to last six of them.
    for (const scale of [8000, 1]) {
      film.writeUInt32BE(scale, header + 16);
      await writeFile(given, film);
      const inspected = await inspectAudio(given, limits());
      expect(Math.abs(inspected.durationSeconds - 6)).toBeLessThan(0.05);
      await normalise({ ...wanted, startSeconds: 4 }, inspected);
      expect(Math.abs((await secondHeard()) - 4)).toBeLessThan(0.05);
    }
    const wave = quietThenLoud(6, 2);
    for (const size of [0, 100_000, 2_000_000_000]) {
      wave.writeUInt32LE(size, 40);
      await writeFile(given, wave);
      expect(Math.abs((await inspectAudio(given, limits())).durationSeconds - 6)).toBeLessThan(0.05);
    }
    await writeFile(given, wave.subarray(0, 44));
    await expect(inspectAudio(given, limits())).rejects.toMatchObject({ identifier: 'audio_nothing_heard' });
  });
});

test('of a FLAC that ends within a frame, that is not counted', async () => {
  await make(...quietFirst, '-frame_size', '4608', '-f', 'flac');
  const file = await readFile(given);
  await writeFile(given, file.subarray(0, Math.floor(file.length * 0.7)));
  const inspected = await inspectAudio(given, limits());
  await normalise({ ...wanted, startSeconds: inspected.durationSeconds - 0.25 }, inspected);
  // Up to the end: the last frame that is there has more than 0.1 s.
  expect((await speech()).subarray(3200, 3900).some((sample) => Math.abs(sample) > 1000)).toBe(true);
});

test('AAC in a WAV, where nobody can tell its frames apart, is refused when it is looked at', async () => {
  await make(...quietFirst, '-c:a', 'aac', '-f', 'wav');
  await expect(inspectAudio(given, limits())).rejects.toMatchObject({ identifier: 'audio_unreadable' });
});

test.each([
  ['tta', 'tta'],
  ['wv', 'wv'],
  ['wav', 'wav'],
  ['aiff', 'aiff'],
  ['caf', 'caf'],
  ['film', 'mov'],
  // A second header that was never completed.
  ['wav', 'wav', (file: Buffer) => void file.writeUInt32LE(0, file.indexOf('data') + 4)],
])('a whole %s behind another is heard, too', async (_name, format, harm?: (file: Buffer) => void) => {
  const other = ['-f', 'lavfi', '-i', 'sine=f=880:r=22050:d=2'];
  await make(...tone(2), ...other, '-map', '0', '-f', format, 'first', '-map', '1', '-f', format);
  const [first, second] = await Promise.all([readFile(join(scratch, 'first')), readFile(given)]);
  harm?.(second);
  await writeFile(given, Buffer.concat([first, second]));
  const inspected = await inspectAudio(given, limits());
  expect(inspected.durationSeconds).toBeCloseTo(4, 2);
  expect(inspected.parts).toHaveLength(2);
  await normalise({ ...wanted, startSeconds: 2 }, inspected);
  const samples = (await speech()).subarray(0, 16_000);
  const crossings = samples.filter((sample, at) => at > 0 && sample >= 0 && (samples[at - 1] ?? 0) < 0);
  expect(crossings.length).toBeGreaterThan(870);
  expect(crossings.length).toBeLessThan(890);
});

test('twelve channels without a layout, an ID3 tag before FLAC, QuickTime without a brand and half a frame are read', async () => {
  await writeTone(2);
  const one = (await readFile(given)).subarray(44);
  const header = Buffer.from((await readFile(given)).subarray(0, 44));
  const many = Buffer.alloc(one.length * 12);
  for (let at = 0; at < one.length; at += 2)
    for (let channel = 0; channel < 12; channel += 1) one.copy(many, at * 12 + channel * 2, at, at + 2);
  header.writeUInt16LE(12, 22);
  header.writeUInt16LE(24, 32);
  header.writeUInt32LE(44_100 * 24, 28);
  header.writeUInt32LE(many.length, 40);
  await writeFile(given, Buffer.concat([header, many]));
  expect((await normalise(wanted)).silent).toBe(false);
  const forms = ['-f', 'flac', 'flac', '-c:a', 'aac', '-f', 'mov', 'mov'];
  await make(...tone(2), ...forms, '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3');
  const [flac, film, mp3] = await Promise.all([
    readFile(join(scratch, 'flac')),
    readFile(join(scratch, 'mov')),
    readFile(given),
  ]);
  const tag = Buffer.concat([Buffer.from('ID3\u0003\0\0\0\0\u0001\0', 'latin1'), Buffer.alloc(128)]);
  await writeFile(given, Buffer.concat([tag, flac]));
  expect((await inspectAudio(given, limits())).demuxer).toBe('flac');
  await writeFile(given, film.subarray(film.readUInt32BE(0)));
  expect((await inspectAudio(given, limits())).demuxer).toBe('mov');
  await writeFile(given, mp3.subarray(100));
  expect((await inspectAudio(given, limits())).demuxer).toBe('mp3');
});

test.each(['speech', 'soundtrack'] as const)('a full disk is no fault of the sound: the %s', async (name) => {
  await make(...tone(2), '-f', 'mp3');
  const inspected = await inspectAudio(given, limits());
  // It says that no room is left only at the end, and ffmpeg passes over that.
  const writing = normaliseAudio(given, inspected, { ...targets, [name]: '/dev/full' }, wanted, limits());
  await expect(writing).rejects.toMatchObject({ identifier: 'disk_full' });
});
