/**
 * Redis takes nothing that changes it until somebody makes room or a replica is back: its memory is at `maxmemory`, it can write nothing to its
 * disk, or too few replicas follow. What it refused has changed nothing. https://redis.io/docs/latest/develop/reference/eviction/
 */
export function isRefusedForNow(error: unknown): error is Error {
  return error instanceof Error && /(?:^|-|\s)(?:OOM|MISCONF|NOREPLICAS)\s/.test(error.message);
}
