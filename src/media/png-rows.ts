import { finished } from 'node:stream/promises';
import { createDeflate, createInflate, constants, crc32 } from 'node:zlib';
import type { Inflate } from 'node:zlib';

/** Samples of a pixel, by colour type (PNG, third edition, table 9). */
const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: number;
  readonly isInterlaced: boolean;
}

function headerOf(file: Buffer): Header | null {
  if (file.length < 33 || file.toString('latin1', 12, 16) !== 'IHDR') return null;
  const samples = samplesOf[file.readUInt8(25)];
  if (samples === undefined) return null;
  return {
    width: file.readUInt32BE(16),
    height: file.readUInt32BE(20),
    bitsPerPixel: samples * file.readUInt8(24),
    isInterlaced: file.readUInt8(28) !== 0,
  };
}

/** Each row has a byte for its filter. */
function rowBytes(pixels: number, bitsPerPixel: number): number {
  return pixels === 0 ? 0 : Math.ceil((pixels * bitsPerPixel) / 8) + 1;
}

/**
 * A PNG that was cut off or is damaged: whole again, with nothing in the rows that are missing. The library decodes chunks and rows in strips: of a
 * chunk that is not whole, which may hold all of the picture, it shows nothing, and where rows end, what was in memory before.
 *
 * @returns the file, and how many rows are there, from the top; null for interlaced pictures, whose rows do not come one after the other, and for
 *   what is no PNG
 */
export async function completedRows(
  file: Buffer,
): Promise<{ readonly png: Buffer; readonly rows: number } | null> {
  const header = headerOf(file);
  if (header === null || header.isInterlaced) return null;
  const each = rowBytes(header.width, header.bitsPerPixel);
  const rows = Math.min(header.height, Math.floor((await inflatedBytes(file)) / each));
  return { png: await completed(file, rows * each, header.height - rows, each), rows };
}

/** Of an interlaced picture, the first and the distance of columns and rows in all passes but the last (PNG, third edition, 8.2): together every second row. */
const earlierPasses = [
  [0, 8, 0, 8],
  [4, 8, 0, 8],
  [0, 4, 4, 8],
  [2, 4, 0, 4],
  [0, 2, 2, 4],
  [1, 2, 0, 2],
] as const;

/**
 * An interlaced PNG that was cut off or is damaged in its last pass, which has every second row: whole again, with nothing in the rows that are missing.
 *
 * @returns the file, and the first row that is missing, after which every second one is; null for others
 */
export async function completedInterlaced(
  file: Buffer,
): Promise<{ readonly png: Buffer; readonly firstMissing: number } | null> {
  const header = headerOf(file);
  if (header === null || !header.isInterlaced) return null;
  const { width, height, bitsPerPixel } = header;
  const count = (length: number, first: number, step: number) =>
    Math.max(0, Math.ceil((length - first) / step));
  const earlier = earlierPasses.reduce((sum, [column, columns, row, rows]) => {
    return sum + count(height, row, rows) * rowBytes(count(width, column, columns), bitsPerPixel);
  }, 0);
  const each = rowBytes(width, bitsPerPixel);
  const there = Math.floor(((await inflatedBytes(file)) - earlier) / each);
  const last = Math.floor(height / 2);
  if (there < 0 || there >= last) return null;
  const png = await completed(file, earlier + there * each, last - there, each);
  return { png, firstMissing: 2 * there + 1 };
}

/** @param kept bytes of rows that are there @param missing rows of `each` bytes */
async function completed(file: Buffer, kept: number, missing: number, each: number): Promise<Buffer> {
  const packed: Buffer[] = [];
  const deflate = createDeflate({ level: 1 }).on('data', (piece: Buffer) => packed.push(piece));
  let left = kept;
  await inflated(file, (piece, unfolding) => {
    // A picture of many pixels is not to lie here all at once.
    if (left > 0 && !deflate.write(piece.subarray(0, left))) {
      unfolding.pause();
      deflate.once('drain', () => unfolding.resume());
    }
    left -= piece.length;
  });
  // What waited when it came to where the file is damaged.
  if (left > 0) deflate.write(Buffer.alloc(left));
  const nothing = Buffer.alloc(each);
  for (let row = 0; row < missing; row += 1) deflate.write(nothing);
  deflate.end();
  await finished(deflate);
  const before = chunksOf(file).filter(({ kind }) => kind !== 'IDAT' && kind !== 'IEND');
  return Buffer.concat([
    file.subarray(0, 8),
    ...before.map(({ whole }) => whole),
    chunk('IDAT', Buffer.concat(packed)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(data.length + 12);
  whole.writeUInt32BE(data.length, 0);
  whole.write(kind, 4, 'latin1');
  data.copy(whole, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8);
  return whole;
}

/** More than encoders make of the largest file that is taken: they write some thousand bytes at a time. */
const mostChunks = 100_000;

/**
 * A PNG whose chunk `eXIf`, which says which side is up, stands behind the picture (as PNG, third edition, 5.6, allows): with the chunk before it, where the library looks. Null for others.
 */
export function withEarlyExif(file: Buffer): Buffer | null {
  const chunks = chunksOf(file);
  const picture = chunks.findIndex(({ kind }) => kind === 'IDAT');
  const exif = chunks.findIndex(({ kind }) => kind === 'eXIf');
  const moved = chunks[exif];
  if (picture === -1 || moved === undefined || exif < picture) return null;
  const rest = chunks.toSpliced(exif, 1).toSpliced(picture, 0, moved);
  return Buffer.concat([file.subarray(0, 8), ...rest.map(({ whole }) => whole)]);
}

function chunksOf(file: Buffer): { readonly kind: string; readonly whole: Buffer; readonly data: Buffer }[] {
  const chunks = [];
  for (let at = 8; at + 8 <= file.length && chunks.length < mostChunks;) {
    const [length, start] = [file.readUInt32BE(at), at + 8];
    const kind = file.toString('latin1', at + 4, start);
    const end = start + length + 4;
    chunks.push({ kind, whole: file.subarray(at, end), data: file.subarray(start, start + length) });
    if (kind === 'IEND') break;
    at = end;
  }
  return chunks;
}

async function inflatedBytes(file: Buffer): Promise<number> {
  let bytes = 0;
  await inflated(file, (piece) => {
    bytes += piece.length;
  });
  return bytes;
}

/** Hands over what the pixels' chunks unfold into, up to where they end or are damaged. */
async function inflated(file: Buffer, take: (piece: Buffer, inflate: Inflate) => void): Promise<void> {
  const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
  inflate.on('data', (piece: Buffer) => take(piece, inflate));
  const read = finished(inflate).catch(() => undefined);
  for (const { kind, data } of chunksOf(file)) if (kind === 'IDAT') inflate.write(data);
  inflate.end();
  await read;
}
