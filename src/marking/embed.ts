import { hasBlocks } from './dct-blocks.ts';
import type { Picture } from './dct-blocks.ts';
import { blockMark } from './embed-blocks.ts';
import { FrameSum } from './frame-sum.ts';
import { tileCode } from './payload.ts';
import { cellPixels, tileCells, tileOf } from './pattern.ts';

/** What a pixel that is not moved has in a mark: ffmpeg's blend mode `grainmerge` adds the mark to the picture and takes this off. */
export const neutral = 128;
/** Levels of 255 that a pixel is moved by: on average 1.75, which keeps frames above 43 dB. */
const strong = 2;
const weak = 1;

/**
 * The mark of a payload for a video of one size, as a frame of rgb24 for ffmpeg's `grainmerge`. The same for every frame of a video: a codec then
 * spends bits on it once.
 *
 * @param payload 0 … 2⁶⁴ − 1
 * @param width pixels, as `height`
 * @param shown frames of the video, a byte a pixel, one after the other: asked for where the picture is so small that its mark has to fit it
 */
export async function markFrame(
  payload: bigint,
  width: number,
  height: number,
  shown: () => Promise<{ readonly luma: Uint8Array; readonly width: number; readonly height: number }>,
): Promise<Buffer> {
  return hasBlocks(width, height)
    ? blocksFrame(payload, FrameSum.of(await shown()).mean())
    : tilesFrame(payload, width, height);
}

function blocksFrame(payload: bigint, picture: Picture): Buffer {
  const moved = blockMark(payload, picture);
  const frame = Buffer.alloc(moved.length * 3);
  for (const [at, level] of moved.entries())
    frame.fill(Math.max(0, Math.min(255, neutral + level)), at * 3, at * 3 + 3);
  return frame;
}

function tilesFrame(payload: bigint, width: number, height: number): Buffer {
  const cell = cellPixels;
  const tile = tileOf(tileCode.encode(payload));
  const frame = Buffer.alloc(width * height * 3);
  const isInside = (place: number) => place % cell !== 0 && place % cell !== cell - 1;
  for (let y = 0; y < height; y += 1) {
    const row = (Math.floor(y / cell) % tileCells) * tileCells;
    for (let x = 0; x < width; x += 1) {
      const sign = tile[row + (Math.floor(x / cell) % tileCells)] ?? 0;
      // The corners of a cell carry less: they are what an eye would find first.
      const level = isInside(x) || isInside(y) ? strong : weak;
      const at = (y * width + x) * 3;
      frame.fill(neutral + sign * level, at, at + 3);
    }
  }
  return frame;
}
