import type { Redis } from 'ioredis';
import type { Logger } from '../../log.ts';
import type { Generation } from './generation.ts';
import type { Ledger } from '../redis/ledger.ts';

/** Records on their way from Redis at a time. */
const readAtOnce = 200;

/** What reads records needs. */
export interface RecordSource {
  readonly connection: Redis;
  readonly ledger: Ledger;
  readonly log: Logger;
}

/**
 * A record, or null where there is none or this program cannot read it: one that is damaged, or of a newer version, must not hide the
 * others. It stands in the log.
 *
 * @throws Error when Redis cannot be reached
 */
export async function readableRecord(
  { connection, ledger, log }: RecordSource,
  id: string,
): Promise<Generation | null> {
  try {
    return await ledger.get(id);
  } catch (error) {
    // Without a connection nothing can be read.
    if (connection.status !== 'ready') throw error;
    log.error({ generationId: id, error: String(error) }, 'a record cannot be read');
    return null;
  }
}

/** Those of the records that there are and that can be read, in the order of the ids. @throws as {@link readableRecord} */
export async function readableRecords(source: RecordSource, ids: readonly string[]): Promise<Generation[]> {
  const found: Generation[] = [];
  for (let start = 0; start < ids.length; start += readAtOnce) {
    const read = ids.slice(start, start + readAtOnce).map((id) => readableRecord(source, id));
    found.push(...(await Promise.all(read)).filter((generation) => generation !== null));
  }
  return found;
}
