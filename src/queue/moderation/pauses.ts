import { z } from 'zod';
import { day } from '../../units.ts';
import { pauseSchema } from './moderation.ts';
import type { Moderation, Pause } from './moderation.ts';
import { checkedId, owners, standing } from './stored.ts';
import type { Note, Stored } from './stored.ts';

/** Node's timers hold 24 days; a pause that is longer is ended by who looks now and then. */
const longestTimer = 24 * day;

const countReply = z.number().int();

/** Guilds that wait, or all. */
export function createPauses({
  connection,
  names,
  log,
  run,
  entry,
}: Stored): Pick<
  Moderation,
  'pause' | 'resume' | 'pauseOf' | 'globalPause' | 'globalResume' | 'globalPauseOf'
> & { close(): void } {
  const timers = new Set<NodeJS.Timeout>();

  async function begin(scope: string, pause: Omit<Pause, 'since'>, note: Note): Promise<number> {
    const text = JSON.stringify(pauseSchema.parse({ ...pause, since: Date.now() }));
    const waiting = await run('pause', { scope, text, entry: entry(note) });
    endPausesAt(pause.until);
    return countReply.parse(waiting);
  }

  async function end(scope: string, note: Note): Promise<number | null> {
    return countReply.nullable().parse(await run('resume', { scope, entry: entry(note) }));
  }

  /** Others look too, but not at the very moment. */
  function endPausesAt(until: number | null): void {
    if (until === null || until - Date.now() > longestTimer) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        run('endPauses', {}).catch((error: unknown) =>
          log.warn({ error: String(error) }, 'a pause is over, but could not be ended yet'),
        );
      },
      Math.max(0, until - Date.now()),
    );
    timer.unref();
    timers.add(timer);
  }

  return {
    async globalPauseOf(): Promise<Pause | null> {
      return standing(pauseSchema, await connection.hget(names.pauses, 'deployment'), Date.now());
    },

    async pauseOf(guildId: string): Promise<Pause | null> {
      const stored = await connection.hget(names.pauses, checkedId(guildId));
      return standing(pauseSchema, stored, Date.now());
    },

    async pause(guildId: string, pause: Omit<Pause, 'since'>): Promise<number> {
      return begin(checkedId(guildId), pause, {
        ...{ guildId, actorId: pause.by, action: 'pause', reason: pause.reason },
        details: { until: pause.until },
      });
    },

    async resume(guildId: string, by: string): Promise<number | null> {
      return end(checkedId(guildId), { guildId, actorId: by, action: 'resume' });
    },

    async globalPause(pause: Omit<Pause, 'since'>): Promise<void> {
      await begin('deployment', pause, {
        ...{ ...owners(pause.by), action: 'global_pause', reason: pause.reason },
        details: { until: pause.until },
      });
    },

    async globalResume(by: string): Promise<boolean> {
      return (await end('deployment', { ...owners(by), action: 'global_resume' })) !== null;
    },

    close(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
