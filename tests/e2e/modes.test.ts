import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLuma } from '../../src/media/luma.ts';
import { portrait, speech, startStack } from '../support/stack.ts';
import type { Stack } from '../support/stack.ts';

type Options = NonNullable<Parameters<Stack['ask']>[0]>;

test('from /humo to a video in the channel: image and sound, sound alone, image alone; and the same seed makes it again', async () => {
  await using stack = await startStack();
  const bot = await stack.startBot();
  const worker = await stack.startWorker();
  const spoken = {
    prompt: 'She speaks',
    image: portrait(),
    audio: speech(),
    audio_start: 1,
    audio_end: 1.36,
  };

  /** @returns its frames in shades of grey */
  async function make(mode: string, options: Options, expected: object): Promise<Uint8Array> {
    const status = await stack.ask(options);
    const result = await stack.channel.waitForMessage((message) => message.repliesTo === status.id, {
      timeout: 600_000,
    });
    expect(result.mentions, mode).toEqual([stack.ada.id]);
    expect(result.text, mode).toContain('**`weights: random`**');
    const { seed } = options;
    if (typeof seed === 'number') expect(result.text, mode).toContain(`seed \`${seed}\``);
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
      ...expected,
    });
    expect(video.audio?.codec_name ?? null, mode).toBe(mode === 'TI' ? null : 'aac');
    expect(video.seconds, mode).toBeCloseTo((video.video.nb_read_frames ?? 0) / 25, 3);
    expect(video.fastStart, mode).toBe(true);

    const path = join(stack.folder, 'made.mp4');
    await writeFile(path, (await result.attachments[0]?.bytes()) ?? '');
    const frames = await readLuma(path, { scratch: stack.folder, timeoutMilliseconds: 60_000 });
    if (frames === null) throw new Error(`no video in: ${result.text}`);
    return frames.luma;
  }

  const landscape = { width: 192, height: 112, nb_read_frames: 9 };
  const first = await make('TIA', { ...spoken, seed: 7 }, landscape);
  // Each video carries a watermark of its own, so frames are alike and never equal: 33 dB, against 14 of another seed.
  expect(decibelsBetween(await make('TIA', { ...spoken, seed: 7 }, landscape), first)).toBeGreaterThan(28);
  await make(
    'TA',
    { prompt: 'A voice in the dark', audio: speech(), audio_start: 6, shape: 'square' },
    // 0.36 s of sound are left: nine frames
    { width: 112, height: 112, nb_read_frames: 9 },
  );
  await make(
    'TI',
    { prompt: 'She waves', image: portrait(), shape: 'portrait', seconds: 1, seed: 0 },
    { width: 112, height: 192, nb_read_frames: 25 },
  );

  expect(stack.finals()).toHaveLength(4);
  // One engine did all of it: models are loaded once.
  expect(worker.lines.filter((line) => line.includes('"msg":"engine ready"'))).toHaveLength(1);
  expect(await Promise.all([bot.stop(), worker.stop()])).toEqual([0, 0]);
});

/** Peak signal-to-noise ratio of frames in shades of grey, in dB; of others than as many frames it is none. */
function decibelsBetween(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return 0;
  const squares = one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / one.length));
}
