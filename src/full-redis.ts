/**
 * Redis takes nothing that changes it until somebody makes room or a replica is back: its memory is at `maxmemory`, it can write nothing to its
 * disk, or too few replicas follow. What it refused has changed nothing. https://redis.io/docs/latest/develop/reference/eviction/
 */
export function isRefusedForNow(error: unknown): error is Error {
  return error instanceof Error && /(?:^|-|\s)(?:OOM|MISCONF|NOREPLICAS)\s/.test(error.message);
}

/**
 * Redis has not looked at it: somebody's script keeps it busy, or its password was changed and this connection has yet to give the new one. Nothing
 * has changed. https://redis.io/docs/latest/develop/programmability/eval-intro/#debugging-eval-scripts
 */
export function isTurnedAway(error: unknown): error is Error {
  return error instanceof Error && /^(?:BUSY|NOAUTH)\s/.test(error.message);
}
