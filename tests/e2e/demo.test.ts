import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../../src/config/environment.ts';
import { probeVideo } from '../../src/media/probe.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-demo-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** As `npm run demo -- …` runs it; what it leaves for a moment goes to a folder that is looked into. */
function demo(...args: string[]) {
  return execa(process.execPath, [join(projectRoot, 'scripts/demo.ts'), ...args], {
    cwd: folder,
    env: { TMPDIR: folder },
    reject: false,
  });
}

test('the demo ends with one line about a video that plays, and leaves nothing else behind', async () => {
  // The end of the example's sound, 61 frames: enough to see that lips follow it.
  const example = (name: string) => join(projectRoot, 'examples', name);
  const given = ['--image', example('person.png'), '--audio', example('speech.ogg'), '--audio-start', '3.94'];
  const { stdout, stderr, exitCode } = await demo(
    ...['--json', '--out', 'videos', '--record', 'requests.jsonl', '--shape', 'square', '--seed', '7'],
    ...given,
  );
  expect([exitCode, stderr]).toEqual([0, '']);
  const result = JSON.parse(stdout.split('\n').at(-1) ?? '');
  expect(result).toMatchObject({
    video: expect.stringMatching(/\.mp4$/),
    sheet: result.video.replace('.mp4', '.png'),
    seconds: 2.44,
    messages: [
      { ephemeral: true, attachments: [] },
      { attachments: [] },
      { repliesTo: result.messages[1].id, attachments: [{ bytes: result.bytes }] },
    ],
  });
  const limits = { scratch: folder, timeoutMilliseconds: 60_000 };
  expect(await probeVideo(result.video, limits)).toMatchObject({
    bytes: result.bytes,
    video: { width: 112, height: 112, nb_read_frames: 61 },
    audio: { codec_name: 'aac' },
  });
  const left = (await readdir(join(folder, 'videos'))).map((name) => join(folder, 'videos', name));
  expect(new Set(left)).toEqual(new Set([result.video, result.sheet]));
  expect(await sharp(result.sheet).metadata()).toMatchObject({
    format: 'png',
    width: 4 * 114 - 2,
    height: 3 * 114 - 2,
  });
  // What was delivered is what was asked for, seen from outside: after bot, queue, worker, engine and encoder the mouth in the picture
  // follows the sound beside it. Sound and picture that drift apart anywhere in the chain show here.
  expect(result.agreement.correlation).toBeGreaterThanOrEqual(0.5);
  expect(Math.abs(result.agreement.lag)).toBeLessThanOrEqual(1);
  expect(stdout).toMatch(/^Lips and sound agree /m);
  const requests = (await readFile(join(folder, 'requests.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const upload = requests.findLast(({ method, path }) => method === 'POST' && path.endsWith('/messages'));
  expect(upload).toMatchObject({ status: 200, query: {}, body: { nonce: expect.any(String) } });
  expect(upload.parts).toMatchObject([{ size: result.bytes, filename: expect.stringMatching(/\.mp4$/) }]);
  expect((await readdir(folder)).toSorted()).toEqual(['requests.jsonl', 'videos']);
});

test('a signal while everything starts stops everything', async () => {
  const running = demo();
  running.stdout.once('data', () => running.kill('SIGINT'));
  const { exitCode, stderr } = await running;
  expect([exitCode, stderr.trim()]).toEqual([130, 'Stopped.']);
  expect(await readdir(folder)).toEqual([]);
});

test('an option that does not exist, or a bad value, is said before anything starts', async () => {
  const ends = await Promise.all([demo('--colour'), demo('--preset', 'none')]);
  for (const [index, word] of ['--colour', 'none'].entries()) {
    expect(ends[index]).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(word) });
  }
});
