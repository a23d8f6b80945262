import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectAudio, normaliseAudio } from '../../../src/media/audio.ts';

const run = promisify(execFile);
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
const make = (...args: string[]) => run('ffmpeg', ['-v', 'error', '-y', ...args, given]);
const tone = (seconds: number) => ['-f', 'lavfi', '-i', 'sine=f=440:r=44100', '-t', String(seconds)];

/** Samples of the 16-bit mono WAV for the engine. */
async function speech(): Promise<Int16Array> {
  const wav = await readFile(targets.speech);
  expect([wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)]).toEqual([1, 16_000, 16]);
  const data = wav.subarray(wav.indexOf('data') + 8);
  return new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}

async function probed(path: string): Promise<unknown> {
  const entries = 'stream=codec_name,sample_rate,channels,duration_ts';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'json', path]);
  const { streams }: { streams: unknown[] } = JSON.parse(stdout);
  return streams[0];
}

test.each([
  ['WAV', ['-f', 'wav']],
  ['MP3', ['-f', 'mp3']],
  ['FLAC', ['-f', 'flac']],
  ['AAC', ['-f', 'adts']],
  ['M4A', ['-c:a', 'aac', '-f', 'ipod']],
  ['AIFF', ['-f', 'aiff']],
  ['a voice message (Ogg Opus)', ['-c:a', 'libopus', '-ar', '48000', '-ac', '1', '-f', 'ogg']],
  ['WebM', ['-c:a', 'libopus', '-ar', '48000', '-f', 'webm']],
])('%s becomes speech and sound track of exactly the length of the video', async (_name, format) => {
  await make(...tone(6), ...format);
  const { window, silent, hasVideo } = await normaliseAudio(given, targets, wanted, limits());
  expect(window).toMatchObject({ startSeconds: 0, frames: 97 });
  expect([silent, hasVideo]).toEqual([false, false]);
  expect((await speech()).length).toBe(3.88 * 16_000);
  expect(await probed(targets.soundtrack)).toMatchObject({
    codec_name: 'flac',
    sample_rate: '48000',
    duration_ts: 3.88 * 48_000,
  });
});

test('the sound of a video is used', async () => {
  await make('-f', 'lavfi', '-i', 'testsrc2=s=64x64:r=25', ...tone(2), '-pix_fmt', 'yuv420p', '-f', 'mp4');
  const taken = await normaliseAudio(given, targets, wanted, limits());
  expect(taken.hasVideo).toBe(true);
  expect(taken.window.frames).toBe(53);
});

test('the window begins where it was asked for', async () => {
  await make('-f', 'lavfi', '-i', "aevalsrc='0.9*gte(t,3)*sin(2*PI*500*t)':s=48000", '-t', '6', '-f', 'flac');
  await normaliseAudio(given, targets, { ...wanted, startSeconds: 2 }, limits());
  const first = (await speech()).findIndex((sample) => Math.abs(sample) > 3000);
  expect(Math.abs(first / 16_000 - 1)).toBeLessThan(0.002);
});

test('six channels become two, and one stays one', async () => {
  const sound = 'aevalsrc=0.3*sin(440*t)|0.2*sin(300*t)|0|0|0|0:c=5.1';
  await make('-f', 'lavfi', '-i', sound, '-t', '2', '-f', 'flac');
  await normaliseAudio(given, targets, wanted, limits());
  expect(await probed(targets.soundtrack)).toMatchObject({ channels: 2 });
  await make(...tone(2), '-ac', '1', '-f', 'flac');
  await normaliseAudio(given, targets, wanted, limits());
  expect(await probed(targets.soundtrack)).toMatchObject({ channels: 1 });
});

test('silence is noticed, a quiet voice is not taken for it', async () => {
  await make('-f', 'lavfi', '-i', 'anullsrc', '-t', '2', '-f', 'wav');
  expect((await normaliseAudio(given, targets, wanted, limits())).silent).toBe(true);
  await make('-f', 'lavfi', '-i', 'aevalsrc=0.03*sin(2*PI*300*t)', '-t', '2', '-f', 'wav');
  expect((await normaliseAudio(given, targets, wanted, limits())).silent).toBe(false);
});

test('a start beyond the end and a sound that is too short say what the length is', async () => {
  await make(...tone(3), '-f', 'wav');
  await expect(
    normaliseAudio(given, targets, { ...wanted, startSeconds: 5 }, limits()),
  ).rejects.toMatchObject({
    identifier: 'audio_start_beyond_end',
    context: { seconds: 3 },
  });
  await make(...tone(0.1), '-f', 'wav');
  await expect(normaliseAudio(given, targets, wanted, limits())).rejects.toMatchObject({
    identifier: 'audio_too_short',
  });
});

test('a recording that states no length is measured', async () => {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', ...tone(4), '-c:a', 'libopus', '-ar', '48000', '-f', 'webm', '-live', '1', 'pipe:1'],
    { encoding: 'buffer' },
  );
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
