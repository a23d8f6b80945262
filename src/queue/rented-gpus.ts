import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { CommonConfig } from '../config/environment.ts';
import type { Logger } from '../log.ts';
import { isMeasured } from '../finite-number.ts';
import { closeConnection, openConnection } from './redis/connection.ts';
import { releaseKey, takeOrKeepKey } from './redis/held-key.ts';

/** What is kept of a machine from before it is asked for until it is surely gone. */
export const gpuPodSchema = z.strictObject({
  version: z.literal(1),
  /** ours; the machine and its worker carry it */
  name: z.string(),
  /** the provider's; null: asked for, and no answer yet */
  id: z.string().nullable(),
  kind: z.string(),
  /** what GPU_PROVIDER was when it was started; left out in older records: it is taken for what it is now */
  provider: z.string().optional(),
  pricePerHour: z.number(),
  askedAt: z.number(),
  readyAt: z.number().nullable(),
  busyAt: z.number(),
  /** up to when it has been paid for in the ledger */
  chargedUntil: z.number(),
  byHand: z.boolean(),
  /** it is to end: asked again until it is gone */
  ending: z.enum(['idle', 'never_ready', 'cap', 'by_hand', 'other_provider']).nullable(),
});
export type GpuPod = z.infer<typeof gpuPodSchema>;

/** What people see: written at every look. */
export const gpuStatusSchema = z.object({
  version: z.literal(1),
  at: z.number(),
  provider: z.string(),
  hindrance: z.string().nullable(),
  /** what the provider said last, where it did not do what was asked; null: all is well */
  problem: z.string().nullable(),
  spent: z.object({ today: z.number(), month: z.number() }),
  /** null: no limit */
  caps: z.object({ today: z.number().nullable(), month: z.number().nullable() }),
  /** one is kept ready although nothing waits, until when, and whether an owner's stop holds until then; null: none is */
  ready: z.object({ until: z.number(), rests: z.boolean() }).nullable().default(null),
});
export type GpuStatus = z.infer<typeof gpuStatusSchema>;

/** What an owner asked for; taken by the scaler at its next look. */
const wishSchema = z.union([z.object({ start: z.literal(true) }), z.object({ stop: z.string() })]);
export type Wish = z.infer<typeof wishSchema>;

const lostSchema = z.object({ pod: gpuPodSchema, lostAt: z.number() });
export type LostPod = z.infer<typeof lostSchema>;

/** When starting may be tried again, and why not sooner. Times are milliseconds since 1970. */
export interface BackOff {
  /** when the pause began: where that lies ahead, a clock was set back */
  readonly since: number;
  readonly until: number;
  /** tries that the provider refused, in a row */
  readonly failures: number;
  /** machines that were paid for and never took jobs, in a row */
  readonly unready: number;
  /** none is kept ready before this: an owner stopped one by hand */
  readonly restUntil: number;
}

/** Starts whose times are remembered: enough for a median, few enough to follow what changes. */
const startsRemembered = 20;
/** What a start takes where none has been seen yet: a machine, its image, and a model from a network volume. A guess. */
const firstGuessSeconds = 240;
/** Whoever has not looked for this long does not look any more, milliseconds. */
export const unwatchedAfter = 2 * 60_000;
/** Days of the ledger that are kept: this month and the one before. */
const daysKept = 62;

/** Holds while a rented GPU is being started: when it is likely to take jobs, milliseconds since 1970. */
export function wakingKey(prefix: string): string {
  return `${prefix}:gpus:waking`;
}

/** Connects to what is kept of rented GPUs. Nothing waits here: an unreachable Redis shows in the first call. */
export function createGpus(config: CommonConfig, log: Logger): Gpus {
  const connection = openConnection(config.redis, 'producer', log);
  return new Gpus(connection, config.redis.prefix);
}

/** Rented GPUs, in Redis: a restart of whoever starts and stops them neither loses one nor starts it twice. */
export class Gpus {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #key: (name: string) => string;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#key = (name) => `${prefix}:gpus:${name}`;
  }

  close(): void {
    closeConnection(this.#redis);
  }

  /**
   * Holds the right to act for a time; of several processes one has it.
   *
   * @param owner who asks; whoever holds it already holds it longer
   */
  async lead(owner: string, milliseconds: number): Promise<boolean> {
    return takeOrKeepKey(this.#redis, this.#key('leader'), owner, milliseconds);
  }

  /** Lets another process lead at once. */
  async yield(owner: string): Promise<void> {
    await releaseKey(this.#redis, this.#key('leader'), owner);
  }

  async pods(): Promise<GpuPod[]> {
    const all = await this.#redis.hgetall(this.#key('pods'));
    return Object.values(all)
      .map((text) => gpuPodSchema.parse(JSON.parse(text)))
      .toSorted((left, right) => left.askedAt - right.askedAt);
  }

  async save(pod: GpuPod): Promise<void> {
    await this.#redis.hset(this.#key('pods'), pod.name, JSON.stringify(pod));
  }

  async forget(name: string): Promise<void> {
    await this.#redis.hdel(this.#key('pods'), name);
  }

  /** Notes one that the provider does not know any more, and nobody here ended. */
  async lose(pod: GpuPod, lostAt: number): Promise<void> {
    const lost: LostPod = { pod, lostAt };
    const done = await this.#redis
      .multi()
      .hset(this.#key('lost'), pod.name, JSON.stringify(lost))
      .hdel(this.#key('pods'), pod.name)
      .exec();
    for (const [error] of done ?? []) if (error !== null) throw error;
  }

  async lost(): Promise<LostPod[]> {
    return Object.values(await this.#redis.hgetall(this.#key('lost'))).map((text) =>
      lostSchema.parse(JSON.parse(text)),
    );
  }

  /** Nobody looks for it any more. */
  async giveUp(name: string): Promise<void> {
    await this.#redis.hdel(this.#key('lost'), name);
  }

  /**
   * Charges a machine's time and notes that it is charged, in one step: neither twice nor never. A cost that is no amount of money is left out:
   * Redis would refuse the whole step, and with it every look from then on.
   */
  async charge(pod: GpuPod, costs: ReadonlyMap<string, number>): Promise<void> {
    const step = this.#redis.multi().hset(this.#key('pods'), pod.name, JSON.stringify(pod));
    for (const [day, dollars] of costs) {
      if (isMeasured(dollars)) step.hincrbyfloat(this.#key('spent'), day, dollars);
    }
    const done = await step.exec();
    for (const [error] of done ?? []) if (error !== null) throw error;
  }

  /** US dollars by day. */
  async ledger(): Promise<ReadonlyMap<string, number>> {
    const all = Object.entries(await this.#redis.hgetall(this.#key('spent')));
    return new Map(
      all.map(([day, text]) => [day, Number(text)] as const).filter(([, dollars]) => isMeasured(dollars)),
    );
  }

  async trimLedger(days: readonly string[]): Promise<void> {
    const old = days.toSorted().slice(0, Math.max(0, days.length - daysKept));
    if (old.length > 0) await this.#redis.hdel(this.#key('spent'), ...old);
  }

  /** Remembers how long a start took, seconds from asking to taking jobs. */
  async rememberStart(seconds: number): Promise<void> {
    if (!isMeasured(seconds)) return;
    await this.#redis
      .multi()
      .lpush(this.#key('starts'), seconds.toFixed(1))
      .ltrim(this.#key('starts'), 0, startsRemembered - 1)
      .exec();
  }

  /** The middle of what this deployment's own last starts took, seconds; null: none yet. */
  async usualStartSeconds(): Promise<number | null> {
    const all = (await this.#redis.lrange(this.#key('starts'), 0, -1)).map(Number).filter(isMeasured);
    return all.toSorted((left, right) => left - right)[Math.floor(all.length / 2)] ?? null;
  }

  async backOff(): Promise<BackOff> {
    const kept = await this.#redis.hgetall(this.#key('backoff'));
    const number = (name: keyof BackOff) => Number(kept[name] ?? 0);
    return {
      since: number('since'),
      until: number('until'),
      failures: number('failures'),
      unready: number('unready'),
      restUntil: number('restUntil'),
    };
  }

  /** @param changed what is not named stays as it is */
  async setBackOff(changed: Partial<BackOff>): Promise<void> {
    await this.#redis.hset(this.#key('backoff'), changed);
  }

  /** What a start is expected to take, seconds: as the last ones did, and a guess before the first. */
  async expectedStartSeconds(): Promise<number> {
    return (await this.usualStartSeconds()) ?? firstGuessSeconds;
  }

  async countFailure(): Promise<void> {
    await this.#redis.incr(this.#key('failures'));
  }

  /** Starts that ever failed. */
  async failures(): Promise<number> {
    return Number((await this.#redis.get(this.#key('failures'))) ?? 0);
  }

  async publish(status: GpuStatus): Promise<void> {
    await this.#redis.set(this.#key('status'), JSON.stringify(status));
  }

  /** null: no scaler has ever looked. */
  async status(): Promise<GpuStatus | null> {
    const text = await this.#redis.get(this.#key('status'));
    return text === null ? null : gpuStatusSchema.parse(JSON.parse(text));
  }

  /**
   * What is rented although nobody has looked after it for minutes: GPU_PROVIDER was turned off with something running, or the scaler is down.
   *
   * @returns their names
   */
  async unwatched(now: number): Promise<readonly string[]> {
    const [pods, status] = await Promise.all([this.pods(), this.status()]);
    return Math.abs(now - (status?.at ?? 0)) < unwatchedAfter ? [] : pods.map(({ name }) => name);
  }

  async wish(wish: Wish): Promise<void> {
    await this.#redis.rpush(this.#key('wishes'), JSON.stringify(wish));
  }

  /**
   * Says for a while when the next rented GPU is likely to take jobs, from what earlier starts took.
   *
   * @param pods all there are
   * @param lifetime milliseconds after which it is no longer believed
   */
  async announceWaking(pods: readonly GpuPod[], lifetime: number): Promise<void> {
    const key = wakingKey(this.#prefix);
    const first = pods.find(({ readyAt, ending }) => readyAt === null && ending === null);
    if (first === undefined) {
      await this.#redis.del(key);
      return;
    }
    const expected = await this.expectedStartSeconds();
    await this.#redis.set(key, String(first.askedAt + expected * 1000), 'PX', lifetime);
  }

  /** The next thing an owner asked for; null: nothing. */
  async nextWish(): Promise<Wish | null> {
    const text = await this.#redis.lpop(this.#key('wishes'));
    return text === null ? null : wishSchema.parse(JSON.parse(text));
  }
}
