import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../src/config/environment.ts';
import {
  defaultLabelStyle,
  labelCorners,
  labelLanguages,
  labelSizes,
  labelWords,
} from '../../../src/marking/label.ts';
import { drawLabel } from '../../../src/media/draw-label.ts';
import { encodeVideo } from '../../../src/media/encode.ts';
import { catalogues, textsFor } from '../../../src/text/texts.ts';

test('there is a picture of every label in every language, and it was drawn from today’s text', async () => {
  expect([...labelLanguages].toSorted()).toEqual(Object.keys(catalogues).toSorted());
  for (const language of labelLanguages) {
    for (const words of labelWords) {
      const path = join(projectRoot, `src/media/label/${language}-${words}.png`);
      const { exif } = await sharp(path).metadata();
      const text = encodeURIComponent(textsFor(language).say(`label.${words}`));
      expect(exif?.toString('latin1')).toContain(`${text}\0`);
    }
  }
});

test('a label of every size stays in its corner of every frame, and off the middle', async () => {
  for (const [width, height] of [
    [192, 112],
    [112, 192],
    [112, 112],
    [832, 480],
    [720, 1280],
  ] as const) {
    for (const size of labelSizes) {
      for (const corner of labelCorners) {
        const words = labelWords[size.length % 3] ?? 'ai';
        const laid = await drawLabel({ words, size, corner, language: 'es' }, width, height);
        expect(laid.rgba).toHaveLength(laid.width * laid.height * 4);
        const [right, bottom] = [width - laid.left - laid.width, height - laid.top - laid.height];
        for (const space of [laid.left, laid.top, right, bottom]) expect(space).toBeGreaterThanOrEqual(2);
        expect(laid.left < right).toBe(corner.endsWith('left'));
        expect(laid.top < bottom).toBe(corner.startsWith('top'));
        expect(laid.height).toBeLessThan(height / 4);
        expect(laid.width).toBeLessThan(width * 0.85);
      }
    }
  }
});

test('however small the frame and large the label, it ends below a mouth and can be read', async () => {
  const [width, height] = [96, 56];
  for (const language of labelLanguages) {
    for (const words of labelWords) {
      for (const size of labelSizes) {
        const { top, height: tall } = await drawLabel(
          { words, size, corner: 'bottom_right', language },
          width,
          height,
        );
        expect(top).toBeGreaterThanOrEqual(0.64 * height);
        expect(tall).toBeGreaterThanOrEqual(12);
      }
    }
  }
});

test('a video shows it in its corner and nothing of it elsewhere, drawn for the size that the video was given', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-label-'));
  try {
    const [width, height, frames] = [192, 112, 25];
    await writeFile(join(folder, 'frames.rgb'), Buffer.alloc(width * height * 3 * frames, 120));
    const source = {
      kind: 'raw',
      path: join(folder, 'frames.rgb'),
      pixelFormat: 'rgb24',
      sound: null,
    } as const;
    const sizes: number[][] = [];
    const overlay = async (wide: number, high: number) => {
      sizes.push([wide, high]);
      return drawLabel({ ...defaultLabelStyle, language: 'en' }, wide, high);
    };
    const clip = { width, height, frames, fps: 25, hasAudio: false };
    const limits = { scratch: folder, timeoutMilliseconds: 60_000 };
    const path = join(folder, 'labelled.mp4');
    await encodeVideo({ ...source, overlay }, clip, path, 1e6, limits);
    expect(sizes).toEqual([[width, height]]);
    await execa('ffmpeg', ['-v', 'error', '-i', path, '-pix_fmt', 'gray', '-f', 'rawvideo', 'gray.raw'], {
      cwd: folder,
    });
    const gray = await readFile(join(folder, 'gray.raw'));
    // A video of one frame of label alone would be a label that goes away.
    const last = gray.subarray((frames - 1) * width * height);
    expect(last).toHaveLength(width * height);
    const {
      left,
      top,
      width: wide,
      height: high,
    } = await drawLabel({ ...defaultLabelStyle, language: 'en' }, width, height);
    const within: number[] = [];
    const beside: number[] = [];
    for (const [at, value] of last.entries()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      const isIn = x >= left && x < left + wide && y >= top && y < top + high;
      const isNear = x >= left - 8 && x < left + wide + 8 && y >= top - 8 && y < top + high + 8;
      if (isIn) within.push(value);
      else if (!isNear) beside.push(value);
    }
    expect(Math.max(...within)).toBeGreaterThan(215);
    expect(Math.min(...within)).toBeLessThan(70);
    expect(Math.max(...beside) - Math.min(...beside)).toBeLessThan(6);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
