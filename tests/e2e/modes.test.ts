import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLuma } from '../../src/media/luma.ts';
import { portrait, speech, startStack } from '../support/stack.ts';

test('from /humo to a video in the channel: image and sound, sound alone, image alone', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  const worker = await stack.startWorker();

  const asked = [
    {
      mode: 'TIA',
      options: {
        prompt: 'She speaks',
        image: portrait(),
        audio: speech(),
        audio_start: 1,
        audio_end: 4.88,
        seed: 7,
      },
    },
    {
      mode: 'TA',
      options: { prompt: 'A voice in the dark', audio: speech(), audio_start: 6, shape: 'square' },
    },
    { mode: 'TI', options: { prompt: 'She waves', image: portrait(), shape: 'portrait', seed: 0 } },
  ];
  for (const { mode, options } of asked) {
    const status = await stack.ask(options);
    const result = await stack.channel.waitForMessage((message) => message.repliesTo === status.id, {
      timeout: 150_000,
    });
    expect(result.mentions, mode).toEqual([stack.ada.id]);
    expect(result.text, mode).toContain('**`weights: random`**');
    if ('seed' in options) expect(result.text, mode).toContain(`seed \`${options.seed}\``);
    await status.waitUntil((message) => message.text.includes(result.id));
    expect(status.buttons, mode).toEqual([]);

    const video = await stack.probe(result);
    expect(video.video, mode).toMatchObject({
      ...{
        codec_name: 'h264',
        profile: 'High',
        pix_fmt: 'yuv420p',
        color_space: 'bt709',
        avg_frame_rate: '25/1',
      },
      ...(mode === 'TIA' ? { width: 192, height: 112, nb_read_frames: 97 } : {}),
      // 0.36 s of sound are left: nine frames
      ...(mode === 'TA' ? { width: 112, height: 112, nb_read_frames: 9 } : {}),
      ...(mode === 'TI' ? { width: 112, height: 192, nb_read_frames: 97 } : {}),
    });
    expect(video.audio?.codec_name ?? null, mode).toBe(mode === 'TI' ? null : 'aac');
    expect(video.seconds, mode).toBeCloseTo((video.video.nb_read_frames ?? 0) / 25, 3);
    expect(video.fastStart, mode).toBe(true);
  }
  expect(stack.finals()).toHaveLength(3);
  // One engine did all of it: models are loaded once.
  expect(worker.lines.filter((line) => line.includes('"msg":"engine ready"'))).toHaveLength(1);
  expect(await Promise.all([bot.stop(), worker.stop()])).toEqual([0, 0]);
});

test('the same seed and files make the same frames, and another seed makes others', async () => {
  await using stack = await startStack();
  await stack.startBot();
  await stack.startWorker();
  const make = async (seed: number) => {
    const status = await stack.ask({
      prompt: 'She speaks',
      image: portrait(),
      audio: speech(),
      audio_start: 6,
      seed,
    });
    const result = await stack.channel.waitForMessage((message) => message.repliesTo === status.id, {
      timeout: 150_000,
    });
    const path = join(stack.folder, 'made.mp4');
    await writeFile(path, (await result.attachments[0]?.bytes()) ?? '');
    const frames = await readLuma(path, { scratch: stack.folder, timeoutMilliseconds: 60_000 });
    if (frames === null) throw new Error(`no video in: ${result.text}`);
    return frames.luma;
  };
  const first = await make(1);
  // Each video carries a watermark of its own, so frames are alike and never equal: 33 dB, against 14 of another seed.
  expect(decibelsBetween(await make(1), first)).toBeGreaterThan(28);
  expect(decibelsBetween(await make(2), first)).toBeLessThan(20);
});

/** Peak signal-to-noise ratio of frames in shades of grey, in dB; of others than as many frames it is none. */
function decibelsBetween(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return 0;
  const squares = one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / one.length));
}
