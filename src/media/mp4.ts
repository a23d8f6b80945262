import { open } from 'node:fs/promises';

/** C2PA specification, section A.4 (BMFF): the box `uuid` that holds a manifest store. */
const manifestUuid = 'd8fec3d61b0e483c92975828877ec481';
/** Manifests stand near the start, before the picture. */
const mostBoxes = 64;

/** Bytes of an MP4's C2PA manifest; null where it has none, or is no MP4. Nothing is checked. */
export async function manifestBytesOf(path: string): Promise<number | null> {
  const file = await open(path);
  try {
    for (let at = 0, count = 0; count < mostBoxes; count += 1) {
      // 32 bits of length, four letters, 64 bits of length where 32 are not enough, 16 bytes of a UUID
      const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, at);
      if (bytesRead < 8) return null;
      const [short, kind] = [buffer.readUInt32BE(0), buffer.toString('latin1', 4, 8)];
      const isLong = short === 1;
      const length = isLong ? Number(buffer.readBigUInt64BE(8)) : short;
      const uuid = buffer.toString('hex', isLong ? 16 : 8, isLong ? 32 : 24);
      if (kind === 'uuid' && uuid === manifestUuid) return length;
      // 0: the box goes to the end of the file
      if (length < 8) return null;
      at += length;
    }
    return null;
  } finally {
    await file.close();
  }
}
