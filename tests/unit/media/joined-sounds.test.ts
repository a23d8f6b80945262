import { expect, test } from 'vitest';
import { partsOf } from '../../../src/media/joined-sounds.ts';

/** A page of Ogg with one packet; `kind` 2 begins a stream. */
function page(kind: number, packet: Buffer): Buffer {
  const header = Buffer.alloc(28);
  header.write('OggS', 0, 'latin1');
  header.writeUInt8(kind, 5);
  header.writeUInt8(1, 26);
  header.writeUInt8(packet.length, 27);
  return Buffer.concat([header, packet]);
}
const opus = (channels: number) =>
  page(2, Buffer.from(`OpusHead\u0001${String.fromCharCode(channels)}`, 'latin1'));
function vorbis(rate: number): Buffer {
  const packet = Buffer.from('\u0001vorbis\0\0\0\0\u0001????', 'latin1');
  packet.writeUInt32LE(rate, 12);
  return page(2, packet);
}
const body = page(0, Buffer.alloc(100));

test('links of Ogg that are alike are one part, others are not', () => {
  const starts = (...pages: Buffer[]) => partsOf(Buffer.concat(pages), 'ogg')?.map(({ start }) => start);
  expect(starts(opus(1), body, opus(1), body)).toBeUndefined();
  expect(starts(opus(1), body, opus(1), body, opus(2), body)).toEqual([0, 2 * (38 + 128)]);
  expect(starts(vorbis(44_100), body, vorbis(22_050), body, opus(1), body)).toEqual([0, 172, 344]);
  // Two streams of one link, one of them a film's: no change.
  expect(starts(opus(1), page(2, Buffer.from('theora')), body)).toBeUndefined();
});

test('a FLAC behind another, and frames of another rate, are parts of their own', () => {
  const flac = Buffer.concat([Buffer.from('fLaC\0\0\0"', 'latin1'), Buffer.alloc(60)]);
  expect(partsOf(flac, 'flac')).toBeNull();
  expect(partsOf(Buffer.concat([flac, flac]), 'flac')).toEqual([
    { start: 0, end: 68 },
    { start: 68, end: 136 },
  ]);
  // MPEG 1, layer 3, 128 kbit/s: 417 bytes at 44.1 kHz, 384 at 48 kHz.
  const frames = (third: number, bytes: number, count: number) =>
    Buffer.concat(
      Array.from({ length: count }, () =>
        Buffer.concat([Buffer.from([0xff, 0xfb, third, 0]), Buffer.alloc(bytes - 4)]),
      ),
    );
  const tag = Buffer.alloc(10);
  expect(partsOf(Buffer.concat([tag, frames(0x90, 417, 6)]), 'mp3')).toBeNull();
  const joined = Buffer.concat([tag, frames(0x90, 417, 6), frames(0x94, 384, 6)]);
  expect(partsOf(joined, 'mp3')).toEqual([
    { start: 0, end: 10 + 6 * 417 },
    { start: 10 + 6 * 417, end: joined.length },
  ]);
  // One header that is not like the others is damage.
  expect(
    partsOf(Buffer.concat([frames(0x90, 417, 6), frames(0x94, 384, 1), frames(0x90, 417, 6)]), 'mp3'),
  ).toBeNull();
});
