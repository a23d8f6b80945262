import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { boxesIn } from './mp4-boxes.ts';
import type { ImageForm } from './sniff.ts';

/** What the numbers of a picture mean, as coding-independent code points (ITU-T H.273). */
export interface CodePoints {
  readonly primaries: number;
  readonly transfer: number;
  /** in the place of a transfer: light to the power of this is the number, as PNG's chunk `gAMA` has it */
  readonly gamma?: number;
}

/** Of a file, where boxes and chunks that come before the picture stand. */
const readBytes = 256 * 1024;

/** @returns null where the file does not say, or says so with a profile that comes before these */
export async function codePointsOf(path: string, form: ImageForm): Promise<CodePoints | null> {
  if (form !== 'png' && form !== 'avif') return null;
  await using file = await opened(path);
  const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(readBytes), 0, readBytes, 0);
  const head = buffer.subarray(0, bytesRead);
  return form === 'png' ? pngCodePoints(head) : avifCodePoints(head);
}

async function opened(path: string): Promise<AsyncDisposable & { readonly handle: FileHandle }> {
  const handle = await open(path);
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}

/** Transfers that are a plain power, or none: ITU-T H.273, table 3. That of most displays, 2.2, is nearly sRGB. */
const gammas: Readonly<Record<number, number>> = { 5: 1 / 2.8, 8: 1 };

function pointsOf(primaries: number, transfer: number): CodePoints {
  const gamma = gammas[transfer];
  return gamma === undefined ? { primaries, transfer } : { primaries, transfer, gamma };
}

/** Of BT.709, which sRGB shares; and a transfer that nobody has named. */
const unnamed = { primaries: 1, transfer: 2 } as const;
/** What most files say, and sRGB is nearly: nothing is gained by converting them. */
const usualGamma = { value: 1 / 2.2, tolerance: 0.02 } as const;

/**
 * The chunks `cICP` and `gAMA`, which stand before the picture; a profile and `sRGB` come before the second
 * (https://www.w3.org/TR/png-3/#color-chunk-precendence).
 */
export function pngCodePoints(head: Buffer): CodePoints | null {
  let gamma: number | null = null;
  let isTold = false;
  for (let at = 8; at + 12 <= head.length;) {
    const length = head.readUInt32BE(at);
    const kind = head.toString('latin1', at + 4, at + 8);
    if (kind === 'IDAT') break;
    if (kind === 'cICP' && length === 4) {
      return pointsOf(head.readUInt8(at + 8), head.readUInt8(at + 9));
    }
    if (kind === 'gAMA' && length === 4) gamma = head.readUInt32BE(at + 8) / 100_000;
    if (kind === 'iCCP' || kind === 'sRGB') isTold = true;
    at += 12 + length;
  }
  if (gamma === null || gamma === 0 || isTold) return null;
  return Math.abs(gamma - usualGamma.value) <= usualGamma.tolerance ? null : { ...unnamed, gamma };
}

/**
 * The property `colr` of kind `nclx` that belongs to the primary item (ISO/IEC 23008-12 and 14496-12). One of kind `prof` tells the colours
 * in its place.
 */
export function avifCodePoints(head: Buffer): CodePoints | null {
  const meta = boxesIn(head)
    .find(({ kind }) => kind === 'meta')
    ?.data.subarray(4);
  if (meta === undefined) return null;
  const inMeta = boxesIn(meta);
  const primary = inMeta.find(({ kind }) => kind === 'pitm')?.data;
  const properties = boxesIn(inMeta.find(({ kind }) => kind === 'iprp')?.data ?? Buffer.alloc(0));
  const all = boxesIn(properties.find(({ kind }) => kind === 'ipco')?.data ?? Buffer.alloc(0));
  const association = properties.find(({ kind }) => kind === 'ipma')?.data;
  if (primary === undefined || primary.length < 6 || association === undefined) return null;
  const item = primary[0] === 0 ? primary.readUInt16BE(4) : readUInt(primary, 4, 4);
  const colours = propertiesOf(association, item)
    .map((number) => all[number - 1])
    .filter((box) => box?.kind === 'colr');
  if (colours.some((box) => box?.data.toString('latin1', 0, 4) !== 'nclx')) return null;
  const [first] = colours;
  if (first === undefined || first.data.length < 10) return null;
  return pointsOf(first.data.readUInt16BE(4), first.data.readUInt16BE(6));
}

/** Which properties, counted from 1, the box `ipma` gives to an item. */
function propertiesOf(data: Buffer, wanted: number): number[] {
  const isWideItem = data[0] !== 0;
  const isWideIndex = ((data[3] ?? 0) & 1) === 1;
  const count = readUInt(data, 4, 4);
  let at = 8;
  for (let entry = 0; entry < count && at < data.length; entry += 1) {
    const item = readUInt(data, at, isWideItem ? 4 : 2);
    at += isWideItem ? 4 : 2;
    const associations = data[at] ?? 0;
    at += 1;
    const found: number[] = [];
    for (let one = 0; one < associations; one += 1) {
      // The highest bit says whether the property is essential.
      found.push(isWideIndex ? readUInt(data, at, 2) & 0x7fff : readUInt(data, at, 1) & 0x7f);
      at += isWideIndex ? 2 : 1;
    }
    if (item === wanted) return found;
  }
  return [];
}

/** 0 beyond the end. */
function readUInt(data: Buffer, at: number, bytes: 1 | 2 | 4): number {
  return at + bytes <= data.length ? data.readUIntBE(at, bytes) : 0;
}
