/** How long things are kept. Texts that people read, settings and the store go by these. */
import { day } from './units.ts';

/** "Again" works on results of a month; older records and their indexes go, so that Redis' memory has a bound. */
export const recordRetentionDays = 30;
export const recordRetention = recordRetentionDays * day;

/** Inputs and videos in the store: two days longer, so that no record that can still be run again lacks its inputs. */
export const artifactRetention = recordRetention + 2 * day;
