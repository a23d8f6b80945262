import { finished } from 'node:stream/promises';
import { createInflate, constants } from 'node:zlib';

/** Samples of a pixel, by colour type (PNG, third edition, table 9). */
const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * How many rows of a PNG are there, from the top, before it was cut off or is damaged. The library decodes rows in strips, and where they end it shows what was in
 * memory before.
 *
 * @returns null for interlaced pictures, whose rows do not come one after the other, and for what is no PNG
 */
export async function wholeRows(file: Buffer): Promise<number | null> {
  if (file.length < 33 || file.toString('latin1', 12, 16) !== 'IHDR' || file.readUInt8(28) !== 0) return null;
  const [width, depth, colour] = [file.readUInt32BE(16), file.readUInt8(24), file.readUInt8(25)];
  const samples = samplesOf[colour];
  if (samples === undefined) return null;
  // Each row has a byte for its filter.
  const rowBytes = Math.ceil((width * samples * depth) / 8) + 1;
  const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
  let bytes = 0;
  inflate.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  const read = finished(inflate).catch(() => undefined);
  for (let at = 8; at + 8 <= file.length;) {
    const [length, start] = [file.readUInt32BE(at), at + 8];
    const kind = file.toString('latin1', at + 4, start);
    if (kind === 'IDAT') inflate.write(file.subarray(start, start + length));
    else if (kind === 'IEND') break;
    at = start + length + 4;
  }
  inflate.end();
  await read;
  return Math.floor(bytes / rowBytes);
}
