import { open } from 'node:fs/promises';

/**
 * Writes a file of what comes, piece by piece. Not `pipeline`: where the file cannot be written and all of an answer from the network has come
 * already, it waits for ever for that answer to close.
 *
 * @returns bytes
 * @throws what the chunks throw, and what the system says of the file
 */
export async function writeChunks(chunks: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  await using file = await open(path, 'w');
  let bytes = 0;
  for await (const chunk of chunks) {
    await file.appendFile(chunk);
    bytes += chunk.length;
  }
  return bytes;
}
