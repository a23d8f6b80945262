import { setImmediate as othersHadTheirTurn } from 'node:timers/promises';
import { firstByte, frameParameters, phoneFrames } from './audio-frames.ts';
import type { FrameForm } from './audio-frames.ts';
import type { SoundForm } from './sniff.ts';

/** From a byte of a file up to another. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

type JoinableForm =
  | 'ogg' | 'flac' | 'mp3' | 'aac' | 'tta' | 'wv' | 'wav' | 'aiff' | 'w64' | 'caf' | 'au' | 'amr' | 'flv' | 'asf' | 'mov'
  | 'ac3' | 'eac3' | 'dts' | 'matroska'; // prettier-ignore

/** Goes through a file, element by element: where a file begins, and null for what begins none, so that whoever asks can stop. */
type Scan = Generator<number | null>;

const scans: Readonly<Record<JoinableForm, (file: Buffer) => Scan>> = {
  ogg: oggChanges,
  flac: flacStarts,
  mp3: (file) => frameChanges(file, 'mp3'),
  aac: (file) => frameChanges(file, 'aac'),
  tta: trueAudioStarts,
  wv: wavPackStarts,
  wav: (file) => chunkedStarts(file, 'RIFF', ['WAVE']),
  aiff: (file) => chunkedStarts(file, 'FORM', ['AIFF', 'AIFC']),
  w64: wave64Starts,
  caf: coreAudioStarts,
  au: sunStarts,
  amr: phoneStarts,
  flv: flashStarts,
  asf: advancedStarts,
  mov: filmStarts,
  ac3: (file) => frameChanges(file, 'ac3'),
  eac3: (file) => frameChanges(file, 'eac3'),
  dts: (file) => frameChanges(file, 'dts'),
  matroska: matroskaStarts,
};

export function isJoinable(form: SoundForm): form is JoinableForm {
  return form in scans;
}

/** More recordings than somebody would join by hand. */
export const mostParts = 32;
/** More elements (pages, chunks, frames, tags, and what only looks like one) than ten minutes of anything have. */
const mostElements = 300_000;
/** The bot has to keep answering meanwhile. */
const elementsInATurn = 10_000;

/**
 * Sounds can be joined by writing one behind the other: Ogg is made for that (RFC 3533, section 4), and MP3, AAC and FLAC are used so. Where what
 * follows has another sample rate, channels or codec, ffmpeg goes on counting in the ticks of the first. Of forms that say how long they are, such
 * as WAV and MP4, it reads the first alone, or takes the head of the second for sound.
 *
 * @returns pieces in which none of that changes, {@link mostParts} and one at most; null where it is one, or has more elements than any sound
 */
export async function partsOf(file: Buffer, form: JoinableForm): Promise<ByteRange[] | null> {
  const starts: number[] = [];
  let elements = 0;
  for (const start of scans[form](file)) {
    if (start !== null) starts.push(start);
    elements += 1;
    if (elements > mostElements) return null;
    if (starts.length > mostParts) break;
    if (elements % elementsInATurn === 0) await othersHadTheirTurn();
  }
  if (starts.length < 2) return null;
  // What stands before the first, such as a tag, belongs to it.
  return starts.map((start, index) => ({
    start: index === 0 ? 0 : start,
    end: starts[index + 1] ?? file.length,
  }));
}

const oggHeader = 27;

/** Their heads are packets like others, which ffmpeg takes for sound where they come again. */
const headsAreHeard = /(?:^|,)(?:flac|speex) /;

/** Where links begin that are not like the one before, or have to be read by themselves. A link begins with the first pages of all its streams. */
function* oggChanges(file: Buffer): Scan {
  let last: string | null = null;
  let link: { at: number; streams: string[] } | null = null;
  for (let at = file.indexOf('OggS'); at !== -1 && at + oggHeader <= file.length;) {
    const body = at + oggHeader + file.readUInt8(at + 26);
    let length = 0;
    for (let segment = at + oggHeader; segment < body; segment += 1) length += file[segment] ?? 0;
    let start: number | null = null;
    if ((file.readUInt8(at + 5) & 2) !== 0) {
      link ??= { at, streams: [] };
      link.streams.push(oggStream(file.subarray(body, body + length)));
    } else if (link !== null) {
      const streams = link.streams.join();
      if (streams !== last || headsAreHeard.test(streams)) start = link.at;
      last = streams;
      link = null;
    }
    yield start;
    at = file.indexOf('OggS', body + length);
  }
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

/** What follows the mark of FLAC: a first block, STREAMINFO, of 34 bytes, which the last may be. */
const flacBlocks = [0x00_00_00_22, 0x80_00_00_22];

function* flacStarts(file: Buffer): Scan {
  for (let at = file.indexOf('fLaC'); at !== -1 && at + 8 <= file.length; at = file.indexOf('fLaC', at + 4)) {
    yield flacBlocks.includes(file.readUInt32BE(at + 4)) ? at : null;
  }
}

/** True Audio 1: a header of 22 bytes, the sizes of all frames and their checksum, the frames. */
function* trueAudioStarts(file: Buffer): Scan {
  for (let at = file.indexOf('TTA1'); at !== -1 && at + 22 <= file.length;) {
    const rate = file.readUInt32LE(at + 10);
    const frames = Math.ceil(file.readUInt32LE(at + 14) / Math.floor((256 * rate) / 245));
    const first = at + 22 + frames * 4 + 4;
    if (rate === 0 || !(first <= file.length)) break;
    yield at;
    let end = first;
    for (let frame = 0; frame < frames; frame += 1) {
      end += file.readUInt32LE(at + 22 + frame * 4);
      yield null;
    }
    at = file.indexOf('TTA1', end);
  }
}

/** WavPack 4 and 5: the first block with sound says that it is the first of its channels, and begins with the first sample. */
function* wavPackStarts(file: Buffer): Scan {
  for (let at = file.indexOf('wvpk'); at !== -1 && at + 32 <= file.length;) {
    const isFirstSample = file.readUInt8(at + 10) === 0 && file.readUInt32LE(at + 16) === 0;
    const isFirstBlock = (file.readUInt32LE(at + 24) & 0x800) !== 0;
    yield isFirstSample && isFirstBlock && file.readUInt32LE(at + 20) > 0 ? at : null;
    at = file.indexOf('wvpk', at + 8 + file.readUInt32LE(at + 4));
  }
}

/** A container of chunks that begins where a chunk of the one before could. */
function* chunkedStarts(file: Buffer, container: 'RIFF' | 'FORM', kinds: readonly string[]): Scan {
  const name = (at: number) => file.toString('latin1', at, at + 4);
  const begins = (at: number) => name(at) === container && kinds.includes(name(at + 8));
  for (let at = 0; at + 12 <= file.length;) {
    if (begins(at)) {
      yield at;
      at += 12;
      continue;
    }
    yield null;
    const end = at + 8 + (container === 'RIFF' ? file.readUInt32LE(at + 4) : file.readUInt32BE(at + 4));
    // Chunks are padded to an even number of bytes, which some writers forget.
    at = end % 2 === 0 || begins(end) ? end : end + 1;
  }
}

/**
 * Goes from one element of a file to the next.
 *
 * @param begins whether a file begins at a byte
 * @param next where the element at a byte ends; null where it does not say
 * @yields where files begin
 */
function* walked(
  file: Buffer,
  begins: (at: number) => boolean,
  next: (at: number, isBeginning: boolean) => number | null,
): Scan {
  // The longest head of an element that is looked at.
  for (let at = 0; at + 24 <= file.length;) {
    const isBeginning = begins(at);
    yield isBeginning ? at : null;
    const end = next(at, isBeginning);
    if (end === null || end <= at) break;
    at = end;
  }
}

/** Sony's Wave64: all of the file is one chunk, aligned to 8 bytes. */
function wave64Starts(file: Buffer): Scan {
  const name = Buffer.from('riff\x2e\x91\xcf\x11', 'latin1');
  return walked(
    file,
    (at) => name.equals(file.subarray(at, at + name.length)),
    (at, isBeginning) => (isBeginning ? at + Math.ceil(Number(file.readBigUInt64LE(at + 16)) / 8) * 8 : null),
  );
}

/** Apple's Core Audio Format 1.0: a head of 8 bytes, chunks, of which the last may go on to the end. */
function coreAudioStarts(file: Buffer): Scan {
  return walked(
    file,
    (at) => file.toString('latin1', at, at + 4) === 'caff',
    (at, isBeginning) => {
      const size = Number(file.readBigInt64BE(at + 4));
      return isBeginning ? at + 8 : size < 0 ? null : at + 12 + size;
    },
  );
}

/** Sun's and NeXT's: where the sound begins and how long it is. */
function sunStarts(file: Buffer): Scan {
  const unknown = 0xff_ff_ff_ff;
  return walked(
    file,
    (at) => file.toString('latin1', at, at + 4) === '.snd',
    (at, isBeginning) => {
      const size = file.readUInt32BE(at + 8);
      return isBeginning && size !== unknown ? at + file.readUInt32BE(at + 4) + size : null;
    },
  );
}

function phoneStarts(file: Buffer): Scan {
  const heads = Object.entries(phoneFrames);
  const headAt = (at: number) =>
    heads.find(([head]) => file.toString('latin1', at, at + head.length) === head);
  let frames: readonly number[] = [];
  return walked(
    file,
    (at) => file[at] === 0x23 && headAt(at) !== undefined,
    (at, isBeginning) => {
      const [head = '', sizes = frames] = isBeginning ? (headAt(at) ?? []) : [];
      frames = sizes;
      // What says that nobody speaks is a byte.
      return at + (isBeginning ? head.length : (frames[(file.readUInt8(at) >> 3) & 15] ?? 1));
    },
  );
}

/** Adobe's FLV 10.1, annex E: a head that says how long it is, then the size of what came before, and tags each with theirs. */
function flashStarts(file: Buffer): Scan {
  return walked(
    file,
    (at) => file.toString('latin1', at, at + 4) === 'FLV\u0001',
    (at, isBeginning) =>
      isBeginning ? at + file.readUInt32BE(at + 5) + 4 : at + 11 + file.readUIntBE(at + 1, 3) + 4,
  );
}

/** Microsoft's Advanced Systems Format: objects with a name of 16 bytes and a size of 8. That of a broadcast's packets is 0. */
function advancedStarts(file: Buffer): Scan {
  const header = Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex');
  return walked(
    file,
    (at) => header.equals(file.subarray(at, at + header.length)),
    (at) => at + Number(file.readBigUInt64LE(at + 16)),
  );
}

/** A film is a head and what it tells of, in any order; another one begins with its brands, behind both. */
function filmStarts(file: Buffer): Scan {
  const kind = (at: number) => file.toString('latin1', at + 4, at + 8);
  let seen = new Set<string>();
  return walked(
    file,
    (at) => {
      const isBeginning =
        at === 0 || (kind(at) === 'ftyp' && seen.has('moov') && (seen.has('mdat') || seen.has('moof')));
      if (isBeginning) seen = new Set();
      return isBeginning;
    },
    (at) => {
      seen.add(kind(at));
      const short = file.readUInt32BE(at);
      return short === 1 ? at + Number(file.readBigUInt64BE(at + 8)) : at + short;
    },
  );
}

const matroskaSegment = 0x18_53_80_67;

/** A head and a segment (RFC 8794, 11, and RFC 9559, 5). That of a recording that was going on does not say how long it is, and goes on to the next head. */
function* matroskaStarts(file: Buffer): Scan {
  const mark = Buffer.from('1a45dfa3', 'hex');
  for (let at = file.indexOf(mark); at !== -1 && at + 24 <= file.length;) {
    const segment = afterElement(file, at + 4);
    const isHead = segment !== null && segment + 12 <= file.length;
    const isBeginning = isHead && file.readUInt32BE(segment) === matroskaSegment;
    yield isBeginning ? at : null;
    const end = isBeginning ? afterElement(file, segment + 4) : null;
    at = file.indexOf(mark, end ?? at + 4);
  }
}

/** Where an element ends whose size stands at `at` (RFC 8794, 4); null where it is not known. */
function afterElement(file: Buffer, at: number): number | null {
  const first = file.readUInt8(at);
  const length = Math.clz32(first) - 23;
  if (length > 8 || at + length > file.length) return null;
  let size = first & (0xff >> length);
  let isUnknown = size === 0xff >> length;
  for (let byte = at + 1; byte < at + length; byte += 1) {
    size = size * 256 + file.readUInt8(byte);
    isUnknown &&= file[byte] === 0xff;
  }
  return isUnknown ? null : at + length + size;
}

/** So many frames in a row that are not like those before are another recording, and no accident. */
const framesInARow = 4;

function* frameChanges(file: Buffer, form: FrameForm): Scan {
  let current: number | null = null;
  let changed = { parameters: -1, at: 0, count: 0 };
  for (let at = 0; at + 7 <= file.length;) {
    const frame = frameParameters(file, at, form);
    if (frame === null) {
      yield null;
      at = file.indexOf(firstByte[form], at + 1);
      if (at === -1) break;
      changed.count = 0;
      continue;
    }
    if (frame.parameters === current) changed.count = 0;
    else if (frame.parameters === changed.parameters && changed.count > 0) changed.count += 1;
    else changed = { parameters: frame.parameters, at, count: 1 };
    if (changed.count >= framesInARow) {
      yield changed.at;
      current = changed.parameters;
      changed.count = 0;
    } else yield null;
    at += frame.bytes;
  }
}
