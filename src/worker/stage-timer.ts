import { performance } from 'node:perf_hooks';

/** Seconds between laps, by name, to the millisecond. */
export function createClock(told: (name: string, seconds: number) => void) {
  const laps: Record<string, number> = {};
  let last = performance.now();
  return {
    laps,
    lap(name: string): number {
      const now = performance.now();
      const seconds = Math.round(now - last) / 1000;
      last = now;
      laps[name] = seconds;
      told(name, seconds);
      return seconds;
    },
  };
}
