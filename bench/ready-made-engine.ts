/**
 * A program that speaks the engine's line protocol and has its frames ready: `node bench/ready-made-engine.ts FRAMES NOTES`. For each
 * request it hands the file FRAMES over as if it had just made it, and adds a line to NOTES: the time (milliseconds since
 * 1970) at which its last frame was on the disk. What follows, such as the flags that the worker adds, is ignored.
 */
import { appendFile, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { usualClip } from './usual-clip.ts';

type Line =
  | {
      readonly type: 'generate';
      readonly id: string;
      readonly outputDir: string;
      readonly request: {
        readonly width: number;
        readonly height: number;
        readonly frames: number;
        readonly seed: number;
      };
    }
  | { readonly type: 'cancel' }
  | { readonly type: 'shutdown' };

const [frames = '', notes = ''] = process.argv.slice(2);

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

say({ type: 'ready', protocol: 1, models: ['17b'], device: 'none', torch: 'none', weights: 'random' });
for await (const text of createInterface({ input: process.stdin })) {
  const line: Line = JSON.parse(text);
  if (line.type === 'shutdown') break;
  if (line.type === 'cancel') continue;
  const { id, outputDir, request } = line;
  await mkdir(outputDir, { recursive: true });
  const path = join(outputDir, 'frames.rgb');
  await copyFile(frames, path);
  await appendFile(notes, `${Date.now()}\n`);
  const { width, height, frames: count } = request;
  say({
    type: 'done',
    id,
    frames: { path, pixelFormat: 'rgb24', width, height, fps: usualClip.fps, count },
    seconds: { encode: 0, denoise: 0, decode: 0 },
    peakGiB: null,
    seed: request.seed,
  });
}
