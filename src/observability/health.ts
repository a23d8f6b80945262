import { afterSilence } from '../silence.ts';

/** One thing that has to work. */
export interface Check {
  /** Says what is the matter, or null when it works. Rejecting says the same. */
  readonly look: () => Promise<string | null> | string | null;
}

export interface Part {
  readonly ok: boolean;
  readonly message: string | null;
  /** how long it has been so: seconds */
  readonly seconds: number;
}

export interface HealthReport {
  /** everything works: work can be sent here */
  readonly ready: boolean;
  /** nothing has been broken for so long that a restart is worth a try */
  readonly healthy: boolean;
  readonly parts: Readonly<Record<string, Part>>;
}

/** Discord and Redis are away for some minutes now and then, and starting anew brings neither of them back. */
const brokenForTooLong = 10 * 60_000;

/** A check that hangs is a check that fails. */
const lookTimeout = 3_000;

/** Looks at its parts when asked, and remembers since when each is as it is. */
export class Health {
  readonly #checks: Readonly<Record<string, Check>>;
  readonly #now: () => number;
  readonly #since = new Map<string, { ok: boolean; at: number }>();

  constructor(checks: Readonly<Record<string, Check>>, now: () => number = Date.now) {
    this.#checks = checks;
    this.#now = now;
  }

  async report(): Promise<HealthReport> {
    const parts: Record<string, Part> = {};
    let ready = true;
    let healthy = true;
    // All at once: whoever asks waits for an answer no longer than some seconds, however many hang.
    const looks = Object.entries(this.#checks).map(
      async ([name, check]) => [name, await lookWithin(check)] as const,
    );
    for (const [name, message] of await Promise.all(looks)) {
      const ok = message === null;
      const now = this.#now();
      const before = this.#since.get(name);
      const since = before?.ok === ok ? before.at : now;
      this.#since.set(name, { ok, at: since });
      parts[name] = { ok, message, seconds: Math.round((now - since) / 1000) };
      ready &&= ok;
      healthy &&= ok || now - since < brokenForTooLong;
    }
    return { ready, healthy, parts };
  }
}

async function lookWithin({ look }: Check): Promise<string | null> {
  const late = Promise.withResolvers<string>();
  const answered = afterSilence(lookTimeout, () => late.resolve(`no answer within ${lookTimeout / 1000} s`));
  try {
    return await Promise.race([Promise.resolve().then(look), late.promise]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    answered();
  }
}
