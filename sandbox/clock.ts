const unitMilliseconds: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a duration.
 * @param duration milliseconds, or a number with a unit: `250ms`, `30s`, `16m`, `25h`, `2d`
 * @returns milliseconds
 * @throws RangeError for anything else
 */
export function parseDuration(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  const factor = unitMilliseconds[match?.[2] ?? ''];
  if (match?.[1] === undefined || factor === undefined) {
    throw new RangeError(
      `"${duration}" is not a duration: write milliseconds or a number with ms, s, m, h or d, such as "16m"`,
    );
  }
  return Number(match[1]) * factor;
}

interface Alarm {
  readonly due: number;
  readonly ring: () => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The sandbox's time. It runs like the machine's and can be moved forward, so that a test sees a token of fifteen
 * minutes die without waiting. Everything in the sandbox that expires asks this clock.
 */
export class Clock {
  private readonly source: () => number;
  private readonly alarms = new Set<Alarm>();
  private ahead = 0;

  /** @param source milliseconds since 1970; the machine's time unless given */
  constructor(source: () => number = Date.now) {
    this.source = source;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.source() + this.ahead;
  }

  /** The time in the form that Discord's JSON carries. */
  timestamp(at = this.now()): string {
    return new Date(at).toISOString().replace('Z', '000+00:00');
  }

  /** Moves the clock forward; alarms that fall into the leap ring at once, in their order. */
  advance(duration: number | string): void {
    const milliseconds = parseDuration(duration);
    if (!(milliseconds >= 0)) throw new RangeError(`the clock only moves forward, not by ${duration}`);
    this.ahead += milliseconds;
    const pending = [...this.alarms].sort((left, right) => left.due - right.due);
    for (const alarm of pending) {
      clearTimeout(alarm.timer);
      if (alarm.due <= this.now()) this.ring(alarm);
      else this.arm(alarm);
    }
  }

  /** Calls back once this clock has passed `delay` milliseconds. @returns a function that cancels it */
  schedule(delay: number, ring: () => void): () => void {
    const alarm: Alarm = { due: this.now() + delay, ring, timer: undefined };
    this.alarms.add(alarm);
    this.arm(alarm);
    return () => {
      clearTimeout(alarm.timer);
      this.alarms.delete(alarm);
    };
  }

  /** Cancels every alarm. */
  stop(): void {
    for (const alarm of this.alarms) clearTimeout(alarm.timer);
    this.alarms.clear();
  }

  private arm(alarm: Alarm): void {
    alarm.timer = setTimeout(() => this.ring(alarm), Math.max(0, alarm.due - this.now()));
    // An alarm is never a reason to keep the process alive.
    alarm.timer.unref();
  }

  private ring(alarm: Alarm): void {
    if (this.alarms.delete(alarm)) alarm.ring();
  }
}
