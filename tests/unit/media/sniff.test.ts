import { isCutOff } from '../../../src/media/cut-off-sounds.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { accessUnits, dtsSeconds, phoneSeconds } from '../../../src/media/audio-frames.ts';
import { sniff, sniffedBytes, sniffFile } from '../../../src/media/sniff.ts';

const iso = (...brands: string[]) => {
  const words = [brands[0] ?? '', '\0\0\0\0', ...brands.slice(1)].join('');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(8 + words.length);
  return Buffer.concat([length, Buffer.from(`ftyp${words}`, 'latin1')]);
};

/** A transport stream: packets of so many bytes, the first of which begins at `first`. */
function packets(length: number, first: number): Buffer {
  const head = Buffer.alloc(first + 5 * length);
  for (let at = first; at < head.length; at += length) head[at] = 0x47;
  return head;
}

/** Four frames of so many bytes that begin alike. */
function frames(header: readonly number[], bytes: number): Buffer {
  const frame = Buffer.alloc(bytes, 1);
  frame.set(header);
  return Buffer.concat([frame, frame, frame, frame]);
}
/** 512 samples at 48 kHz in 1006 bytes: ETSI TS 102 114, 5.3.1. */
const dtsHeader = [0x7f, 0xfe, 0x80, 0x01, 0xfc, 0x3c, 0x3e, 0xd2, 0xb4, 0x00];

test.each([
  ['heic', iso('heic', 'mif1', 'heic')],
  ['avif', iso('avif', 'mif1', 'miaf')],
  ['mov', iso('isom', 'iso2', 'avc1', 'mp41')],
  ['mov', iso('M4A ', 'isom')],
  ['mov', iso('qt  ', 'qt  ')],
  ['webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1')],
  ['wav', Buffer.from('RIFF\0\0\0\0WAVEfmt ', 'latin1')],
  ['wav', Buffer.from('RIFX\0\0\0\0WAVEfmt ', 'latin1')],
  [
    'mp3',
    Buffer.concat([
      Buffer.from([0xff, 0xfb, 0x90, 0]),
      Buffer.alloc(413),
      Buffer.from([0xff, 0xfb, 0x90, 0]),
    ]),
  ],
  ['aac', Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x01, 0x5f, 0xfc, 0, 0, 0, 0xff, 0xf1])],
  ['jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
  ['dts', Buffer.from([0x7f, 0xfe, 0x80, 0x01])],
  ['ac3', Buffer.from([0x0b, 0x77, 0, 0, 0x14, 0x40])],
  ['eac3', Buffer.from([0x0b, 0x77, 0, 0, 0x3f, 0x87])],
  ['truehd', Buffer.from([0, 0, 0, 0, 0xf8, 0x72, 0x6f, 0xba])],
  ['mlp', Buffer.from([0, 0, 0, 0, 0xf8, 0x72, 0x6f, 0xbb])],
  ['tta', Buffer.from('TTA1')],
  ['voc', Buffer.from('Creative Voice File\u001a')],
  [
    'gsm',
    Buffer.concat(
      Array.from({ length: 20 }, () => Buffer.concat([Buffer.from([0xd4]), Buffer.alloc(32, 7)])),
    ),
  ],
  ['loas', frames([0x56, 0xe0, 0x1d], 32)],
  // Cut out of a stream, they begin within a frame or a pack.
  ['ac3', Buffer.concat([Buffer.alloc(50, 1), frames([0x0b, 0x77, 0, 0, 0, 0x40], 128)])],
  ['eac3', Buffer.concat([Buffer.alloc(50, 1), frames([0x0b, 0x77, 0, 0x3f, 0x3f, 0x87], 128)])],
  ['dts', Buffer.concat([Buffer.alloc(50, 1), frames(dtsHeader, 1006)])],
  [
    'mpeg',
    Buffer.concat([Buffer.alloc(50, 1), Buffer.from('000001ba4400040004010189c3f8000001bb00', 'hex')]),
  ],
  ['mpegts', packets(188, 0)],
  ['mpegts', packets(188, 77)],
  ['mpegts', packets(192, 4)],
  ['mpegts', packets(204, 0)],
])('knows %s by its first bytes', (form, head) => {
  expect(sniff(head)).toBe(form);
});

test.each(['#EXTM3U\n', 'ffconcat version 1.0\n', "file 'a'\n", '<?xml version="1.0"?>', '<svg', '%PDF-1.4', '[playlist]', 'v=0\n', '#!/bin/sh\n', 'WEBVTT\n', '1\n00:00:00,000 --> 00:00:01,000\n', '']) (
  'does not know %j',
  (text) => {
    expect(sniff(Buffer.from(text))).toBeNull();
  },
); // prettier-ignore

test('no text at all is taken for a medium, unless it carries the letters of one', () => {
  const letters =
    /^(GIF8|RIFF|RF64|riff|OggS|fLaC|FORM|#!AMR|caff|wvpk|MAC |\.snd|FLV|ID3|G|TTA1|nut|.{4}ftyp)/s;
  fc.assert(
    fc.property(fc.string({ maxLength: sniffedBytes }), (text) => {
      fc.pre(!letters.test(text));
      expect(sniff(Buffer.from(text, 'utf8'))).toBeNull();
    }),
    { numRuns: 2000 },
  );
});

test('three headers of different kinds inside something else are no MP3', () => {
  const [stereo, mono] = [Buffer.alloc(417), Buffer.alloc(417)];
  stereo.set([0xff, 0xfb, 0x90, 0]);
  mono.set([0xff, 0xfb, 0x90, 0xc0]);
  const rest = Buffer.alloc(100, 1);
  expect(sniff(Buffer.concat([rest, stereo, mono, stereo]))).toBeNull();
  expect(sniff(Buffer.concat([rest, stereo, stereo, stereo]))).toBe('mp3');
});

test('any bytes give an answer, however few they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(() => sniff(Buffer.from(bytes))).not.toThrow();
    }),
    { numRuns: 3000 },
  );
});

test('frames behind any number of zeros are found, and nothing else is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'humo-sniff-'));
  const behindZeros = async (content: Buffer) => {
    await writeFile(join(folder, 'file'), Buffer.concat([Buffer.alloc(3 * sniffedBytes + 100), content]));
    return sniffFile(join(folder, 'file'));
  };
  const frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0]), Buffer.alloc(413)]);
  expect(await behindZeros(Buffer.concat([frame, frame, frame, frame]))).toBe('mp3');
  expect(await behindZeros(Buffer.from('GIF89a'))).toBeNull();
  expect(await behindZeros(Buffer.alloc(sniffedBytes - 100))).toBeNull();
  await rm(folder, { recursive: true });
});

test('the seconds of DTS are added up from its headers, unless something else stands between them', () => {
  const four = frames(dtsHeader, 1006);
  expect(dtsSeconds(four)).toBeCloseTo((4 * 512) / 48_000, 6);
  expect(dtsSeconds(four.subarray(0, 4 * 1006 - 10))).toBeCloseTo((3 * 512) / 48_000, 6);
  // What makes it finer: 20 bytes of which it says so.
  const finer = Buffer.concat([Buffer.from('64582025000700026000', 'hex'), Buffer.alloc(10)]);
  expect(dtsSeconds(Buffer.concat([four, finer, four]))).toBeCloseTo((8 * 512) / 48_000, 6);
  expect(dtsSeconds(Buffer.concat([four, Buffer.alloc(3), four]))).toBeNull();
  // A recording that begins within a frame.
  expect(dtsSeconds(four.subarray(100))).toBeCloseTo((3 * 512) / 48_000, 6);
});

test('text that begins with the letter of LOAS is none', () => {
  expect(sniff(Buffer.from(`V${'\u7fff'.repeat(400)}`))).toBeNull();
});

test('the frames of a phone’s recording are counted no further than they may go on', () => {
  const head = Buffer.from('#!AMR\n');
  const [spoken, silent] = [Buffer.concat([Buffer.from([0x3c]), Buffer.alloc(31)]), Buffer.from([0x7c])];
  expect(phoneSeconds(Buffer.concat([head, spoken, silent, silent, spoken]), 600)).toBeCloseTo(0.08);
  expect(phoneSeconds(Buffer.concat([head, Buffer.alloc(1_000_000, silent)]), 600)).toBeCloseTo(600.02);
});

test('a transport stream behind something else, and an Ogg that begins within a page', () => {
  const sent = Buffer.concat(Array.from({ length: 20 }, () => Buffer.from([0x47, ...Buffer.alloc(187, 1)])));
  expect(sniff(Buffer.concat([Buffer.alloc(700), sent]))).toBe('mpegts');
  expect(sniff(Buffer.concat([Buffer.alloc(99, 1), oggPage(0), oggPage(4)]))).toBe('ogg');
});

/** @param flags RFC 3533, section 6 */
function oggPage(flags: number): Buffer {
  return Buffer.from([...Buffer.from('OggS\0'), flags, ...Buffer.alloc(20), 1, 3, 1, 2, 3]);
}

test('without the part that says how to read the others, a recording was cut off', () => {
  expect(isCutOff(Buffer.concat([oggPage(0), oggPage(4)]), 'ogg')).toBe(true);
  expect(isCutOff(Buffer.concat([oggPage(2), oggPage(0)]), 'ogg')).toBe(false);
  const box = (kind: string, told = 16) =>
    Buffer.concat([Buffer.from([0, 0, 0, told]), Buffer.from(kind), Buffer.alloc(8)]);
  expect(isCutOff(Buffer.concat([box('ftyp'), box('mdat', 200)]), 'mov')).toBe(true);
  expect(isCutOff(Buffer.concat([box('ftyp'), box('mdat'), box('moov', 200)]), 'mov')).toBe(false);
  const core = (bytesPerPacket: number, chunk: string) =>
    Buffer.concat([Buffer.alloc(39), Buffer.from([bytesPerPacket, 0, 0, 0, 1]), Buffer.from(chunk)]);
  expect(isCutOff(core(0, 'data'), 'caf')).toBe(true);
  expect(isCutOff(core(0, 'pakt'), 'caf')).toBe(false);
  expect(isCutOff(core(2, 'data'), 'caf')).toBe(false);
});

test('units of TrueHD and MLP are counted by their headers, unless something else is between them', () => {
  // Six words each, of one stream; the first nibble makes the parity of the headers odd in each of its bits.
  const unit = (bytes: number, ...headers: number[]) => {
    const made = Buffer.alloc(bytes);
    made.set([0, bytes / 2, ...headers]);
    const parity = headers.reduce((sum, byte) => sum ^ byte, bytes / 2);
    made[0] = (((parity ^ (parity >> 4)) & 15) ^ 15) << 4;
    return made;
  };
  const first = unit(24);
  first.set([0xf8, 0x72, 0x6f, 0xba], 4);
  first[20] = 0x10;
  const other = unit(12, 0, 40, 0x20, 0x04);
  // Of a stream whose header is longer.
  const longer = unit(14, 0, 80, 0xa0, 0x04, 0x12, 0x34);
  const file = Buffer.concat([first, other, longer, other]);
  expect(accessUnits(file)).toBe(4);
  expect(accessUnits(file.subarray(0, -3))).toBe(3);
  expect(accessUnits(Buffer.concat([file, first, other]))).toBe(6);
  const damaged = Buffer.from(file);
  damaged[27] = 41;
  expect(accessUnits(damaged)).toBeNull();
  expect(accessUnits(Buffer.concat([file, Buffer.alloc(20)]))).toBeNull();
  expect(accessUnits(file.subarray(24))).toBeNull();
});
