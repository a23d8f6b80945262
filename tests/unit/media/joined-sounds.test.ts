import { expect, test } from 'vitest';
import { mostParts, partsOf } from '../../../src/media/joined-sounds.ts';

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

test('links of Ogg that are alike are one part, others are not', async () => {
  const starts = async (...pages: Buffer[]) =>
    (await partsOf(Buffer.concat(pages), 'ogg'))?.map(({ start }) => start);
  expect(await starts(opus(1), body, opus(1), body)).toBeUndefined();
  expect(await starts(opus(1), body, opus(1), body, opus(2), body)).toEqual([0, 2 * (38 + 128)]);
  expect(await starts(vorbis(44_100), body, vorbis(22_050), body, opus(1), body)).toEqual([0, 172, 344]);
  // ffmpeg takes the heads of a second FLAC for sound, even of one that is like the first.
  const flac = page(2, Buffer.concat([Buffer.from('\u007fFLAC\u0001', 'latin1'), Buffer.alloc(45)]));
  expect(await starts(flac, body, flac, body)).toEqual([0, flac.length + body.length]);
  // Two streams of one link, one of them a film's: no change.
  expect(await starts(opus(1), page(2, Buffer.from('theora')), body)).toBeUndefined();
});

test('a FLAC behind another, and frames of another rate, are parts of their own', async () => {
  const flac = Buffer.concat([Buffer.from('fLaC\0\0\0"', 'latin1'), Buffer.alloc(60)]);
  expect(await partsOf(flac, 'flac')).toBeNull();
  expect(await partsOf(Buffer.concat([flac, flac]), 'flac')).toEqual([
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
  expect(await partsOf(Buffer.concat([tag, frames(0x90, 417, 6)]), 'mp3')).toBeNull();
  const joined = Buffer.concat([tag, frames(0x90, 417, 6), frames(0x94, 384, 6)]);
  expect(await partsOf(joined, 'mp3')).toEqual([
    { start: 0, end: 10 + 6 * 417 },
    { start: 10 + 6 * 417, end: joined.length },
  ]);
  // One header that is not like the others is damage.
  expect(
    await partsOf(Buffer.concat([frames(0x90, 417, 6), frames(0x94, 384, 1), frames(0x90, 417, 6)]), 'mp3'),
  ).toBeNull();
});

/** A head of 24 bytes or more, and what may be behind it. */
function headed(
  length: number,
  text: string,
  ...fields: (readonly [at: number, value: number, size: 1 | 3 | 4 | 8])[]
) {
  const made = Buffer.alloc(length);
  made.write(text, 0, 'latin1');
  for (const [at, value, size] of fields)
    made.writeUIntBE(value, at + (size === 8 ? 2 : 0), size === 8 ? 6 : size);
  return made;
}

const asfObject = (name: string, size: number) => {
  const object = Buffer.concat([Buffer.from(name, 'hex'), Buffer.alloc(size - 16)]);
  object.writeBigUInt64LE(BigInt(size), 16);
  return object;
};
const box = (kind: string, size: number) => headed(size, `\0\0\0\0${kind}`, [0, size, 4]);
const wave64 = headed(64, 'riff\u002e\u0091\u00cf\u0011');
wave64.writeBigUInt64LE(61n, 16);

test.each([
  ['w64', wave64],
  ['caf', Buffer.concat([headed(8, 'caff'), headed(52, 'desc', [4, 40, 8]), headed(30, 'data', [4, 18, 8])])],
  ['au', headed(60, '.snd', [4, 24, 4], [8, 36, 4])],
  ['amr', Buffer.concat([Buffer.from('#!AMR\n'), ...Array.from({ length: 4 }, () => headed(32, '\u003c'))])],
  [
    'amr',
    Buffer.concat([Buffer.from('#!AMR-WB\n'), ...Array.from({ length: 4 }, () => headed(61, '\u0044'))]),
  ],
  ['flv', Buffer.concat([headed(13, 'FLV\u0001\u0004', [5, 9, 4]), headed(45, '\u0008', [1, 30, 3])])],
  ['asf', Buffer.concat([asfObject('3026b2758e66cf11a6d900aa0062ce6c', 30), asfObject('00'.repeat(16), 40)])],
  ['mov', Buffer.concat([box('ftyp', 24), box('mdat', 40), box('moov', 32)])],
] as const)('a %s behind another is a part of its own, as it is in other forms', async (form, file) => {
  expect(await partsOf(file, form)).toBeNull();
  const end = file.length;
  expect(await partsOf(Buffer.concat([file, file]), form)).toEqual([
    { start: 0, end },
    { start: end, end: 2 * end },
  ]);
  // What only looks so in the middle of something is none.
  expect(await partsOf(Buffer.concat([file.subarray(0, -1), file]), form)).toBeNull();
  for (const size of [end + 1, end + 10, end + 23])
    await partsOf(Buffer.concat([file, file]).subarray(0, size), form);
});

test('a film in pieces that has one head is one', async () => {
  const pieces = [
    box('ftyp', 24),
    box('moov', 32),
    box('moof', 32),
    box('mdat', 40),
    box('moof', 32),
    box('mdat', 40),
  ];
  expect(await partsOf(Buffer.concat(pieces), 'mov')).toBeNull();
  expect(
    await partsOf(Buffer.concat([box('ftyp', 24), box('ftyp', 24), box('mdat', 40), box('moov', 32)]), 'mov'),
  ).toBeNull();
});

test('a file of more elements than any sound has is not gone through to its end, and others get their turn meanwhile', async () => {
  const head = Buffer.from('#!AMR\n');
  // Bytes that say that nobody speaks, each a frame.
  const silence = Buffer.alloc(400_000, '|');
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  expect(await partsOf(Buffer.concat([head, silence, head, silence]), 'amr')).toBeNull();
  isDone = true;
  expect(turns).toBeGreaterThan(10);
  const some = silence.subarray(0, 30_000);
  expect(await partsOf(Buffer.concat([head, some, head, some]), 'amr')).toHaveLength(2);
  // Nothing but heads.
  const heads = Buffer.alloc(1_000_000, 'fLaC\0\0\0"');
  expect(await partsOf(heads, 'flac')).toHaveLength(mostParts + 1);
  // Every byte may be the first of a frame.
  expect(await partsOf(Buffer.alloc(400_000, 0xff), 'mp3')).toBeNull();
});

test('AC-3 of another rate is a part of its own', async () => {
  // 128 kbit/s: 512 bytes at 48 kHz, 557 or 558 at 44.1 kHz.
  const frames = (code: number, bytes: number) =>
    Buffer.concat(
      Array.from({ length: 6 }, () =>
        Buffer.concat([Buffer.from([0x0b, 0x77, 0, 0, code, 0x40, 0x40]), Buffer.alloc(bytes - 7)]),
      ),
    );
  const joined = Buffer.concat([frames(0x10, 512), frames(0x51, 558)]);
  expect(await partsOf(frames(0x10, 512), 'ac3')).toBeNull();
  expect((await partsOf(joined, 'ac3'))?.map(({ start }) => start)).toEqual([0, 6 * 512]);
});

test('Matroska begins anew behind another, whether that says how long it is or not', async () => {
  const recording = (size: string) => Buffer.from(`1a45dfa38442868101${size}${'ec'.repeat(20)}`, 'hex');
  const known = recording('1853806794');
  const unknown = recording('1853806701ffffffffffffff');
  const starts = async (...recordings: Buffer[]) =>
    (await partsOf(Buffer.concat(recordings), 'matroska'))?.map(({ start }) => start);
  expect(await starts(known, unknown, known)).toEqual([0, known.length, known.length + unknown.length]);
  expect(await starts(unknown)).toBeUndefined();
});
