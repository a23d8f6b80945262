import { Refusal } from '../../refusal.ts';
import { quoted } from '../../text/format.ts';

const secondsOf = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** The units stand in this order, each at most once: `1d12h`, `2h`, `90m`, `1m 30s`. */
const form = /^(?:(?<d>\d{1,9})d)?(?:(?<h>\d{1,9})h)?(?:(?<m>\d{1,9})m(?:in)?)?(?:(?<s>\d{1,9})s)?$/i;

/** A length of time as it is typed: `30m`, `2h`, `1d12h`. */
export interface SpanBounds {
  readonly minimumSeconds: number;
  readonly maximumSeconds: number;
}

/** How long a pause or a ban may be that ends by itself. */
export const moderationSpan: SpanBounds = { minimumSeconds: 60, maximumSeconds: 365 * 86_400 };

/**
 * Reads a length of time as moderators type it.
 *
 * @returns seconds
 * @throws Refusal that says which forms there are, or which lengths are possible
 */
export function parseTimeSpan(text: string, { minimumSeconds, maximumSeconds }: SpanBounds): number {
  const parts = form.exec(text.normalize('NFKC').replaceAll(/\s+/gu, ''))?.groups;
  const given = Object.entries(secondsOf).filter(([unit]) => parts?.[unit] !== undefined);
  if (given.length === 0) throw new Refusal('queue.span', { text: quoted(text, 40) });
  const seconds = given.reduce((sum, [unit, worth]) => sum + Number(parts?.[unit]) * worth, 0);
  if (seconds < minimumSeconds || seconds > maximumSeconds) {
    const values = { minimum: timeSpan(minimumSeconds), maximum: timeSpan(maximumSeconds) };
    throw new Refusal('queue.span_range', values);
  }
  return seconds;
}

/** The same the other way round: `1d12h`. @param seconds whole, at least 1 */
export function timeSpan(seconds: number): string {
  let rest = seconds;
  return Object.entries(secondsOf)
    .map(([unit, worth]) => {
      const count = Math.floor(rest / worth);
      rest -= count * worth;
      return count === 0 ? '' : `${count}${unit}`;
    })
    .join('');
}
