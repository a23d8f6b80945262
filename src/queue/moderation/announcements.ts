import { z } from 'zod';
import { drainSchema } from './moderation.ts';
import type { Moderation } from './moderation.ts';
import { owners } from './stored.ts';
import type { Stored } from './stored.ts';

/** Words of the owners that stand until they are taken back: nothing new is taken, or work is going on. */
export function createAnnouncements({
  names,
  run,
  entry: entryOf,
}: Stored): Pick<Moderation, 'drain' | 'endDrain' | 'maintenance'> {
  return {
    async drain(by: string, message: string | null): Promise<void> {
      await run('announce', {
        key: names.drain,
        text: JSON.stringify(drainSchema.parse({ by, since: Date.now(), message })),
        entry: entryOf({ ...owners(by), action: 'drain', reason: message, details: { on: true } }),
      });
    },

    async endDrain(by: string): Promise<boolean> {
      const ended = await run('withdraw', {
        key: names.drain,
        entry: entryOf({ ...owners(by), action: 'drain', details: { on: false } }),
      });
      return z.boolean().parse(ended);
    },

    async maintenance(by: string, message: string | null): Promise<void> {
      const details = { on: message !== null };
      const entry = entryOf({ ...owners(by), action: 'maintenance', reason: message, details });
      if (message === null) await run('withdraw', { key: names.maintenance, entry });
      else await run('announce', { key: names.maintenance, text: message, entry });
    },
  };
}
