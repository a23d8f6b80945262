import { readFile, writeFile } from 'node:fs/promises';
import type { SoundForm } from './sniff.ts';

/**
 * Recorders that are switched off, and programs that write into a pipe, leave wrong sizes in a header: 0, the largest number there is, or
 * how much there was some time before. ffmpeg believes them. Where what a size points to is nothing of the container's, the sound goes on
 * to the end of the file.
 */

/** How a container of chunks is laid out; numbers in bytes. */
interface ChunkLayout {
  /** where the first chunk begins */
  readonly first: number;
  /** before a chunk's body */
  readonly header: number;
  /** chunks begin at multiples of this */
  readonly align: number;
  /** of the body, as the header at `at` states it */
  size(file: Buffer, at: number): number;
  write(file: Buffer, at: number, size: number): void;
  /** of a body that was cut off, up to its last whole sample, where ffmpeg gives up over what is left or over an odd number of bytes */
  wholeSamples?(file: Buffer, bytes: number): number;
  isName(name: Buffer): boolean;
  isSound(name: Buffer): boolean;
}

/** More than a sound has: a file that is made of nothing but chunks is left as it is, and nobody waits for it. */
const mostChunks = 10_000;

const uint64 = (high: number, low: number) => high * 2 ** 32 + low;
const hasLetters = (name: Buffer) => name.subarray(0, 4).every((byte) => byte >= 0x20 && byte < 0x7f);
const called = (expected: string) => (name: Buffer) => name.toString('latin1', 0, 4) === expected;

/** RIFF (Microsoft's Multimedia Programming Interface 1.0), and RF64 and BW64, which differ in one chunk (ITU-R BS.2088-1). */
const riff: ChunkLayout = {
  ...{ first: 12, header: 8, align: 2, isName: hasLetters, isSound: called('data') },
  size: (file, at) => file.readUInt32LE(at + 4),
  write: (file, at, size) => void file.writeUInt32LE(size, at + 4),
};

/** RIFF with its numbers the other way round. */
const rifx: ChunkLayout = {
  ...riff,
  size: (file, at) => file.readUInt32BE(at + 4),
  write: (file, at, size) => void file.writeUInt32BE(size, at + 4),
};

/** Of Sony's Wave64, all names but the first end with the same bytes. */
const wave64Name = Buffer.from('f3acd3118cd100c04f8edb8a', 'hex');

/** AIFF's sound begins behind its offset and the size of its blocks. */
const soundHeader = 8;

const layouts: Partial<Record<SoundForm, ChunkLayout>> = {
  wav: riff,
  w64: {
    ...{ first: 40, header: 24, align: 8 },
    isName: (name) => wave64Name.equals(name.subarray(4, 16)),
    isSound: called('data'),
    // Here a size counts its own header.
    size: (file, at) => uint64(file.readUInt32LE(at + 20), file.readUInt32LE(at + 16)) - 24,
    write: (file, at, size) => void file.writeBigUInt64LE(BigInt(size + 24), at + 16),
  },
  /** Apple's AIFF 1.3 and AIFF-C */
  aiff: {
    ...{ first: 12, header: 8, align: 2, isName: hasLetters, isSound: called('SSND') },
    size: (file, at) => file.readUInt32BE(at + 4),
    write: (file, at, size) => void file.writeUInt32BE(size, at + 4),
    wholeSamples(file, bytes) {
      const common = file.indexOf('COMM', 12, 'latin1');
      if (common === -1 || common + 16 > file.length || bytes < soundHeader) return bytes;
      const each = file.readUInt16BE(common + 8) * Math.ceil(file.readUInt16BE(common + 14) / 8);
      return each === 0 ? bytes : bytes - ((bytes - soundHeader) % (each % 2 === 0 ? each : 2 * each));
    },
  },
  /** Apple's Core Audio Format 1.0; −1 stands for the end of the file there */
  caf: {
    ...{ first: 8, header: 12, align: 1, isName: hasLetters, isSound: called('data') },
    size: (file, at) => uint64(file.readUInt32BE(at + 4), file.readUInt32BE(at + 8)),
    write: (file, at, size) => void file.writeBigUInt64BE(BigInt(size), at + 4),
  },
};

/**
 * @param target where a copy with right sizes goes, if the file needs one
 * @returns the path of the file to read
 */
export async function withTrueSizes(path: string, form: SoundForm, target: string): Promise<string> {
  if (layouts[form] === undefined) return path;
  const mended = mendSizes(await readFile(path), form);
  if (mended === null) return path;
  await writeFile(target, mended);
  return target;
}

/**
 * Changes `file`, or a copy of it.
 *
 * @returns null when nothing was wrong, or nothing could be told
 */
export function mendSizes(file: Buffer, form: SoundForm): Buffer | null {
  const layout = layouts[form];
  if (layout === undefined) return null;
  if (layout !== riff) return mendSoundSize(file, form, layout);
  if (file.toString('latin1', 0, 4) !== 'RIFX') {
    const padded = withPadding(file);
    const whole = withOneSound(padded ?? file) ?? padded;
    return whole === null ? mendSoundSize(file, form, riff) : (mendSoundSize(whole, form, riff) ?? whole);
  }
  const mended = mendSoundSize(file, form, rifx) ?? file;
  turnRound(mended);
  return mended;
}

function mendSoundSize(file: Buffer, form: SoundForm, layout: ChunkLayout): Buffer | null {
  const at = soundChunk(file, layout);
  if (at === null) return null;
  const body = at + layout.header;
  if (body >= file.length) return null;
  const isLong = form === 'wav' && ['RF64', 'BW64'].includes(file.toString('latin1', 0, 4));
  // The chunk `ds64`, which comes first, has the sizes of RF64.
  const stated = isLong && file.length >= 36 ? ds64DataSize(file) : layout.size(file, at);
  if (isRight(file, body, stated, layout)) return null;
  const own = layout.size(file, at);
  const rest = file.length - body;
  const size = isLong && isRight(file, body, own, layout) ? own : (layout.wholeSamples?.(file, rest) ?? rest);
  if (isLong) {
    file.write('RIFF', 0, 'latin1');
    file.writeUInt32LE(file.length - 8, 4);
    if (file.toString('latin1', 12, 16) === 'ds64') file.write('JUNK', 12, 'latin1');
  }
  layout.write(file, at, size);
  return layout.wholeSamples === undefined ? file : file.subarray(0, body + size);
}

/** A WAV in which a chunk of an odd length before the sound lacks its padding, with it; null where none does. ffmpeg looks for the next one a byte later. */
function withPadding(file: Buffer): Buffer | null {
  const pieces: Buffer[] = [];
  let kept = 0;
  let chunks = 0;
  for (let at = riff.first; at + riff.header <= file.length;) {
    chunks += 1;
    if (chunks > mostChunks) return null;
    if (riff.isSound(file.subarray(at, at + riff.header))) break;
    const end = at + riff.header + riff.size(file, at);
    if (!hasLetters(file.subarray(at)) || end + riff.header > file.length) return null;
    const isPadded = end % 2 === 0 || hasLetters(file.subarray(end + 1, end + 5));
    if (!isPadded && !hasLetters(file.subarray(end, end + 4))) return null;
    if (!isPadded) {
      pieces.push(file.subarray(kept, end), Buffer.alloc(1));
      kept = end;
    }
    at = isPadded ? aligned(end, riff) : end;
  }
  return kept === 0 ? null : Buffer.concat([...pieces, file.subarray(kept)]);
}

/**
 * A WAV whose sound lies in several chunks, which the format does not have, with all of them in one; null for others. ffmpeg hears the last
 * alone, Python's `wave` the first: nothing of what somebody said is to be lost.
 */
function withOneSound(file: Buffer): Buffer | null {
  if (file.toString('latin1', 0, 4) !== 'RIFF') return null;
  const sounds: Buffer[] = [];
  let first = 0;
  let chunks = 0;
  for (let at = riff.first; at + riff.header <= file.length && chunks < mostChunks; chunks += 1) {
    const name = file.subarray(at, at + riff.header);
    if (!hasLetters(name)) break;
    const body = at + riff.header;
    const end = body + riff.size(file, at);
    if (riff.isSound(name)) {
      if (sounds.length === 0) first = at;
      sounds.push(file.subarray(body, end));
    }
    at = aligned(end, riff);
  }
  if (sounds.length < 2) return null;
  const whole = Buffer.concat([file.subarray(0, first + riff.header), ...sounds]);
  whole.writeUInt32LE(whole.length - 8, 4);
  riff.write(whole, first, whole.length - first - riff.header);
  return whole;
}

/** WAVEFORMATEX: where its numbers begin, and their bytes. */
const formatFields = [
  [0, 2], [2, 2], [4, 4], [8, 4], [12, 2], [14, 2], [16, 2], [18, 2], [20, 4], [24, 4], [28, 2], [30, 2],
] as const; // prettier-ignore
/** Samples of these are numbers: PCM, floating point, and either with further fields. Of others it is not said in which order they are. */
const ofNumbers: ReadonlySet<number> = new Set([1, 3, 0xfffe]);

/** Makes RIFF of RIFX. ffmpeg reads the numbers of its head, and takes its samples for usual ones: what is heard is noise. */
function turnRound(file: Buffer): void {
  file.write('RIFF', 0, 'latin1');
  swapNumbers(file.subarray(4, 8), 4);
  let bytes = 1;
  let chunks = 0;
  for (let at = rifx.first; at + rifx.header <= file.length && chunks < mostChunks; chunks += 1) {
    const size = rifx.size(file, at);
    const body = at + rifx.header;
    const content = file.subarray(body, body + size);
    swapNumbers(file.subarray(at + 4, body), 4);
    if (rifx.isSound(file.subarray(at, body))) swapNumbers(content, bytes);
    else if (file.toString('latin1', at, at + 4) === 'fmt ' && content.length >= 16) {
      for (const [field, length] of formatFields)
        swapNumbers(content.subarray(field, field + length), length);
      bytes = ofNumbers.has(content.readUInt16LE(0)) ? Math.ceil(content.readUInt16LE(14) / 8) : 1;
    }
    at = aligned(body + size, rifx);
  }
}

function swapNumbers(numbers: Buffer, bytes: number): void {
  const whole = numbers.subarray(0, numbers.length - (numbers.length % bytes));
  if (bytes === 2) whole.swap16();
  else if (bytes === 4) whole.swap32();
  else if (bytes === 8) whole.swap64();
  else if (bytes === 3) {
    for (let at = 0; at < whole.length; at += 3) {
      const first = whole[at] ?? 0;
      whole[at] = whole[at + 2] ?? 0;
      whole[at + 2] = first;
    }
  }
}

function ds64DataSize(file: Buffer): number {
  return uint64(file.readUInt32LE(32), file.readUInt32LE(28));
}

/** Where the chunk with the sound begins; null where the chunks before it lead nowhere. */
function soundChunk(file: Buffer, layout: ChunkLayout): number | null {
  let chunks = 0;
  for (let at = layout.first; at + layout.header <= file.length && chunks < mostChunks; chunks += 1) {
    const name = file.subarray(at, at + layout.header);
    if (layout.isSound(name)) return at;
    const size = layout.size(file, at);
    if (!layout.isName(name) || size < 0) return null;
    at = aligned(at + layout.header + size, layout);
  }
  return null;
}

function aligned(at: number, { align }: ChunkLayout): number {
  return Math.ceil(at / align) * align;
}

/** Whether a chunk of this size ends where the file does, or where further chunks begin. */
function isRight(file: Buffer, body: number, size: number, layout: ChunkLayout): boolean {
  const end = body + size;
  if (size <= 0 || end > file.length) return false;
  // Some writers forget that chunks are padded.
  const ends = [aligned(end, layout), end];
  return ends.some((at) => leadsOn(file, at, layout) || isWholeTrailing(file, at, layout));
}

/** Whether from here on there are chunks, the last perhaps cut off, or nothing but zeros. */
function leadsOn(file: Buffer, from: number, layout: ChunkLayout): boolean {
  let at = from;
  for (let chunks = 0; at + layout.header <= file.length; chunks += 1) {
    if (chunks > mostChunks) return false;
    const size = layout.size(file, at);
    if (!layout.isName(file.subarray(at, at + layout.header)) || size < 0) break;
    at = aligned(at + layout.header + size, layout);
    // By accident four bytes are letters; that their size then leads to the end of the file as well is none.
    if (at > file.length && at - file.length >= layout.align) return isKnown(file, from);
  }
  const rest = file.subarray(at);
  return rest.equals(Buffer.alloc(rest.length));
}

/** Chunks that stand behind sounds, one of which may be cut off with the file. */
const trailing =
  /^(?:LIST|id3 |ID3 |bext|iXML|fact|cue |smpl|inst|PEAK|JUNK|junk|FLLR|axml|afsp|acid|_PMX|info|strg|uuid|pakt|free|mark|regn|umid|edct|NAME|AUTH|ANNO|COMT|MARK|INST)/;

/** Whether here stands one of these, and is whole: what comes behind it may be anything. */
function isWholeTrailing(file: Buffer, at: number, layout: ChunkLayout): boolean {
  if (at + layout.header > file.length || !isKnown(file, at)) return false;
  const size = layout.size(file, at);
  return size >= 0 && at + layout.header + size <= file.length;
}

function isKnown(file: Buffer, at: number): boolean {
  return trailing.test(file.toString('latin1', at, at + 4));
}
