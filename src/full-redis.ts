/**
 * Redis takes nothing that changes it until somebody makes room or a replica is back: its memory is at `maxmemory`, it can write nothing to its
 * disk, or too few replicas follow. What it refused has changed nothing. https://redis.io/docs/latest/develop/reference/eviction/
 */
export function isRefusedForNow(error: unknown): error is Error {
  return error instanceof Error && /(?:^|-|\s)(?:OOM|MISCONF|NOREPLICAS)\s/.test(error.message);
}

/**
 * Redis has not looked at it: somebody's script keeps it busy, the right to do it or the password was taken away, it has no place for one more
 * connection, or it is none to write to just now. Nothing has changed, also where one of our scripts was refused (`redis/script.ts`), and nothing is
 * wrong with what was to be done. https://redis.io/docs/latest/develop/programmability/eval-intro/#debugging-eval-scripts
 */
export function isTurnedAway(error: unknown): error is Error {
  return error instanceof Error && turnedAway.test(error.message);
}

/** Redis 6 and 7.0 say of a script's missing right no word of their own. */
const turnedAway =
  /^(?:BUSY|NOAUTH|WRONGPASS|NOPERM|DENIED|LOADING|MASTERDOWN|READONLY|UNBLOCKED|CLUSTERDOWN|TRYAGAIN)\s|^ERR max number of clients|\bNOPERM\s|The user executing the script can't/;
