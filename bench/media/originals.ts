import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { numbers } from '../random.ts';

export interface Original {
  readonly name: string;
  readonly kind: 'picture' | 'sound';
  readonly path: string;
}

/** Forms of sound that ffmpeg writes, by the ending of the file and its options. */
const sounds: Readonly<Record<string, readonly string[]>> = {
  wav: ['-c:a', 'pcm_s16le'],
  w64: ['-c:a', 'pcm_s24le'],
  aiff: [],
  au: [],
  caf: ['-c:a', 'pcm_s16be'],
  flac: [],
  wv: [],
  mp3: ['-b:a', '320k'],
  aac: ['-b:a', '256k'],
  m4a: ['-b:a', '256k'],
  ogg: ['-c:a', 'libvorbis', '-q:a', '6'],
  opus: ['-c:a', 'libopus', '-b:a', '256k'],
  'tta.mka': ['-c:a', 'tta'],
  'opus.webm': ['-c:a', 'libopus', '-frame_duration', '20'],
  wma: [],
  flv: ['-ar', '44100'],
  'ac3.ts': ['-c:a', 'ac3', '-f', 'mpegts'],
  'mp2.mpg': ['-c:a', 'mp2', '-f', 'mpeg'],
  'adpcm.avi': ['-c:a', 'adpcm_ms'],
  'alac.m4a': ['-c:a', 'alac'],
};

/** As {@link sounds}, with pictures beside the sound. */
const films: Readonly<Record<string, readonly string[]>> = {
  mp4: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
  mov: ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'],
  mkv: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv444p'],
  webm: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '16', '-c:a', 'libopus'],
  avi: ['-c:v', 'mpeg4'],
  ts: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
};

/** Files as people have them, short ones and such as are as large or long as is taken. @param folder where they go */
export async function makeOriginals(folder: string): Promise<Original[]> {
  const made: Original[] = [];
  const add = (name: string, kind: Original['kind']) => made.push({ name, kind, path: join(folder, name) });
  for (const [length, seconds] of [
    ['short', 9.5],
    ['long', 599],
  ] as const) {
    const source = join(folder, `${length}.source.wav`);
    const speech = `aevalsrc=0.4*sin(2*PI*220*t)*abs(sin(2*PI*1.7*t))+0.02*(random(0)-0.5):s=48000:d=${seconds}`;
    await ffmpeg('-f', 'lavfi', '-i', speech, '-ac', '2', source);
    for (const [ending, options] of Object.entries(sounds)) {
      // What is not compressed is longer than 25 MB in ten minutes: as much of it as is taken.
      const name = `${length}.${ending}`;
      await ffmpeg('-i', source, ...options, '-fs', '25600000', join(folder, name));
      add(name, 'sound');
    }
  }
  const [source, pictures] = [
    join(folder, 'short.source.wav'),
    'testsrc2=size=1920x1080:rate=30:duration=9.5',
  ];
  for (const [ending, options] of Object.entries(films)) {
    await ffmpeg(
      '-f',
      'lavfi',
      '-i',
      pictures,
      '-i',
      source,
      ...options,
      '-fs',
      '25600000',
      join(folder, `film.${ending}`),
    );
    add(`film.${ending}`, 'sound');
  }
  await makePictures(folder, add);
  // A sound with the largest cover that is looked at.
  const cover = join(folder, 'plain-36.png');
  for (const ending of ['mp3', 'flac', 'm4a']) {
    await ffmpeg(
      '-i',
      join(folder, `short.${ending}`),
      '-i',
      cover,
      '-map',
      '0:a',
      '-map',
      '1:v',
      '-c',
      'copy',
      '-disposition:v',
      'attached_pic',
      join(folder, `cover.${ending}`),
    );
    add(`cover.${ending}`, 'sound');
  }
  return made;
}

/** Small ones, and such as have as many pixels or bytes as are taken. */
async function makePictures(folder: string, add: (name: string, kind: 'picture') => void): Promise<void> {
  const random = numbers(1);
  const noise = Buffer.from(Uint8Array.from({ length: 800 * 600 * 3 }, () => Math.floor(random() * 256)));
  const small = sharp(noise, { raw: { width: 800, height: 600, channels: 3 } });
  const save = async (name: string, picture: Sharp) => {
    await writeFile(join(folder, name), await picture.toBuffer());
    if (!name.startsWith('plain-36')) add(name, 'picture');
  };
  await save('small.png', small.clone().png());
  await save('small-interlaced.png', small.clone().png({ progressive: true, palette: true }));
  await save('small.jpg', small.clone().jpeg());
  await save('small-progressive.jpg', small.clone().jpeg({ progressive: true }));
  await save('small.webp', small.clone().webp());
  await save('small-lossless.webp', small.clone().webp({ lossless: true, effort: 0 }));
  await save('small.gif', small.clone().gif());
  await save('small.avif', small.clone().avif({ effort: 0 }));
  const plain = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 4, background: '#c8a07880' } });
  await save('plain-36.png', plain(6000, 6000).png());
  await save('large.png', plain(8000, 5000).png());
  await save('large-interlaced.png', plain(8000, 5000).png({ progressive: true }));
  await save('large.jpg', plain(8000, 5000).jpeg());
  await save('large-progressive.jpg', plain(8000, 5000).jpeg({ progressive: true }));
  await save('wide.png', plain(16_384, 2_400).png());
  await save('large.webp', plain(8000, 5000).webp({ effort: 0 }));
  await save('large.gif', plain(8000, 5000).gif({ effort: 1 }));
  await save('large.avif', plain(5000, 5000).avif({ effort: 0 }));
  // As many bytes as a picture may have.
  const wide = sharp(noise, { raw: { width: 800, height: 600, channels: 3 } }).resize(3300, 2100, {
    kernel: 'nearest',
  });
  await save('noise.png', wide.png({ compressionLevel: 0 }));
}

async function ffmpeg(...args: string[]): Promise<void> {
  await execa('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]);
}

/** The inputs that others laid ready, where they are there. */
export async function readGiven(folder: string, names: readonly string[]): Promise<Original[]> {
  const pictures = /\.(png|jpe?g|webp|gif|avif)$/;
  await Promise.all(names.map((name) => readFile(join(folder, name))));
  return names.map((name) => ({
    name,
    kind: pictures.test(name) ? 'picture' : 'sound',
    path: join(folder, name),
  }));
}
