import type { Clock } from './clock.ts';

/** The first second of 2015, from which Discord counts. https://discord.com/developers/docs/reference#snowflakes */
const discordEpoch = 1_420_070_400_000;

/** Makes Discord ids: unique, rising, and carrying the time of their making. */
export class Snowflakes {
  private readonly clock: Clock;
  private last = 0n;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  next(): string {
    const fromTime = BigInt(this.clock.now() - discordEpoch) << 22n;
    this.last = fromTime > this.last ? fromTime : this.last + 1n;
    return this.last.toString();
  }
}

/** When an id was made, in milliseconds since 1970. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> 22n) + discordEpoch;
}
