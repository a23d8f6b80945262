/**
 * When GPUs are started and stopped: a function of what is known, and of nothing else. Whoever wants other rules changes them here.
 */
import type { Offer } from './provider.ts';

export interface Rules {
  /** never more machines of ours than this */
  readonly maximumPods: number;
  /** another one is started when what waits would wait longer than this, seconds; without a machine it always would */
  readonly startWaitSeconds: number;
  /** one that had nothing to do for this long is stopped */
  readonly idleSeconds: number;
  /** one that does not take jobs by then is stopped, and the owners hear of it */
  readonly startTimeoutSeconds: number;
  /** US dollars; what is running when it is reached is stopped */
  readonly dailyCap: number;
  readonly monthlyCap: number;
  /** hours of the day, UTC, in which one may be started: from (inclusive) to (exclusive); over midnight where from > to */
  readonly hours: { readonly from: number; readonly to: number };
  /** the time between two looks: what is spent before anybody can stop it, seconds */
  readonly tickSeconds: number;
}

/** A machine of ours as the scaler knows it. Times are milliseconds since 1970. */
export interface Pod {
  readonly name: string;
  /** US dollars */
  readonly pricePerHour: number;
  readonly askedAt: number;
  /** when its worker took jobs first; null: not yet */
  readonly readyAt: number | null;
  /** when its worker was last seen alive and at work, or became ready */
  readonly busyAt: number;
  readonly isBusy: boolean;
  /** it is being stopped: it costs, takes up a place, and does nothing more */
  readonly isEnding: boolean;
}

export interface Situation {
  readonly now: number;
  readonly pods: readonly Pod[];
  /** workers that take jobs and are none of our pods: machines of the owner's own */
  readonly otherWorkers: number;
  /** generations that wait and are not held, and their expected GPU seconds together */
  readonly waiting: { readonly count: number; readonly seconds: number };
  /** US dollars, up to now */
  readonly spent: { readonly today: number; readonly month: number };
  /** what can be had, best first */
  readonly offers: readonly Offer[];
  /** no start before this: the last one failed */
  readonly backOffUntil: number;
}

export type StopReason = 'idle' | 'never_ready' | 'cap';

export type Action =
  | { readonly do: 'start'; readonly offer: Offer }
  | { readonly do: 'stop'; readonly name: string; readonly because: StopReason };

/** Why nothing more is started although something waits; for people and metrics. */
export type Hindrance = 'cap' | 'hours' | 'no_offer' | 'back_off' | 'maximum';

export interface Decision {
  readonly actions: readonly Action[];
  readonly hindrance: Hindrance | null;
}

/** A start that could not even work for this long before the cap would end it is money for nothing. */
const shortestWorthSeconds = 600;

/** Decides what is started and stopped now. Stops come first: what they free is not spent on starts of the same look. */
export function decide(situation: Situation, rules: Rules): Decision {
  const stops = situation.pods.flatMap((pod): Action[] => {
    const because = stopReason(pod, situation, rules);
    return because === null ? [] : [{ do: 'stop', name: pod.name, because }];
  });
  const stopped = new Set(stops.map((stop) => (stop.do === 'stop' ? stop.name : '')));
  const staying = situation.pods.filter(({ name, isEnding }) => !isEnding && !stopped.has(name));
  const { starts, hindrance } = startsFor(staying, situation, rules);
  return { actions: [...stops, ...starts], hindrance };
}

function stopReason(pod: Pod, situation: Situation, rules: Rules): StopReason | null {
  const { now, waiting } = situation;
  if (pod.isEnding) return null;
  if (wouldPassCap(situation, rules)) return 'cap';
  if (pod.readyAt === null) {
    return now - pod.askedAt >= rules.startTimeoutSeconds * 1000 ? 'never_ready' : null;
  }
  const idle = !pod.isBusy && now - pod.busyAt >= rules.idleSeconds * 1000;
  // What waits is for a machine that is about to take it; one that takes nothing although something waits has its time, too.
  const spared = waiting.count > 0 && now - pod.busyAt < rules.idleSeconds * 2000;
  return idle && !spared ? 'idle' : null;
}

/** Whether what runs now would spend more than there is before the next look but one. */
function wouldPassCap({ pods, spent }: Situation, rules: Rules): boolean {
  const perSecond = pods.reduce((sum, pod) => sum + pod.pricePerHour, 0) / 3600;
  const until = perSecond * rules.tickSeconds * 2;
  return perSecond > 0 && (spent.today + until > rules.dailyCap || spent.month + until > rules.monthlyCap);
}

function startsFor(
  staying: readonly Pod[],
  situation: Situation,
  rules: Rules,
): { starts: Action[]; hindrance: Hindrance | null } {
  const { now, waiting, otherWorkers, offers, backOffUntil } = situation;
  const there = staying.length + otherWorkers;
  const wanted = machinesFor(waiting, rules.startWaitSeconds) - there;
  if (wanted <= 0) return { starts: [], hindrance: null };
  if (!isOpen(now, rules.hours)) return { starts: [], hindrance: 'hours' };
  if (now < backOffUntil) return { starts: [], hindrance: 'back_off' };
  const room = rules.maximumPods - situation.pods.length;
  if (room <= 0) return { starts: [], hindrance: 'maximum' };
  const starts: Action[] = [];
  let perHour = situation.pods.reduce((sum, pod) => sum + pod.pricePerHour, 0);
  for (let count = 0; count < Math.min(wanted, room); count += 1) {
    const offer = offers.find(({ pricePerHour }) => isAffordable(perHour + pricePerHour, situation, rules));
    if (offer === undefined) return { starts, hindrance: offers.length === 0 ? 'no_offer' : 'cap' };
    starts.push({ do: 'start', offer });
    perHour += offer.pricePerHour;
  }
  return { starts, hindrance: starts.length < wanted ? 'maximum' : null };
}

/** How many machines make what waits wait no longer than the given time. */
function machinesFor(waiting: Situation['waiting'], waitSeconds: number): number {
  if (waiting.count === 0) return 0;
  // More machines than requests would find nothing to do.
  return Math.min(waiting.count, Math.max(1, Math.ceil(waiting.seconds / Math.max(waitSeconds, 1))));
}

function isAffordable(perHour: number, { spent }: Situation, rules: Rules): boolean {
  const least = (perHour / 3600) * (shortestWorthSeconds + 2 * rules.tickSeconds);
  return spent.today + least <= rules.dailyCap && spent.month + least <= rules.monthlyCap;
}

/** Whether the hour of the day, UTC, lies in the given ones. */
export function isOpen(now: number, { from, to }: Rules['hours']): boolean {
  const hour = new Date(now).getUTCHours();
  return from === to || (from < to ? hour >= from && hour < to : hour >= from || hour < to);
}
