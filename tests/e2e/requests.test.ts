import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Message } from '../../sandbox/start.ts';
import type { Part } from '../../scripts/support/part.ts';
import { readLuma } from '../../src/media/luma.ts';
import { portrait, speech, startStack } from '../support/stack.ts';
import type { Stack } from '../support/stack.ts';
import { patience } from '../support/patience.ts';

/**
 * From Discord to a video, with every part the real one. They are started once: what lived through the ends of the first test makes the videos of
 * the second, each of which can also be run alone.
 */
let running: { readonly stack: Stack; readonly bot: Part; readonly worker: Part } | undefined;
const stacks: Stack[] = [];
afterAll(() => Promise.all(stacks.map((stack) => stack[Symbol.asyncDispose]())));

async function start(): Promise<Stack> {
  const stack = await startStack();
  stacks.push(stack);
  return stack;
}

type Options = NonNullable<Parameters<Stack['ask']>[0]>;

/** What becomes of each end alone, at the very moment that is meant, is in tests/integration/bot/process.test.ts and tests/integration/worker/crashes.test.ts. */
test('bot, engine, worker and Redis end one after another, and a request becomes one video', async () => {
  const stack = await start();
  stack.explainFailure();
  let bot = await stack.startBot();
  const request = await stack.ask();
  // Killed after it accepted.
  await bot.stop('SIGKILL');

  bot = await stack.startBot();
  let begun = await stack.denoising();
  let worker = await stack.startWorker('first');
  await begun.reached;
  // Both within ten seconds: whatever takes longer ends with 1.
  expect(await Promise.all([bot.stop(), worker.stop()])).toEqual([0, 0]);

  // The job was given back at once, and no try was used up. What an end of its engine uses up is one of two.
  begun = await stack.denoising();
  worker = await stack.startWorker('second');
  await begun.reached;
  const engines = await stack.enginesOf(worker);
  expect(engines).toHaveLength(1);
  for (const engine of engines) process.kill(engine, 'SIGKILL');
  // What it had said may still be on its way when it has ended: the next one is there first.
  const next = async () => (await stack.enginesOf(worker)).filter((engine) => !engines.includes(engine));
  await expect.poll(next, patience).toHaveLength(1);
  begun = await stack.denoising();
  await begun.reached;
  // It comes back from its append-only file.
  await stack.redis.restart();

  const upload = stack.discord.faults.pause({ method: 'POST', path: /\/messages$/, when: 'after' });
  bot = await stack.startBot();
  // Discord has the video, and the bot does not know.
  await upload.reached;
  await bot.stop('SIGKILL');
  expect(stack.finals()).toHaveLength(1);
  upload.release();

  // Once a bot that comes back has looked for what is undone, there is one final message, and its video plays.
  bot = await stack.startBot();
  await bot.logged('records and jobs compared');
  const isOf = ({ repliesTo }: Message) => repliesTo === request.id;
  const result = await stack.channel.waitForMessage(isOf, patience);
  await stack.channel.waitForMessage((message) => message.text.includes(`/${result.id}`), patience);
  expect(
    stack
      .finals()
      .filter(isOf)
      .map(({ id }) => id),
  ).toEqual([result.id]);
  const { video, audio } = await stack.probe(result);
  expect([video.codec_name, video.nb_read_frames, audio?.codec_name]).toEqual(['h264', 49, 'aac']);
  running = { stack, bot, worker };
});

test('from /humo to a video in the channel: image and sound, sound alone, image alone; and the same seed makes it again', async () => {
  const stack = running?.stack ?? (await start());
  stack.explainFailure();
  const bot = running?.bot ?? (await stack.startBot());
  const worker = running?.worker ?? (await stack.startWorker());
  const before = { finals: stack.finals().length, engines: engineStarts(worker) };
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
    const result = await stack.channel.waitForMessage((message) => message.repliesTo === status.id, patience);
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

  expect(stack.finals()).toHaveLength(before.finals + 4);
  // One engine did all of it: models are loaded once.
  expect(engineStarts(worker)).toBe(Math.max(before.engines, 1));
  expect(await Promise.all([bot.stop(), worker.stop()])).toEqual([0, 0]);
});

/** How often a worker had an engine that was ready. */
function engineStarts({ lines }: Part): number {
  return lines.filter((line) => line.includes('"msg":"engine ready"')).length;
}

/** Peak signal-to-noise ratio of frames in shades of grey, in dB; of others than as many frames it is none. */
function decibelsBetween(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return 0;
  const squares = one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / one.length));
}
