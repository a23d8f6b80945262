import { isAbsolute, relative } from 'node:path';
import { Failure } from './failure.ts';

/**
 * No room is left where this process writes. It is no fault of a person's file, and passes when somebody makes room: the message, which
 * goes to the log, names the folder and says what to do.
 */
export class DiskFull extends Failure {
  readonly folder: string;

  /** @param otherwise what else helps than to make room */
  constructor(folder: string, cause: unknown, otherwise = 'set DATA_DIRECTORY to a folder on a larger disk') {
    super('internal', 'disk_full', {}, { cause });
    this.folder = folder;
    this.message = `the disk is full: nothing more goes into ${folder}. Make room there, or ${otherwise}`;
  }
}

/** What a system call says of a disk without room, and of one where this user may write no more. */
const codes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
/** The same, as programs and libraries pass it on. */
const words = /No space left on device|Disk quota exceeded/;

/** Whether an error, or one that led to it, says that no room is left on a disk. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof DiskFull || ('code' in at && codes.has(at.code)) || words.test(at.message)) return true;
  }
  return false;
}

/**
 * Does work that writes below a folder. What the system says of a full disk names no folder, or a file that is gone by then.
 *
 * @param otherwise as in {@link DiskFull}
 * @throws DiskFull when the disk is full, whatever became of the error on its way; any other error as it is
 */
export async function namingFullDisk<T>(
  folder: string,
  work: () => Promise<T>,
  otherwise?: string,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error) || (error instanceof DiskFull && !isWithin(folder, error.folder))) throw error;
    throw new DiskFull(folder, error, otherwise);
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !way.startsWith('..') && !isAbsolute(way);
}
