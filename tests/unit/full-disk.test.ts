import { expect, test } from 'vitest';
import { DiskFull, isDiskFull, namingFullDisk } from '../../src/full-disk.ts';
import { Failure } from '../../src/failure.ts';
import { writeChunks } from '../../src/write-chunks.ts';

/** On Linux, a disk that is always full. */
const full = '/dev/full';

async function* pieces() {
  yield Buffer.from('a piece');
}

test('what the system says of a full disk becomes a sentence that names the folder and what to do', async () => {
  const writing = namingFullDisk('/data/scratch', async () => {
    // On its way it was taken for something else.
    await writeChunks(pieces(), full).catch((error: unknown) => {
      throw new Failure('unsupported_media', 'audio_unreadable', {}, { cause: error });
    });
  });
  const error: unknown = await writing.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DiskFull);
  expect(error).toMatchObject({
    identifier: 'disk_full',
    message: expect.stringMatching(/nothing more goes into \/data\/scratch\. Make room there, or set DATA_/),
  });
});

test('the folder that is named is one that stays, and the one that is full', async () => {
  const of = (folder: string, within: string) =>
    namingFullDisk(folder, async () => {
      throw new DiskFull(within, new Error('ENOSPC'));
    }).catch((caught: unknown) => (caught instanceof DiskFull ? caught.folder : null));
  expect(await of('/data/scratch', '/data/scratch/vm_1_bot-x')).toBe('/data/scratch');
  expect(await of('/data/scratch', '/data/artifacts')).toBe('/data/artifacts');
});

test('any other error stays what it is', async () => {
  const error = new Error('EACCES: permission denied');
  await expect(namingFullDisk('/data', () => Promise.reject(error))).rejects.toBe(error);
  expect([error, 'ENOSPC', null].map(isDiskFull)).toEqual([false, false, false]);
  expect(isDiskFull(new Error('write error\nsystem error: No space left on device'))).toBe(true);
});
