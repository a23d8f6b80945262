import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { file } from '../../../sandbox/start.ts';
import { markFrame } from '../../../src/marking/embed.ts';
import { encodeVideo } from '../../../src/media/encode.ts';
import type { DrawMark } from '../../../src/media/encode.ts';
import { createWorkQueue } from '../../../src/queue/jobs/create-work-queue.ts';
import { silent, testConfig } from '../../support/queue-fixtures.ts';
import { hasStatus, idOf, picture, startScene } from './scene.ts';

// Encodes and detection are arithmetic that a busy machine takes its time for.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 600_000 });

const [width, height, frames, fps] = [416, 240, 25, 25] as const;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'humo-made-here-'));
  const source = `testsrc2=size=${width}x${height}:rate=${fps}`;
  await execa(
    'ffmpeg',
    [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      source,
      '-frames:v',
      String(frames),
      '-pix_fmt',
      'rgb24',
      '-f',
      'rawvideo',
      'frames.rgb',
    ],
    { cwd: folder },
  );
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A video as a worker makes it, with the given watermark or none. */
async function video(payload: bigint | null): Promise<Buffer> {
  const target = join(folder, `${payload}.mp4`);
  const clip = { width, height, frames, fps, hasAudio: false };
  const source = {
    kind: 'raw',
    path: join(folder, 'frames.rgb'),
    pixelFormat: 'rgb24',
    sound: null,
  } as const;
  const limits = { scratch: folder, timeoutMilliseconds: 300_000 };
  const marked = (mark: bigint) => ({
    ...source,
    mark: (...given: Parameters<DrawMark>) => markFrame(mark, ...given),
  });
  await encodeVideo(payload === null ? source : marked(payload), clip, target, 20e6, limits);
  return readFile(target);
}

test('a copy that somebody posts anywhere is known by its watermark; who asked for it, a moderator alone reads', async () => {
  await using scene = await startScene();
  const { discord, guild, channel, ada } = scene;
  const mo = guild.addMember(discord.createUser('mo'), {
    roles: [guild.createRole('moderator', ['ManageMessages'])],
  });
  const works = createWorkQueue(testConfig(scene.redisUrl, scene.dataDirectory, 'humo'), silent);
  try {
    await ada.run('/humo', { prompt: 'She speaks', image: picture() }, { channel });
    const id = idOf((await channel.waitForMessage(hasStatus)).text);
    const payload = await works.markOf(id);
    expect(await works.markOf(id)).toBe(payload);
    // Whoever asks the queue knows what it may find.
    const { deployment, generations } = await scene.queue.ownMarks();
    expect(generations.map((one) => (deployment << 40n) | one)).toEqual([payload]);

    const post = async (bytes: Buffer) =>
      ada.send(channel, { files: [file(bytes, 'clip.mp4', 'video/mp4')] });
    const ask = async (person: typeof ada, bytes: Buffer) => {
      const answer = await person.contextMenu('Was this made here?', await post(bytes));
      return (await answer.waitForMessage(({ loading, text }) => !loading && text !== '')).text;
    };
    const marked = await video(payload);
    const said = await ask(ada, marked);
    expect(said).toContain('Made with AI, by this bot');
    expect(said).toContain(id);
    expect(said).not.toContain(ada.id);
    expect(await ask(mo, marked)).toContain(`<@${ada.id}> asked for it`);

    expect(await ask(ada, await video(payload ^ (1n << 60n)))).toContain('run by someone else');
    expect(await ask(ada, await video(await works.markOf(ulid())))).toContain('too long ago');
    expect(await ask(ada, await video(null))).toContain('no signature and no watermark');
    expect(await ask(ada, Buffer.from('no video at all'))).toContain('can’t read this file');
  } finally {
    await works.close();
  }
});
