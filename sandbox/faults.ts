/**
 * When a fault strikes: `arrival` before the body is read, `before` the request has any effect, `after` it took effect
 * and before the answer leaves.
 */
export type FaultMoment = 'arrival' | 'before' | 'after';

export interface RequestPattern {
  readonly method?: string;
  /** compared with the path below `/api/v10`: equal to a text, or matching an expression */
  readonly path?: string | RegExp;
}

export interface Fault extends RequestPattern {
  /** default `before` */
  readonly when?: FaultMoment;
  /** how many requests it strikes; default 1 */
  readonly times?: number;
  /** cut the connection without an answer (default when no status is given) */
  readonly drop?: boolean;
  /** answer with this HTTP status instead */
  readonly status?: number;
  /** Discord's error code in the answer */
  readonly code?: number;
  readonly message?: string;
  /** seconds, for status 429 */
  readonly retryAfter?: number;
}

export interface InjectedFailure {
  readonly drop: boolean;
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly retryAfter: number;
}

/** A request that is held. */
export interface Pause {
  /** resolves with method and path when the request is there */
  readonly reached: Promise<{ readonly method: string; readonly path: string }>;
  /** lets it go on */
  release(): void;
}

interface PendingPause extends RequestPattern {
  readonly when: FaultMoment;
  readonly reach: (request: { method: string; path: string }) => void;
  readonly released: Promise<void>;
}

/** Failures and pauses that a scenario laid out for coming requests. */
export class Faults {
  private readonly faults: { readonly fault: Fault; left: number }[] = [];
  private readonly pauses: PendingPause[] = [];
  private readonly releases = new Set<() => void>();

  add(fault: Fault): void {
    this.faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Holds the next request of a pattern at a moment, `before` unless given. */
  pause(pattern: RequestPattern & { readonly when?: FaultMoment }): Pause {
    const reached = Promise.withResolvers<{ method: string; path: string }>();
    const released = Promise.withResolvers<void>();
    this.pauses.push({
      ...pattern,
      when: pattern.when ?? 'before',
      reach: reached.resolve,
      released: released.promise,
    });
    this.releases.add(released.resolve);
    return {
      reached: reached.promise,
      release: () => {
        this.releases.delete(released.resolve);
        released.resolve();
      },
    };
  }

  /** Forgets all faults and lets held requests go on. */
  clear(): void {
    this.faults.length = 0;
    this.pauses.length = 0;
    for (const release of this.releases) release();
    this.releases.clear();
  }

  /** Waits while a pause holds the request, then tells which fault strikes it, if any. */
  async strike(moment: FaultMoment, method: string, path: string): Promise<InjectedFailure | undefined> {
    const index = this.pauses.findIndex((pause) => pause.when === moment && matches(pause, method, path));
    const [pause] = index < 0 ? [] : this.pauses.splice(index, 1);
    if (pause !== undefined) {
      pause.reach({ method, path });
      await pause.released;
    }
    const entry = this.faults.find(
      ({ fault, left }) => left > 0 && (fault.when ?? 'before') === moment && matches(fault, method, path),
    );
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.faults.splice(this.faults.indexOf(entry), 1);
    const { fault } = entry;
    return {
      drop: fault.drop ?? fault.status === undefined,
      status: fault.status ?? 500,
      code: fault.code ?? 0,
      message: fault.message ?? 'Injected by the scenario',
      retryAfter: fault.retryAfter ?? 1,
    };
  }
}

function matches(pattern: RequestPattern, method: string, path: string): boolean {
  if (pattern.method !== undefined && pattern.method.toUpperCase() !== method) return false;
  if (pattern.path === undefined) return true;
  return typeof pattern.path === 'string' ? pattern.path === path : pattern.path.test(path);
}
