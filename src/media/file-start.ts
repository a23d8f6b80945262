import { open } from 'node:fs/promises';

/** The first bytes of a file. @param length in bytes; what is not there is 0 */
export async function readStart(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    return (await file.read(Buffer.alloc(length), 0, length, 0)).buffer;
  } finally {
    await file.close();
  }
}
