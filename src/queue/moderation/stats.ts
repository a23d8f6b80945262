import type { Generation } from '../contract/generation.ts';
import type { GuildStats } from './moderation.ts';
import { day } from '../../units.ts';

const mostPeople = 10;

/**
 * @param open   what has not reached its person yet
 * @param ended  whose work ended in the last 24 hours, however it ended
 */
export function statsOf(open: readonly Generation[], ended: readonly Generation[], now: number): GuildStats {
  const people = new Map<string, { userId: string; done: number; gpuSeconds: number }>();
  const count = { done: 0, failed: 0, cancelled: 0 };
  let gpuSeconds = 0;
  const waits: number[] = [];
  for (const generation of ended) {
    const { status, userId, result, startedAt, createdAt } = generation;
    if (status === 'failed' || status === 'cancelled') count[status] += 1;
    if ((status === 'delivering' || status === 'delivered') && result !== null) {
      count.done += 1;
      gpuSeconds += result.engineSeconds;
      const person = people.get(userId) ?? { userId, done: 0, gpuSeconds: 0 };
      people.set(userId, {
        userId,
        done: person.done + 1,
        gpuSeconds: person.gpuSeconds + result.engineSeconds,
      });
    }
    if (startedAt !== null && startedAt >= now - day) waits.push((startedAt - createdAt) / 1000);
  }
  return {
    waiting: open.filter(({ status }) => status === 'queued').length,
    running: open.filter(({ status }) => status === 'running').length,
    ...count,
    gpuSeconds,
    people: [...people.values()]
      .sort((left, right) => right.gpuSeconds - left.gpuSeconds || right.done - left.done)
      .slice(0, mostPeople),
    medianWaitSeconds: median(waits),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((left, right) => left - right);
  const [low, high] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
