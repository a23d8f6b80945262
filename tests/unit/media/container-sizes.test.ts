import { describe, expect, test } from 'vitest';
import { mendSizes } from '../../../src/media/container-sizes.ts';

const letters = (text: string) => Buffer.from(text, 'latin1');
const little = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const big = (value: number, size: 4 | 8 = 4) => {
  const bytes = Buffer.alloc(size);
  if (size === 4) bytes.writeUInt32BE(value);
  else bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const long = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};
/** No chunk begins with these. */
const sound = Buffer.alloc(200, 0xee);
const list = Buffer.concat([letters('LIST'), little(4), letters('INFO')]);

describe('RIFF', () => {
  const wave = (size: number, ...tail: Buffer[]) =>
    Buffer.concat([
      ...[letters('RIFF'), little(9), letters('WAVEfmt '), little(16), Buffer.alloc(16)],
      ...[letters('data'), little(size), sound, ...tail],
    ]);

  test.each([0, 2, 101, 0xff_ff_ff_ff, 2_000_000_000])('a size of %i becomes what is there', (size) => {
    expect(mendSizes(wave(size), 'wav')?.readUInt32LE(40)).toBe(200);
  });

  test.each([
    ['the end of the file', wave(200)],
    ['further chunks', wave(200, list)],
    ['a chunk that was cut off', wave(200, list.subarray(0, 8), Buffer.alloc(1))],
    ['padding', wave(200, Buffer.alloc(50))],
  ])('a size that leads to %s is believed', (_name, file) => {
    expect(mendSizes(file, 'wav')).toBeNull();
  });

  test('a header alone, and one that leads nowhere, are left alone', () => {
    expect(mendSizes(wave(0).subarray(0, 44), 'wav')).toBeNull();
    expect(mendSizes(letters('RIFF1234WAVE\u0001\u0002\u0003\u0004hm?!'), 'wav')).toBeNull();
  });

  test('sound in several chunks becomes one', () => {
    const more = (size: number) => Buffer.concat([letters('data'), little(size), Buffer.alloc(30, 0xdd)]);
    for (const file of [wave(200, list, more(30)), wave(200, more(0xff_ff_ff_ff))]) {
      const mended = mendSizes(file, 'wav');
      expect(mended?.readUInt32LE(40)).toBe(230);
      expect(mended?.subarray(44)).toEqual(Buffer.concat([sound, Buffer.alloc(30, 0xdd)]));
      expect(mended?.readUInt32LE(4)).toBe(mended!.length - 8);
    }
  });

  test('a file made of more chunks than any sound has is not gone through to its end', () => {
    const junk = (count: number) => Buffer.alloc(count * 8, letters('JUNK\0\0\0\0'));
    const start = wave(0).subarray(0, 36);
    const from = (count: number) => Buffer.concat([start, junk(count), wave(0).subarray(36)]);
    expect(mendSizes(from(5000), 'wav')).not.toBeNull();
    expect(mendSizes(from(20_000), 'wav')).toBeNull();
  });

  test('a chunk of an odd length that lacks its padding gets it', () => {
    const head = wave(200).subarray(0, 36);
    const odd = (...padding: Buffer[]) =>
      Buffer.concat([head, letters('LIST'), little(5), letters('INFOx'), ...padding, wave(200).subarray(36)]);
    const padded = odd(Buffer.alloc(1));
    expect(mendSizes(padded, 'wav')).toBeNull();
    expect(mendSizes(odd(), 'wav')).toEqual(padded);
  });

  test.each([
    [8, [1, 2, 3, 4, 5, 6, 7]],
    [16, [2, 1, 4, 3, 6, 5, 7]],
    [24, [3, 2, 1, 6, 5, 4, 7]],
    [32, [4, 3, 2, 1, 5, 6, 7]],
  ])('RIFX of %i bits becomes RIFF, samples and all', (bits, samples) => {
    const file = (size: number, ...tail: Buffer[]) =>
      Buffer.concat([
        ...[letters('RIFX'), big(9), letters('WAVEfmt '), big(16)],
        ...[Buffer.from([0, 1, 0, 2]), big(48_000), big(192_000), Buffer.from([0, 4, 0, bits])],
        ...[letters('data'), big(size), Buffer.from([1, 2, 3, 4, 5, 6, 7]), ...tail],
      ]);
    for (const made of [file(0), file(7, Buffer.alloc(1), letters('LIST'), big(4), letters('INFO'))]) {
      const turned = mendSizes(made, 'wav') ?? Buffer.alloc(0);
      expect(turned.toString('latin1', 0, 4)).toBe('RIFF');
      const at = (offset: number) => turned.readUInt16LE(20 + offset);
      expect([at(0), at(2), turned.readUInt32LE(24), at(14)]).toEqual([1, 2, 48_000, bits]);
      expect([turned.readUInt32LE(40), ...turned.subarray(44, 51)]).toEqual([7, ...samples]);
    }
  });

  test.each(['RF64', 'BW64'])('%s without its sizes becomes RIFF', (name) => {
    const file = (stated: bigint) =>
      Buffer.concat([
        ...[letters(name), little(0xff_ff_ff_ff), letters('WAVEds64'), little(28), long(1n), long(stated), long(5n), little(0)],
        ...[letters('data'), little(0xff_ff_ff_ff), sound],
      ]); // prettier-ignore
    expect(mendSizes(file(200n), 'wav')).toBeNull();
    for (const stated of [0n, 100n, 2n ** 64n - 1n]) {
      const mended = mendSizes(file(stated), 'wav');
      expect(mended?.toString('latin1', 0, 4)).toBe('RIFF');
      expect(mended?.readUInt32LE(52)).toBe(200);
    }
  });
});

test('Wave64, AIFF and Core Audio are mended in their own way', () => {
  const name = Buffer.from('f3acd3118cd100c04f8edb8a', 'hex');
  const wave64 = Buffer.concat([Buffer.alloc(40), letters('data'), name, long(0n), sound]);
  expect(mendSizes(wave64, 'w64')?.readBigUInt64LE(56)).toBe(224n);
  const aiff = Buffer.concat([letters('FORM'), big(9), letters('AIFFSSND'), big(40), sound]);
  expect(mendSizes(aiff, 'aiff')?.readUInt32BE(16)).toBe(200);
  // Three bytes a sample, of one channel: up to a whole one, and to an even number of bytes.
  const common = Buffer.concat([
    letters('COMM'),
    big(18),
    Buffer.from([0, 1, 0, 0, 0, 9, 0, 24]),
    Buffer.alloc(10),
  ]);
  const cut = mendSizes(
    Buffer.concat([letters('FORM'), big(9), letters('AIFF'), common, letters('SSND'), big(900), sound]),
    'aiff',
  );
  expect([cut?.readUInt32BE(42), cut?.length]).toEqual([200, 246]);
  const odd = mendSizes(
    Buffer.concat([
      letters('FORM'),
      big(9),
      letters('AIFF'),
      common,
      letters('SSND'),
      big(900),
      sound.subarray(5),
    ]),
    'aiff',
  );
  expect([odd?.readUInt32BE(42), odd?.length]).toEqual([194, 240]);
  const caf = (size: number) =>
    Buffer.concat([letters('caff'), big(65_536), letters('data'), big(size, 8), sound]);
  expect(mendSizes(caf(100), 'caf')?.readBigInt64BE(12)).toBe(200n);
  expect(mendSizes(caf(200), 'caf')).toBeNull();
  // What stands behind the last chunk may be anything.
  const table = Buffer.concat([caf(200), letters('pakt'), big(4, 8), letters('abcd'), sound.subarray(0, 99)]);
  expect(mendSizes(table, 'caf')).toBeNull();
});
