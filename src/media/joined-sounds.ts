import { frameParameters } from './audio-frames.ts';
import type { SoundForm } from './sniff.ts';

/** From a byte of a file up to another. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

type JoinableForm = 'ogg' | 'flac' | 'mp3' | 'aac' | 'tta' | 'wv' | 'wav' | 'aiff';

const startsOf: Readonly<Record<JoinableForm, (file: Buffer) => number[]>> = {
  ogg: oggChanges,
  flac: flacStarts,
  mp3: (file) => frameChanges(file, 'mp3'),
  aac: (file) => frameChanges(file, 'aac'),
  tta: trueAudioStarts,
  wv: wavPackStarts,
  wav: (file) => chunkedStarts(file, 'RIFF', ['WAVE']),
  aiff: (file) => chunkedStarts(file, 'FORM', ['AIFF', 'AIFC']),
};

export function isJoinable(form: SoundForm): form is JoinableForm {
  return form in startsOf;
}

/**
 * Sounds can be joined by writing one behind the other: Ogg is made for that (RFC 3533, section 4), and MP3, AAC and FLAC are used so. Where what
 * follows has another sample rate, channels or codec, ffmpeg goes on counting in the ticks of the first. Of TTA, WavPack, WAV and AIFF, which
 * say how long they are, it reads the first alone.
 *
 * @returns pieces in which none of that changes; null where it is one
 */
export function partsOf(file: Buffer, form: JoinableForm): ByteRange[] | null {
  const starts = startsOf[form](file);
  if (starts.length < 2) return null;
  // What stands before the first, such as a tag, belongs to it.
  return starts.map((start, index) => ({
    start: index === 0 ? 0 : start,
    end: starts[index + 1] ?? file.length,
  }));
}

const oggHeader = 27;

/** Where links begin that are not like the one before. A link begins with the first pages of all its streams. */
function oggChanges(file: Buffer): number[] {
  const starts: number[] = [];
  let last: string | null = null;
  let link: { at: number; streams: string[] } | null = null;
  for (let at = file.indexOf('OggS'); at !== -1 && at + oggHeader <= file.length;) {
    const segments = file.readUInt8(at + 26);
    const body = at + oggHeader + segments;
    const length = file.subarray(at + oggHeader, body).reduce((sum, one) => sum + one, 0);
    if ((file.readUInt8(at + 5) & 2) !== 0) {
      link ??= { at, streams: [] };
      link.streams.push(oggStream(file.subarray(body, body + length)));
    } else if (link !== null) {
      const streams = link.streams.join();
      if (streams !== last) starts.push(link.at);
      last = streams;
      link = null;
    }
    at = file.indexOf('OggS', body + length);
  }
  return starts;
}

/** What a stream is, by its first packet. */
function oggStream(packet: Buffer): string {
  const has = (length: number, start: string, at = 0) =>
    packet.length >= length && packet.toString('latin1', at, at + start.length) === start;
  if (has(10, 'OpusHead')) return `opus ${packet.readUInt8(9)}`;
  if (has(16, 'vorbis', 1)) return `vorbis ${packet.readUInt8(11)} ${packet.readUInt32LE(12)}`;
  if (has(52, 'Speex   ')) return `speex ${packet.readUInt32LE(48)} ${packet.readUInt32LE(36)}`;
  // Rate, channels and bits of a sample: 20, 3 and 5 bits (RFC 9639, section 8.2), after the mapping's own 13 bytes and the block's 4.
  if (has(31, 'FLAC', 1)) return `flac ${packet.toString('hex', 27, 31)}`;
  return packet.toString('hex', 0, 8);
}

/** The mark of FLAC and a first block, STREAMINFO, of 34 bytes, which the last may be. */
const flacMarks = ['fLaC\0\0\0"', 'fLaC\u0080\0\0"'].map((mark) => Buffer.from(mark, 'latin1'));

function flacStarts(file: Buffer): number[] {
  const starts = flacMarks.flatMap((mark) => {
    const found: number[] = [];
    for (let at = file.indexOf(mark); at !== -1; at = file.indexOf(mark, at + 1)) found.push(at);
    return found;
  });
  return starts.toSorted((one, other) => one - other);
}

/** True Audio 1: a header of 22 bytes, the sizes of all frames and their checksum, the frames. */
function trueAudioStarts(file: Buffer): number[] {
  const starts: number[] = [];
  for (let at = file.indexOf('TTA1'); at !== -1 && at + 22 <= file.length;) {
    const rate = file.readUInt32LE(at + 10);
    const frames = Math.ceil(file.readUInt32LE(at + 14) / Math.floor((256 * rate) / 245));
    const first = at + 22 + frames * 4 + 4;
    if (rate === 0 || !(first <= file.length)) break;
    starts.push(at);
    let end = first;
    for (let frame = 0; frame < frames; frame += 1) end += file.readUInt32LE(at + 22 + frame * 4);
    at = file.indexOf('TTA1', end);
  }
  return starts;
}

/** WavPack 4 and 5: the first block with sound says that it is the first of its channels, and begins with the first sample. */
function wavPackStarts(file: Buffer): number[] {
  const starts: number[] = [];
  for (let at = file.indexOf('wvpk'); at !== -1 && at + 32 <= file.length;) {
    const isFirstSample = file.readUInt8(at + 10) === 0 && file.readUInt32LE(at + 16) === 0;
    const isFirstBlock = (file.readUInt32LE(at + 24) & 0x800) !== 0;
    if (isFirstSample && isFirstBlock && file.readUInt32LE(at + 20) > 0) starts.push(at);
    at = file.indexOf('wvpk', at + 8 + file.readUInt32LE(at + 4));
  }
  return starts;
}

/** A container of chunks that begins where a chunk of the one before could. */
function chunkedStarts(file: Buffer, container: 'RIFF' | 'FORM', kinds: readonly string[]): number[] {
  const name = (at: number) => file.toString('latin1', at, at + 4);
  const begins = (at: number) => name(at) === container && kinds.includes(name(at + 8));
  const starts: number[] = [];
  for (let at = 0; at + 12 <= file.length;) {
    if (begins(at)) {
      starts.push(at);
      at += 12;
      continue;
    }
    const end = at + 8 + (container === 'RIFF' ? file.readUInt32LE(at + 4) : file.readUInt32BE(at + 4));
    // Chunks are padded to an even number of bytes, which some writers forget.
    at = end % 2 === 0 || begins(end) ? end : end + 1;
  }
  return starts;
}

/** So many frames in a row that are not like those before are another recording, and no accident. */
const framesInARow = 4;

function frameChanges(file: Buffer, form: 'mp3' | 'aac'): number[] {
  const starts: number[] = [];
  let current: number | null = null;
  let changed = { parameters: -1, at: 0, count: 0 };
  for (let at = 0; at + 7 <= file.length;) {
    const frame = frameParameters(file, at, form);
    if (frame === null) {
      at += 1;
      changed.count = 0;
      continue;
    }
    if (frame.parameters === current) changed.count = 0;
    else if (frame.parameters === changed.parameters && changed.count > 0) changed.count += 1;
    else changed = { parameters: frame.parameters, at, count: 1 };
    if (changed.count >= framesInARow) {
      starts.push(changed.at);
      current = changed.parameters;
      changed.count = 0;
    }
    at += frame.bytes;
  }
  return starts;
}
