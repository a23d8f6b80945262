import { open } from 'node:fs/promises';
import { frameForm } from './audio-frames.ts';

/**
 * What a file is by its first bytes. Only these forms ever reach a decoder, and the decoder is told which one it is:
 * playlists, concat scripts, SVG and other files that name further files are none of them.
 */
export type MediaForm = ImageForm | SoundForm;
export type ImageForm = 'png' | 'jpeg' | 'gif' | 'webp' | 'avif' | 'heic';
/** named as ffmpeg's demuxers */
export type SoundForm =
  | 'wav' | 'w64' | 'avi' | 'ogg' | 'flac' | 'mp3' | 'aac' | 'mov' | 'matroska' | 'aiff' | 'amr' | 'caf' | 'asf' | 'wv'
  | 'ape' | 'au' | 'flv' | 'mpegts' | 'mpeg' | 'ac3' | 'eac3' | 'dts' | 'tta' | 'truehd' | 'mlp' | 'nut' | 'loas' | 'gsm' | 'voc'; // prettier-ignore

const imageForms: ReadonlySet<string> = new Set([
  'png',
  'jpeg',
  'gif',
  'webp',
  'avif',
  'heic',
] satisfies ImageForm[]);

export function isImageForm(form: MediaForm): form is ImageForm {
  return imageForms.has(form);
}

/** How much of a file {@link sniff} looks at: recordings that were cut out of a stream begin in the middle of a frame, or with padding. */
export const sniffedBytes = 64 * 1024;

/** @returns null for what is not known */
export async function sniffFile(path: string): Promise<MediaForm | null> {
  const file = await open(path);
  const read = async (at: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sniffedBytes), 0, sniffedBytes, at);
    return buffer.subarray(0, bytesRead);
  };
  try {
    let at = 0;
    let head = await read(at);
    // ID3 tags, with pictures of any size, stand before sounds of several kinds, sometimes one after the other.
    for (let length = tagLength(head); length > 0 && head.length > 0; length = tagLength(head)) {
      at += length;
      head = await read(at);
    }
    const nothing = Buffer.alloc(sniffedBytes);
    let zeros = 0;
    // A recorder may leave room at the beginning; ffmpeg looks for frames of MP3 and AAC behind any number of zeros.
    while (head.equals(nothing)) {
      zeros += head.length;
      head = await read(at + zeros);
    }
    const form = zeros > 0 ? frameForm(head) : sniff(head);
    return at > 0 && form !== null && isImageForm(form) ? null : form;
  } finally {
    await file.close();
  }
}

/** Of an ID3v2 tag, with header and footer; 0 without one. https://id3.org/id3v2.4.0-structure */
function tagLength(head: Buffer): number {
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const size = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + ((head[at] ?? 0) & 0x7f), 0);
  return 10 + size + (((head[5] ?? 0) & 0x10) === 0 ? 0 : 10);
}

/** The form of a file from its first bytes; null for what is not known. */
export function sniff(head: Buffer): MediaForm | null {
  const text = (start: number, end: number) => head.toString('latin1', start, end);
  const starts = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte);

  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png';
  if (starts(0xff, 0xd8, 0xff)) return 'jpeg';
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return 'gif';
  if (text(0, 4) === 'RIFF') {
    const kind = text(8, 12);
    return kind === 'WEBP' ? 'webp' : kind === 'WAVE' ? 'wav' : kind === 'AVI ' ? 'avi' : null;
  }
  // With the bytes of its numbers the other way round.
  if (text(0, 4) === 'RIFX' && text(8, 12) === 'WAVE') return 'wav';
  if (['RF64', 'BW64'].includes(text(0, 4)) && text(8, 12) === 'WAVE') return 'wav';
  if (text(0, 4) === 'riff' && starts(0x72, 0x69, 0x66, 0x66, 0x2e, 0x91)) return 'w64';
  if (text(4, 8) === 'ftyp') return isoForm(head);
  // QuickTime before 2002, and cameras since: no brand, and any of these atoms first.
  if (firstAtoms.has(text(4, 8)) && (starts(0, 0, 0) || head.readUInt32BE(0) >= 8)) return 'mov';
  if (text(0, 4) === 'OggS') return 'ogg';
  if (text(0, 4) === 'fLaC') return 'flac';
  if (text(0, 4) === 'FORM' && (text(8, 12) === 'AIFF' || text(8, 12) === 'AIFC')) return 'aiff';
  if (text(0, 5) === '#!AMR') return 'amr';
  if (text(0, 4) === 'caff') return 'caf';
  if (text(0, 4) === 'wvpk') return 'wv';
  if (text(0, 4) === 'MAC ') return 'ape';
  if (text(0, 4) === '.snd') return 'au';
  if (text(0, 3) === 'FLV') return 'flv';
  if (starts(0x1a, 0x45, 0xdf, 0xa3)) return 'matroska';
  if (starts(0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11)) return 'asf';
  if (text(0, 19) === 'Creative Voice File') return 'voc';
  if (isProgramStream(head)) return 'mpeg';
  if (isTransportStream(head)) return 'mpegts';
  if (text(0, 24) === 'nut/multimedia container') return 'nut';
  if (text(0, 4) === 'TTA1') return 'tta';
  // ETSI TS 102 114, 5.3.1: the core's synchronisation word.
  if (starts(0x7f, 0xfe, 0x80, 0x01)) return 'dts';
  // ETSI TS 102 366, 5.3.2.3 and E.1.3.1.6: version 16 is E-AC-3, up to 10 AC-3.
  if (starts(0x0b, 0x77)) return dolbyForm((head[5] ?? 0) >> 3);
  if (text(4, 8) === '\xf8\x72\x6f\xba') return 'truehd';
  if (text(4, 8) === '\xf8\x72\x6f\xbb') return 'mlp';
  return frameForm(head) ?? (isPhoneStream(head) ? 'gsm' : isOggStream(head) ? 'ogg' : null);
}

/** RFC 3533, section 6. A recording may begin in the middle of a page. */
function isOggStream(head: Buffer): boolean {
  const at = head.indexOf('OggS\0', 0, 'latin1');
  return at !== -1 && at + 27 <= head.length && head.readUInt8(at + 5) < 8;
}

/** GSM 06.10 without a head, as ETSI EN 300 961's decoders take it: frames of 33 bytes, each of which begins with the same four bits. */
function isPhoneStream(head: Buffer): boolean {
  const [bytes, least] = [33, 16];
  if (head.length < bytes * least) return false;
  for (let at = 0; at < head.length; at += bytes) if ((head[at] ?? 0) >> 4 !== 0xd) return false;
  return true;
}

/** ISO/IEC 13818-1, 2.5.3.3, and 11172-1, 2.4.3.2: a pack's head, its time, and what follows at once. A recording may begin in the middle of a pack. */
function isProgramStream(head: Buffer): boolean {
  const mark = Buffer.from([0, 0, 1, 0xba]);
  if (head.subarray(0, 4).equals(mark)) return true;
  for (let at = head.indexOf(mark); at !== -1 && at + 17 < head.length; at = head.indexOf(mark, at + 4)) {
    const time = head.readUInt8(at + 4);
    const next = (time & 0xc4) === 0x44 ? at + 14 + (head.readUInt8(at + 13) & 7) : at + 12;
    const isTime = (time & 0xc4) === 0x44 || (time & 0xf1) === 0x21;
    if (isTime && next + 4 <= head.length && head.readUIntBE(next, 3) === 1) return true;
  }
  return false;
}

/** @param version of the bit stream */
function dolbyForm(version: number): SoundForm | null {
  if (version <= 10) return 'ac3';
  return version <= 16 ? 'eac3' : null;
}

/** Of packets: of broadcasts, with a time before each (cameras and Blu-ray), and with a check behind each. */
const transportPackets = [188, 192, 204];

/** ISO/IEC 13818-1, 2.4.3.2. A recording may begin in the middle of a packet. */
function isTransportStream(head: Buffer): boolean {
  return transportPackets.some((length) => {
    for (let first = 0; first + 5 * length <= head.length; first += 1) {
      const marks = first < length ? 5 : 16;
      if (isRowOfMarks(head, first, length, marks)) return true;
    }
    return false;
  });
}

function isRowOfMarks(head: Buffer, first: number, length: number, count: number): boolean {
  for (let packet = 0; packet < count; packet += 1) if (head[first + packet * length] !== 0x47) return false;
  return true;
}

const firstAtoms: ReadonlySet<string> = new Set([
  'wide',
  'free',
  'skip',
  'moov',
  'mdat',
  'pnot',
  'udta',
  'uuid',
  'junk',
  'pict',
  'prfl',
]);

/** The brands of an ISO base media file tell a picture from a film. */
function isoForm(head: Buffer): MediaForm {
  const length = Math.min(head.readUInt32BE(0), head.length);
  const brands = new Set<string>();
  for (let at = 8; at + 4 <= length; at += 4) {
    if (at !== 12) brands.add(head.toString('latin1', at, at + 4)); // 12…16 is the minor version
  }
  if (brands.has('avif') || brands.has('avis')) return 'avif';
  const isPicture = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'].some((brand) =>
    brands.has(brand),
  );
  const isFilm = ['isom', 'mp41', 'mp42', 'qt  ', 'M4A ', 'M4V ', '3gp4'].some((brand) => brands.has(brand));
  return isPicture && !isFilm ? 'heic' : 'mov';
}
