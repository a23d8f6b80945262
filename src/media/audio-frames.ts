/** Streams of frames without a container: each has a header that says where the next one is. */
export type FrameForm = 'mp3' | 'aac' | 'ac3' | 'eac3' | 'dts' | 'loas';

/** The first byte of a frame. */
export const firstByte: Readonly<Record<FrameForm, number>> = {
  ...{ mp3: 0xff, aac: 0xff, ac3: 0x0b, eac3: 0x0b, dts: 0x7f, loas: 0x56 },
};

/** So many headers one behind the other are no accident; a short file may end before. */
const framesInARow = 3;

/** ADTS before MPEG audio, whose mark is a part of its. */
const formsByFirst: Readonly<Record<number, readonly FrameForm[]>> = {
  ...{ [0xff]: ['aac', 'mp3'], [0x0b]: ['ac3', 'eac3'], [0x7f]: ['dts'], [0x56]: ['loas'] },
};

/**
 * Finds the first frame of MPEG audio (ISO/IEC 11172-3 and 13818-3), ADTS (ISO/IEC 13818-7), LOAS (ISO/IEC 14496-3, 1.7.2), AC-3 and E-AC-3 (ETSI TS
 * 102 366) or DTS (ETSI TS 102 114), at the beginning of `head` or behind padding or the rest of a frame that was cut through.
 */
export function frameForm(head: Buffer): FrameForm | null {
  for (let at = 0; at + 4 <= head.length; at += 1) {
    for (const form of formsByFirst[head[at] ?? 0] ?? []) if (isRow(head, at, form)) return form;
  }
  return null;
}

function isRow(head: Buffer, start: number, form: FrameForm): boolean {
  const first = frameParameters(head, start, form);
  let at = start;
  for (let found = 0; found < framesInARow; found += 1) {
    // At the end of what is read; at the very beginning, one frame is enough of the forms that are usual.
    if (at + 7 > head.length) return start === 0 && found > 0 && (form === 'aac' || form === 'mp3');
    const frame = frameParameters(head, at, form);
    // In the middle of something else, three headers may stand in a row by accident, but not three of one kind.
    if (frame === null || (start > 0 && frame.parameters !== first?.parameters)) return false;
    at += frame.bytes;
  }
  return true;
}

/** A frame at `at` of a file: how long it is, and a number that tells sample rate and channels; null where none is. */
export function frameParameters(
  file: Buffer,
  at: number,
  form: FrameForm,
): { readonly bytes: number; readonly parameters: number } | null {
  const bytes = lengths[form](file, at);
  if (bytes === null || bytes < 4) return null;
  return { bytes, parameters: parametersOf(form, file.subarray(at, at + 10)) };
}

function parametersOf(form: FrameForm, head: Buffer): number {
  const [, first = 0, second = 0, third = 0, fourth = 0, , sixth = 0, seventh = 0, eighth = 0] = head;
  switch (form) {
    // Profile, rate and channels.
    case 'aac':
      return (second & 0xfd) * 256 + (third & 0xc0);
    // Version, layer, rate, and whether it is one channel.
    case 'mp3':
      return (first & 0x1e) * 256 + (second & 0x0c) + (third >> 6 === 3 ? 1 : 0);
    // Rate and channels.
    case 'ac3':
      return (fourth & 0xc0) * 256 + (sixth & 0xe0);
    case 'eac3':
      return fourth & 0xce;
    case 'dts':
      return (seventh & 0x0f) * 256 + (eighth & 0xfc);
    case 'loas':
      return 0;
  }
}

/** Bytes of a frame; null for no header. */
const lengths: Readonly<Record<FrameForm, (file: Buffer, at: number) => number | null>> = {
  mp3: mpegLength,
  aac: adtsLength,
  ac3: dolbyLength,
  eac3: enhancedDolbyLength,
  dts: (file, at) => dtsFrame(file, at)?.bytes ?? null,
  loas: loasLength,
};

/** Bits a second of AC-3, in thousands, by half of the code of its frame's size (ETSI TS 102 366, table 4.13). */
const dolbyKilobits = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];
/** Up to here the version of a bit stream is AC-3, up to the other E-AC-3 (ETSI TS 102 366, E.1.3.1.6). */
const [lastDolby, lastEnhancedDolby] = [10, 16] as const;

function dolbyVersion(file: Buffer, at: number): number | null {
  return at + 6 > file.length || file.readUInt16BE(at) !== 0x0b77 ? null : file.readUInt8(at + 5) >> 3;
}

function dolbyLength(file: Buffer, at: number): number | null {
  const version = dolbyVersion(file, at);
  const code = file[at + 4] ?? 0;
  const bits = dolbyKilobits[(code & 63) >> 1];
  const rate = [48, 44.1, 32][code >> 6];
  if (version === null || version > lastDolby || bits === undefined || rate === undefined) return null;
  // 1536 samples, in words of two bytes; only at 44.1 kHz some frames are a word longer.
  return 2 * (Math.floor((96 * bits) / rate) + (rate === 44.1 ? code & 1 : 0));
}

function enhancedDolbyLength(file: Buffer, at: number): number | null {
  const version = dolbyVersion(file, at);
  if (version === null || version <= lastDolby || version > lastEnhancedDolby) return null;
  return ((file.readUInt16BE(at + 2) & 0x7ff) + 1) * 2;
}

function loasLength(file: Buffer, at: number): number | null {
  if (at + 3 > file.length || file.readUInt16BE(at) >> 5 !== 0x2b7) return null;
  return (file.readUInt16BE(at + 1) & 0x1fff) + 3;
}

/** Hertz of DTS, by code (ETSI TS 102 114, table 5-5). */
const dtsRates = [0, 8000, 16_000, 32_000, 0, 0, 11_025, 22_050, 44_100, 0, 0, 12_000, 24_000, 48_000];

/** A frame of DTS, bits 32 to 72 of its header (ETSI TS 102 114, 5.3.1). */
function dtsFrame(file: Buffer, at: number): { readonly bytes: number; readonly seconds: number } | null {
  if (at + 10 > file.length || file.readUInt32BE(at) !== 0x7ffe_8001) return null;
  const rate = dtsRates[(file.readUInt8(at + 8) >> 2) & 15] ?? 0;
  const blocks = ((file.readUInt16BE(at + 4) >> 2) & 127) + 1;
  const bytes = ((file.readUInt32BE(at + 4) >> 4) & 0x3fff) + 1;
  return rate === 0 || bytes < 96 || blocks < 6 ? null : { bytes, seconds: (blocks * 32) / rate };
}

/** Behind a frame may be what makes it finer, with a length of its own (ETSI TS 102 114, 7.4.1). */
function dtsExtension(file: Buffer, at: number): number | null {
  if (at + 10 > file.length || file.readUInt32BE(at) !== 0x6458_2025) return null;
  const bits = file.readUIntBE(at + 5, 5);
  const isLong = (file.readUInt8(at + 5) & 0x20) !== 0;
  // Two bits of a number, one of this, 8 or 12 of the header's length, 16 or 20 of all.
  const [behind, size] = isLong ? [40 - 35, 20] : [40 - 27, 16];
  return (Math.floor(bits / 2 ** behind) % 2 ** size) + 1;
}

/** Behind the rest of a frame that was cut through: where a frame is that another one follows. */
function firstDtsFrame(file: Buffer): number {
  const mark = Buffer.from('7ffe8001', 'hex');
  for (let at = file.indexOf(mark); at !== -1 && at < longestDtsFrame; at = file.indexOf(mark, at + 1)) {
    const next = at + (dtsFrame(file, at)?.bytes ?? file.length);
    if (next >= file.length || dtsFrame(file, next) !== null || dtsExtension(file, next) !== null) return at;
  }
  return 0;
}

/** As its length is written: 14 bits. */
const longestDtsFrame = 2 ** 14;

/**
 * Seconds of a file that is nothing but DTS, from its first frame on, by the headers alone: ffprobe takes a second for the 56,000 of ten minutes.
 *
 * @returns null where a frame does not follow the one before, but for one that was cut off at the end
 */
export function dtsSeconds(file: Buffer): number | null {
  let seconds = 0;
  for (let at = firstDtsFrame(file); at < file.length;) {
    const frame = dtsFrame(file, at);
    const bytes = frame?.bytes ?? dtsExtension(file, at);
    if (bytes === null) return null;
    if (at + bytes > file.length) break;
    seconds += frame?.seconds ?? 0;
    at += bytes;
  }
  return seconds > 0 ? seconds : null;
}

/** How the second half of the first eight bytes reads where a unit says how all of them are made: of MLP, and of TrueHD. */
const majorSyncs: ReadonlySet<number> = new Set([0xf8726fbb, 0xf8726fba]);
/** In such a unit, the byte whose upper half says how many streams a unit holds. */
const streamsAt = 20;

/**
 * Counts the units of MLP and TrueHD without a container, as ffmpeg's own parser follows them: each begins with the parity of its headers, how many words of two
 * bytes it has, and when it is to be read; two bytes for each stream follow, or four where the first bit is set.
 *
 * @returns whole ones; null where something else is between them
 */
export function accessUnits(file: Buffer): number | null {
  let units = 0;
  let streams = 0;
  for (let at = 0; at + 8 <= file.length; units += 1) {
    const bytes = (file.readUInt16BE(at) & 0xfff) * 2;
    if (bytes < 8) return null;
    if (at + bytes > file.length) break;
    if (majorSyncs.has(file.readUInt32BE(at + 4))) streams = (file[at + streamsAt] ?? 0) >> 4;
    else if (streams === 0 || !hasParity(file, at, streams)) return null;
    at += bytes;
  }
  return units === 0 ? null : units;
}

function hasParity(file: Buffer, start: number, streams: number): boolean {
  let parity = 0;
  let at = start + 4;
  for (let stream = 0; stream < streams; stream += 1) at += (file[at] ?? 0) & 0x80 ? 4 : 2;
  for (let byte = start; byte < at; byte += 1) parity ^= file[byte] ?? 0;
  return ((parity ^ (parity >> 4)) & 15) === 15;
}

/** Whether the first frame of ADTS holds several blocks of sound, each as long as others' only one (ISO/IEC 13818-7, 6.2). */
export function hasSeveralBlocks(head: Buffer): boolean {
  for (let at = 0; at + 7 <= head.length; at += 1) {
    if (head[at] === 0xff && isRow(head, at, 'aac')) return (head.readUInt8(at + 6) & 3) > 0;
  }
  return false;
}

/** @returns bytes, null for no header */
function adtsLength(head: Buffer, at: number): number | null {
  const [first = 0, second = 0, third = 0] = head.subarray(at + 1, at + 4);
  if (head[at] !== 0xff || (first & 0xf6) !== 0xf0 || ((second >> 2) & 15) > 12) return null;
  const length = ((third & 3) << 11) | ((head[at + 4] ?? 0) << 3) | ((head[at + 5] ?? 0) >> 5);
  return length >= 7 ? length : null;
}

const kilobits = {
  1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  low1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  low: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const rates = [44_100, 48_000, 32_000] as const;

/** @returns bytes, null for no header */
function mpegLength(head: Buffer, at: number): number | null {
  const [first = 0, second = 0] = head.subarray(at + 1, at + 3);
  const version = (first >> 3) & 3; // 0: 2.5, 2: 2, 3: 1
  const layer = 4 - ((first >> 1) & 3);
  const rate = rates[(second >> 2) & 3];
  if (head[at] !== 0xff || (first & 0xe0) !== 0xe0 || version === 1 || rate === undefined) return null;
  if (layer !== 1 && layer !== 2 && layer !== 3) return null;
  const isFirst = version === 3;
  const table = isFirst ? kilobits[layer] : layer === 1 ? kilobits.low1 : kilobits.low;
  const bits = (table[second >> 4] ?? 0) * 1000;
  if (bits === 0) return null;
  const sampleRate = rate >> (isFirst ? 0 : version === 2 ? 1 : 2);
  const padding = (second >> 1) & 1;
  if (layer === 1) return (Math.floor((12 * bits) / sampleRate) + padding) * 4;
  return Math.floor(((layer === 3 && !isFirst ? 72 : 144) * bits) / sampleRate) + padding;
}

/** Bytes of a frame with its head, by type: 3GPP TS 26.101 and 26.201, annex A; RFC 4867, 5. */
export const phoneFrames = {
  '#!AMR\n': [13, 14, 16, 18, 20, 21, 27, 32, 6],
  '#!AMR-WB\n': [18, 24, 33, 37, 41, 47, 51, 59, 61, 6],
} as const;

const phoneFrameSeconds = 0.02;

/**
 * Seconds of an AMR, up to a little more than `most`: a frame in which nobody speaks is a byte, and ffprobe takes seconds for the millions that a file may have of them.
 */
export function phoneSeconds(file: Buffer, most: number): number {
  const sizes = Object.entries(phoneFrames).find(
    ([head]) => file.toString('latin1', 0, head.length) === head,
  );
  if (sizes === undefined) return 0;
  const [head, frames] = sizes;
  let count = 0;
  for (let at = head.length; at < file.length && count * phoneFrameSeconds <= most; count += 1) {
    at += frames[(file.readUInt8(at) >> 3) & 15] ?? 1;
  }
  return count * phoneFrameSeconds;
}
