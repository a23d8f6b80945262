/** Money by day. Days and months are UTC's. */

/** `2026-11-28` */
function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/**
 * What a span costs, by day: a machine that ran over midnight is charged to both.
 *
 * @param from milliseconds since 1970, as `to`
 * @param pricePerHour US dollars
 * @returns US dollars by day; empty where `to` is not after `from`
 */
export function costByDay(from: number, to: number, pricePerHour: number): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (let at = from; at < to;) {
    const midnight = Date.parse(`${dayOf(at)}T00:00:00Z`) + 86_400_000;
    const end = Math.min(to, midnight);
    costs.set(dayOf(at), ((end - at) / 3_600_000) * pricePerHour);
    at = end;
  }
  return costs;
}

/** What of a ledger by day falls on the day and in the month of `now`, US dollars. */
export function spentAt(
  ledger: ReadonlyMap<string, number>,
  now: number,
): { readonly today: number; readonly month: number } {
  const today = dayOf(now);
  const month = today.slice(0, 7);
  let sum = 0;
  for (const [day, dollars] of ledger) if (day.startsWith(month)) sum += dollars;
  return { today: ledger.get(today) ?? 0, month: sum };
}
