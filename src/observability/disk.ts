import { mkdir, statfs } from 'node:fs/promises';
import { Gauge } from 'prom-client';
import { show } from './safe-metrics.ts';
import type { Registry } from 'prom-client';

/** Free space where scratch files and artifacts lie. */
export function watchDisk(registry: Registry, directory: string): void {
  const free = new Gauge({
    name: 'humo_disk_free_bytes',
    help: 'Free space on the disk that holds DATA_DIRECTORY',
    registers: [registry],
    async collect() {
      await mkdir(directory, { recursive: true });
      const { bavail, bsize } = await statfs(directory);
      show(free, {}, bavail * bsize);
    },
  });
}
