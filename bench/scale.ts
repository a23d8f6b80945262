/**
 * An hour of a hundred workers and two thousand people, in minutes: the real queue, the real consumer, engines that only take their
 * time. Once with the fair share, once first come, first served, on the same arrivals.
 *
 * Run with `npm run bench -- scale` or `node bench/scale.ts [workers] [users] [factor]`. Exits with 1 when a request is lost or run twice.
 */
import { arrivalsOf, kinds, simulate } from './scale/simulate.ts';
import type { Outcome, Scale } from './scale/simulate.ts';

const [workers = 100, users = 2000, factor = 20] = process.argv.slice(2).map(Number);
const scale: Scale = { workers, users, factor, seconds: 3600, load: 1, processes: 4, seed: 1 };
const arrivals = arrivalsOf(scale);
const outcomes: Record<string, Outcome> = {};
for (const order of ['fair', 'first-come'] as const) {
  process.stderr.write(
    `  ${order}: ${arrivals.length} requests of ${users} people on ${workers} workers, an hour in ${Math.round(scale.seconds / factor)} s …\n`,
  );
  const outcome = await simulate(scale, arrivals, order);
  outcomes[order] = outcome;
  const waits = kinds.map(
    (kind) => `${kind} ${outcome.waits[kind].median}/${outcome.waits[kind].p95}/${outcome.waits[kind].max}`,
  );
  process.stderr.write(
    `  ${order}: waits in seconds, median/95 %/longest: ${waits.join(', ')}; ${JSON.stringify(outcome)}\n`,
  );
}
const { fair, 'first-come': firstCome } = outcomes;
console.log(JSON.stringify({ workers, users, factor, jobs: arrivals.length, fair, firstCome }));
process.exit(fair?.lost === 0 && fair.twice === 0 ? 0 : 1);
