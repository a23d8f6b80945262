import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { namingFullDisk } from '../full-disk.ts';
import type { IntakeEntry, IntakeJournal } from '../commands/support/services.ts';

const entrySchema = z.strictObject({
  id: z.string(),
  applicationId: z.string(),
  interactionToken: z.string(),
  tokenExpiresAt: z.number(),
  locale: z.string(),
});

/**
 * One small file per request whose files are being read. It is on disk and not in Redis because it must not be able to fail
 * for the reason that the acceptance failed.
 */
export class FileIntakeJournal implements IntakeJournal {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async begin(entry: IntakeEntry): Promise<void> {
    await namingFullDisk(this.#folder, async () => {
      await mkdir(this.#folder, { recursive: true });
      try {
        await writeFile(join(this.#folder, `${entry.id}.json`), JSON.stringify(entry), { mode: 0o600 });
      } catch (error) {
        await this.end(entry.id);
        throw error;
      }
    });
  }

  async end(id: string): Promise<void> {
    await rm(join(this.#folder, `${id}.json`), { force: true });
  }

  /** What an earlier process left behind. A file that cannot be read, as after a power cut, is removed. */
  async leftBehind(): Promise<IntakeEntry[]> {
    await mkdir(this.#folder, { recursive: true });
    const entries: IntakeEntry[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith('.json')) continue;
      const path = join(this.#folder, name);
      const parsed = entrySchema.safeParse(parseOrNull(await readFile(path, 'utf8')));
      if (parsed.success) entries.push(parsed.data);
      else await rm(path, { force: true });
    }
    return entries;
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
