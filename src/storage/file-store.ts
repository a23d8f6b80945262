import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Stats } from 'node:fs';
import { hasCode } from '../error-code.ts';
import { namingFullDisk } from '../full-disk.ts';
import { ArtifactMissing, assertKey, assertPrefix } from './store.ts';
import type { ArtifactEntry, ArtifactSource, ArtifactStore } from './store.ts';

/** Unfinished writes; a key cannot begin with a dot. */
const partialFolder = '.partial';

/** Artifacts as files below one folder, on a disk that the bot and the workers share. */
export function createFileStore(directory: string): ArtifactStore {
  let identity: string | undefined;
  const pathOf = (key: string) => join(directory, ...assertKey(key).split('/'));

  async function* entries(folder: string): AsyncGenerator<{ path: string; stats: Stats }> {
    const names = await readdir(folder, { withFileTypes: true }).catch(orNothing([]));
    for (const entry of names) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== partialFolder) yield* entries(path);
        continue;
      }
      const stats = await stat(path).catch(orNothing(null));
      if (stats !== null) yield { path, stats };
    }
  }

  return {
    put(key: string, source: ArtifactSource) {
      return namingFullDisk(directory, async () => {
        const target = pathOf(key);
        const partial = join(directory, partialFolder, randomUUID());
        await mkdir(dirname(partial), { recursive: true });
        await mkdir(dirname(target), { recursive: true });
        try {
          if (source instanceof Uint8Array) await writeFile(partial, source);
          else await copyFile(source.path, partial, constants.COPYFILE_FICLONE);
          // Renaming before the bytes are on the disk can leave an empty file after a power cut.
          const file = await open(partial, 'r+');
          try {
            await file.sync();
          } finally {
            await file.close();
          }
          const { size } = await stat(partial);
          await rename(partial, target);
          return { bytes: size };
        } finally {
          await rm(partial, { force: true });
        }
      });
    },
    async get(key) {
      return readFile(pathOf(key)).catch(missing(key));
    },
    async open(key, part) {
      const file = await open(pathOf(key)).catch(missing(key));
      return file.createReadStream(part);
    },
    async fetchTo(key, path) {
      await namingFullDisk(dirname(path), () =>
        copyFile(pathOf(key), path, constants.COPYFILE_FICLONE).catch(missing(key)),
      );
    },
    async size(key) {
      const stats = await stat(pathOf(key)).catch(orNothing(null));
      return stats?.size ?? null;
    },
    async delete(key) {
      await rm(pathOf(key), { force: true });
    },
    async deletePrefix(prefix) {
      const folder = pathOf(assertPrefix(prefix).slice(0, -1));
      let count = 0;
      for await (const entry of entries(folder)) {
        await rm(entry.path, { force: true });
        count += 1;
      }
      await rm(folder, { recursive: true, force: true });
      return count;
    },
    async deleteUnfinished(instant) {
      let count = 0;
      for await (const entry of entries(join(directory, partialFolder))) {
        if (entry.stats.mtimeMs >= instant) continue;
        await rm(entry.path, { force: true });
        count += 1;
      }
      return count;
    },
    async list(prefix) {
      const found: ArtifactEntry[] = [];
      for await (const { path, stats } of entries(pathOf(assertPrefix(prefix).slice(0, -1)))) {
        const key = relative(directory, path).split(sep).join('/');
        found.push({ key, bytes: stats.size, writtenAt: stats.mtimeMs });
      }
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async health() {
      await mkdir(directory, { recursive: true });
      await access(directory, constants.R_OK | constants.W_OK);
      // A volume that goes leaves an empty folder behind, in which every artifact would be missing.
      const { dev, ino } = await stat(directory);
      const found = `${dev}:${ino}`;
      identity ??= found;
      if (identity !== found)
        throw new Error(`${directory} is another folder than before: is its volume gone?`);
    },
    close: () => Promise.resolve(),
  };
}

function missing(key: string) {
  return (error: unknown): never => {
    throw hasCode(error, 'ENOENT') ? new ArtifactMissing(key) : error;
  };
}

function orNothing<T>(nothing: T) {
  return (error: unknown): T => {
    if (hasCode(error, 'ENOENT')) return nothing;
    throw error;
  };
}
