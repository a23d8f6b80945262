import { expect, test } from 'vitest';
import { boxWithin } from '../../../src/media/mp4-boxes.ts';
import { brokenEdits, hasWrongMovieScale } from '../../../src/media/mp4-edits.ts';

const box = (kind: string, ...parts: Buffer[]) => {
  const data = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length + 8);
  head.write(kind, 4, 'latin1');
  return Buffer.concat([head, data]);
};
const numbers = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeInt32BE(value, index * 4);
  return bytes;
};
/** A movie of milliseconds with a track of 48,000 ticks a second. */
const film = (...edits: [milliseconds: number, start: number][]) =>
  box(
    'moov',
    box('mvhd', numbers(0, 0, 0, 1000)),
    box(
      'trak',
      box('tkhd', numbers(0, 0, 0, 7)),
      box('edts', box('elst', numbers(0, edits.length, ...edits.flatMap((edit) => [...edit, 0x1_0000])))),
      box('mdia', box('mdhd', numbers(0, 0, 0, 48_000))),
    ),
  );

test('one piece, late or cut at its start, needs no help', () => {
  expect(brokenEdits(film([6000, 1024]), 7)).toBeNull();
  expect(brokenEdits(film([2000, -1], [6000, 0]), 7)).toBeNull();
});

test('several pieces, and what is missing between them, are told in seconds', () => {
  expect(brokenEdits(film([500, -1], [2000, 0], [1000, -1], [3000, 96_000]), 7)).toEqual([
    { silence: 0.5, start: 0, end: 2 },
    { silence: 1, start: 2, end: 5 },
  ]);
  expect(brokenEdits(film([2000, 0], [3000, 96_000]), 8)).toBeNull();
});

test('a piece that is as long as nothing is all that is left, and one that is longer than its media ends with it', () => {
  const cut = (milliseconds: number, start: number) => {
    const ticks = 241_024;
    const whole = film([milliseconds, start]);
    whole.writeUInt32BE(whole.readUInt32BE(0) + 4, 0);
    // The header of the media, at the end, with its length.
    const [track, media, header] = ['trak', 'mdia', 'mdhd'].map((kind) => whole.indexOf(kind) - 4);
    for (const at of [track, media, header]) whole.writeUInt32BE(whole.readUInt32BE(at ?? 0) + 4, at ?? 0);
    return Buffer.concat([whole, numbers(ticks)]);
  };
  expect(brokenEdits(cut(0, 96_000), 7)).toEqual([{ silence: 0, start: 2, end: Infinity }]);
  expect(brokenEdits(cut(40_000, 96_000), 7)).toEqual([{ silence: 0, start: 2, end: 42 }]);
  expect(brokenEdits(cut(3000, 96_000), 7)).toBeNull();
});

test('a list that is cut off is none', () => {
  const whole = film([2000, 0], [3000, 96_000]);
  whole.writeUInt32BE(30, whole.indexOf('elst') + 8);
  expect(brokenEdits(whole, 7)).toBeNull();
});

test('a film whose time scale is wrong shows all of its sound in a usual one; one that was cut does not', () => {
  const scaled = (scale: number, shown: number) =>
    box(
      'moov',
      box('mvhd', numbers(0, 0, 0, scale)),
      box(
        'trak',
        box('tkhd', numbers(0, 0, 0, 7)),
        box('edts', box('elst', numbers(0, 1, shown, 1024, 0x1_0000))),
        box('mdia', box('mdhd', numbers(0, 0, 0, 48_000, 241_024))),
      ),
    );
  expect(hasWrongMovieScale(scaled(1000, 5000), 7)).toBe(false);
  expect(hasWrongMovieScale(scaled(2000, 5000), 7)).toBe(true);
  expect(hasWrongMovieScale(scaled(90_000, 5000), 7)).toBe(true);
  expect(hasWrongMovieScale(scaled(90_000, 240_000), 7)).toBe(true);
  expect(hasWrongMovieScale(scaled(90_000, 450_000), 7)).toBe(false);
  // Cut to its first two seconds.
  expect(hasWrongMovieScale(scaled(90_000, 180_000), 7)).toBe(false);
  expect(hasWrongMovieScale(scaled(1000, 3000), 7)).toBe(false);
});

test('a file made of more boxes than any film has is not gone through to its end', () => {
  const empty = (count: number) => Buffer.alloc(count * 8, Buffer.from('\0\0\0\u0008free', 'latin1'));
  const moov = Buffer.from('\0\0\0\u0009moov!', 'latin1');
  expect(boxWithin(Buffer.concat([empty(60_000), moov]), 'moov')?.toString()).toBe('!');
  expect(boxWithin(Buffer.concat([empty(120_000), moov]), 'moov')).toBeNull();
});
