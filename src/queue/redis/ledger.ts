import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { decodeTime } from 'ulid';
import { z } from 'zod';
import type { ModelId } from '../../config/model-id.ts';
import { isMeasured } from '../../finite-number.ts';
import { isUnanswered } from './connection.ts';
import { progressSchema, statusSchema } from '../contract/generation.ts';
import type {
  Generation,
  GenerationProgress,
  GenerationResult,
  GenerationStatus,
  NewGeneration,
  QueuePosition,
  ReplyTarget,
  StoredFailure,
} from '../contract/generation.ts';
import { banSchema, drainSchema, LimitReached, NotAdmitted } from '../moderation/moderation.ts';
import type { Admission } from '../moderation/moderation.ts';
import type { Names } from './names.ts';
import { paceKey } from '../order/pace.ts';
import { newGenerationSchema, parseRecord, recordFields, replyFields } from '../contract/record.ts';
import { runScript } from './script.ts';
import { recordRetention } from '../../retention.ts';
import { acceptPatience, maximumAttempts, paceWeight, smallestCost, unansweredPause } from '../constants.ts';

/** What generations of direct messages count for, as a guild's id is what its own count for. */
const directScope = 'direct';

/** Redis gave no answer at first, so nobody knows whether the request is accepted, or will be once Redis goes on. */
export class AcceptanceUnknown extends Error {
  override readonly name = 'AcceptanceUnknown';

  constructor(id: string, options: ErrorOptions) {
    super(`whether generation ${id} was accepted is not known`, options);
  }
}

/** Who holds a generation: a report of anybody else, or of an earlier attempt, changes nothing. */
export interface Holder {
  readonly id: string;
  readonly workerId: string;
  /** the number of this attempt, from 1 */
  readonly attempts: number;
}

export type Outcome = { readonly result: GenerationResult } | { readonly failure: StoredFailure };

const integer = z.number().int();
const asJson = z.string().transform((text): unknown => JSON.parse(text));
const acceptReply = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.enum(['accepted', 'exists']), level: integer }),
  z.strictObject({ outcome: z.enum(['retried', 'fits', 'erased']) }),
  z.strictObject({
    outcome: z.literal('refused'),
    ban: asJson.pipe(banSchema).nullable(),
    isEverywhere: z.boolean(),
    drain: asJson.pipe(drainSchema).nullable(),
    unlisted: z.enum(['server', 'person']).nullable(),
  }),
  z.strictObject({
    outcome: z.literal('limited'),
    met: z.strictObject({
      limit: z.enum(['waiting', 'gpu_seconds', 'cooldown', 'queue_length', 'budget']),
      value: integer,
      clearsAt: z.number().nullable(),
      used: z.number(),
      needed: z.number(),
    }),
    isEverywhere: z.boolean(),
  }),
]);
const statusReply = z.union([statusSchema, z.literal('gone')]);
/** `held`: queued, but its guild is paused, so that it is no longer in BullMQ's hands */
const requeueReply = z.union([statusSchema, z.enum(['gone', 'held'])]);
const beginReply = z.strictObject({
  answer: z.union([requeueReply, z.enum(['begun', 'spent', 'lost'])]),
  attempts: integer,
});
const placeReply = z.strictObject({
  status: statusSchema,
  ahead: integer,
  waiting: integer,
  work: z.number(),
  runningWork: z.number(),
  running: integer,
  workers: integer,
  startedAt: z.number().nullable(),
  cost: z.number(),
  progress: asJson.pipe(progressSchema).nullable(),
  held: z.enum(['guild', 'deployment']).nullable(),
  heldUntil: z.number().nullable(),
  measured: z.boolean(),
});
type Place = z.infer<typeof placeReply>;
const pacesReply = z.array(
  z.strictObject({
    seconds: z.number().positive().nullable(),
    isTheirs: z.boolean(),
    gpus: z.number().min(1),
  }),
);
/**
 * Seconds of a pass, or null where none was measured; `isTheirs`: on a machine that would take the job. `gpus` is how many make a clip
 * together on those machines.
 */
export type Pace = z.infer<typeof pacesReply>[number];

/** What a generation ends with whose tries are used up. */
export const exhausted: StoredFailure = {
  code: 'engine_crashed',
  identifier: 'engine_crashed',
  context: { attempts: maximumAttempts },
};

/**
 * The records of all generations and the fair share, in Redis. Every change of status is one atomic step; what belongs
 * together and is not one step (a record and its BullMQ job) is put right by `reconcile`.
 */
export class Ledger {
  readonly #connection: Redis;
  readonly #names: Names;
  readonly #now: () => number;
  /** what was sent on a connection that was lost may have been carried out, and ioredis sends it again */
  readonly #line: { stands: boolean; came: number; lost: number };

  constructor(connection: Redis, names: Names, now: () => number = Date.now) {
    this.#connection = connection;
    this.#names = names;
    this.#now = now;
    const line = { stands: connection.status === 'ready', came: 0, lost: 0 };
    connection.on('ready', () => {
      line.stands = true;
      line.came += 1;
    });
    connection.on('close', () => {
      if (line.stands) line.lost += 1;
      line.stands = false;
    });
    this.#line = line;
  }

  async #run(command: string, input: object): Promise<unknown> {
    return runScript(this.#connection, this.#names.prefix, command, {
      now: this.#now(),
      retention: recordRetention,
      ...input,
    });
  }

  /**
   * Asked again with the same id it changes nothing, so an answer that got lost is asked for again, for some seconds. What Redis refuses
   * meanwhile (it is busy, say) is refused to a question that came second: only what the script itself says, which looks for the record first, is
   * the answer to all of them.
   *
   * @param admission limits to check and reserve; without it the request counts towards no limit
   * @returns the record, whether or not it existed, and the BullMQ priority of its job
   * @throws LimitReached
   * @throws NotAdmitted when the person is banned or nothing is taken now
   * @throws AcceptanceUnknown when Redis gave no answer, or none but such: it may be accepted, or come to be
   */
  async accept(
    draft: NewGeneration,
    admission?: Pick<Admission, 'limits' | 'queueLength'>,
  ): Promise<{ generation: Generation; created: boolean; level: number }> {
    const end = Date.now() + acceptPatience;
    let mayBeDone = false;
    for (;;) {
      const before = { ...this.#line };
      try {
        const accepted = await this.#accept(draft, admission);
        if (accepted === null) throw new Error('only what is run again can have been run again before');
        mayBeDone = true;
        await this.#pointTo(draft);
        const generation = await this.get(draft.id);
        if (generation === null) throw new Error(`the record of generation ${draft.id} vanished`);
        return { ...accepted, generation };
      } catch (error) {
        if (error instanceof LimitReached || error instanceof NotAdmitted) throw error;
        const { came, lost } = this.#line;
        const wasSent = before.stands || came > before.came;
        mayBeDone ||= lost > before.lost || (wasSent && isUnanswered(error));
        if (!mayBeDone) throw error;
        if (Date.now() > end) throw new AcceptanceUnknown(draft.id, { cause: error });
        await delay(unansweredPause);
      }
    }
  }

  /**
   * Accepts what has failed once more, whatever the limits, bans and draining.
   *
   * @returns null when that was done already, or it has not failed
   */
  async acceptRetry(
    draft: NewGeneration & { readonly parentId: string },
  ): Promise<{ created: boolean; level: number } | null> {
    const accepted = await this.#accept(draft, undefined, draft.parentId);
    if (accepted !== null) await this.#pointTo(draft);
    return accepted;
  }

  /**
   * Whether {@link accept} would take it now. Nothing is written and nothing reserved.
   *
   * @throws LimitReached
   * @throws NotAdmitted
   */
  async requireAcceptable(
    draft: NewGeneration,
    admission: Pick<Admission, 'limits' | 'queueLength'>,
  ): Promise<void> {
    await this.#accept(draft, admission, undefined, true);
  }

  async #accept(
    draft: NewGeneration,
    admission?: Pick<Admission, 'limits' | 'queueLength'>,
    retryOf?: string,
    onlyAsked = false,
  ): Promise<{ created: boolean; level: number } | null> {
    const checked = newGenerationSchema.parse(draft);
    const names = this.#names;
    const reply = acceptReply.parse(
      await this.#run('accept', {
        id: checked.id,
        begun: decodeTime(checked.id),
        user: checked.userId,
        scope: checked.guildId ?? directScope,
        model: checked.request.model,
        cost: costOf(checked.costSeconds),
        work: paceKey(checked.request),
        fields: recordFields(checked),
        indexes: [
          names.indexOfTime,
          names.indexOfUser(checked.userId),
          ...(checked.guildId === null ? [] : [names.indexOfGuild(checked.guildId)]),
        ],
        ...(admission === undefined ? {} : { limits: admission.limits, queueLength: admission.queueLength }),
        ...(retryOf === undefined ? {} : { retryOf }),
        ...(onlyAsked ? { onlyAsked } : {}),
      }),
    );
    switch (reply.outcome) {
      case 'retried':
      case 'fits':
        return null;
      case 'erased':
        if (retryOf !== undefined) return null;
        throw new NotAdmitted(null, null, null, true);
      case 'refused':
        throw new NotAdmitted(
          reply.ban === null ? null : { ...reply.ban, isEverywhere: reply.isEverywhere },
          reply.drain === null ? null : { message: reply.drain.message },
          reply.unlisted,
        );
      case 'limited': {
        const { limit, value, clearsAt, used, needed } = reply.met;
        throw new LimitReached(
          limit,
          value,
          clearsAt,
          limit === 'gpu_seconds' ? { used: used / 1000, needed: needed / 1000 } : null,
          reply.isEverywhere,
        );
      }
      case 'accepted':
      case 'exists':
        return { created: reply.outcome === 'accepted', level: reply.level };
    }
  }

  /** Puts a job that was added where it belongs: its place may have changed meanwhile, or its guild is paused. */
  async settle(id: string, model: ModelId): Promise<void> {
    await this.#run('settle', { id, model });
  }

  /** Ends the pauses whose time is over. */
  async endPauses(): Promise<void> {
    await this.#run('endPauses', {});
  }

  /** Whether it waits for the end of its guild's pause. */
  async isHeld(id: string): Promise<boolean> {
    return (await this.#connection.hexists(this.#names.record(id), 'share.held')) === 1;
  }

  /** the BullMQ priority that the job of a waiting generation has to have */
  async level(id: string): Promise<number> {
    return z.coerce
      .number()
      .int()
      .parse(await this.#connection.hget(this.#names.record(id), 'share.level'));
  }

  async get(id: string): Promise<Generation | null> {
    return parseRecord(await this.#connection.hgetall(this.#names.record(id)));
  }

  async updateReply(id: string, change: Partial<ReplyTarget>): Promise<void> {
    const fields = replyFields(change);
    if (Object.keys(fields).length === 0) return;
    // A record that has expired is not brought back as a fragment.
    if ((await this.#connection.exists(this.#names.record(id))) === 0) return;
    await this.#connection.hset(this.#names.record(id), fields);
    for (const messageId of [change.statusMessageId, change.finalMessageId]) {
      if (messageId !== null && messageId !== undefined) await this.#point(messageId, id);
    }
  }

  /** Writing it again is no harm; it goes when the record has gone. */
  async #point(messageId: string, id: string): Promise<void> {
    await this.#connection.set(this.#names.message(messageId), id, 'PX', recordRetention * 2);
  }

  async #pointTo({ id, reply }: NewGeneration): Promise<void> {
    if (reply.statusMessageId !== null) await this.#point(reply.statusMessageId, id);
  }

  async byMessage(messageId: string): Promise<Generation | null> {
    const id = await this.#connection.get(this.#names.message(messageId));
    return id === null ? null : this.get(id);
  }

  async wasMessage(messageId: string): Promise<boolean> {
    const id = await this.#connection.get(this.#names.message(messageId));
    return id !== null && (await this.#connection.exists(this.#names.record(id))) === 0;
  }

  /**
   * A worker takes it. `spent`: it has it, and may only look for what an earlier try has stored, because the tries are used up.
   * Anything else says why there is nothing to do; `lost`: the job is no longer this worker's.
   *
   * @param token of the job's lock; asked again with the same one, the answer is the same
   */
  async begin(
    id: string,
    workerId: string,
    token?: string,
  ): Promise<{
    answer: 'begun' | 'spent' | 'lost' | 'gone' | 'held' | GenerationStatus;
    attempts: number;
  }> {
    const input = { id, workerId, maximumAttempts, ...(token === undefined ? {} : { token }) };
    return beginReply.parse(await this.#run('begin', input));
  }

  /** Takes back a lock that lapsed while Redis was away. @returns false when somebody else goes on with the job */
  async relock(holder: Holder, token: string, lockDuration: number): Promise<boolean> {
    return z.boolean().parse(await this.#run('relock', { ...holder, token, lockDuration }));
  }

  async progress(holder: Holder, progress: GenerationProgress): Promise<void> {
    await this.#run('progress', { ...holder, progress: JSON.stringify(progress) });
  }

  /** @returns the status that the generation has now */
  async finish(holder: Holder, outcome: Outcome): Promise<GenerationStatus | 'gone'> {
    const [field, value] = 'result' in outcome ? ['result', outcome.result] : ['failure', outcome.failure];
    const seconds = 'result' in outcome ? outcome.result.engineSeconds : null;
    const measured = isMeasured(seconds) ? { measured: Math.round(seconds * 1000) } : {};
    return statusReply.parse(
      await this.#run('finish', { ...holder, field, value: JSON.stringify(value), ...measured }),
    );
  }

  /**
   * Back to the front of the queue, or `held` when its guild is paused: then BullMQ's job is out of the worker's hands already.
   * `counted`: the attempt used up one of the tries.
   */
  async giveBack(holder: Holder, counted: boolean): Promise<GenerationStatus | 'gone' | 'held'> {
    return requeueReply.parse(await this.#run('giveBack', { ...holder, counted }));
  }

  /** For a running generation whose worker has died, called by somebody else. Does nothing while a worker holds its lock. */
  async recover(holder: Holder): Promise<GenerationStatus | 'gone' | 'held'> {
    return requeueReply.parse(await this.#run('recover', { ...holder }));
  }

  async cancel(
    id: string,
    reason: StoredFailure,
  ): Promise<'cancelled' | 'signalled' | 'finished' | 'unknown'> {
    return z
      .enum(['cancelled', 'signalled', 'finished', 'unknown'])
      .parse(await this.#run('cancel', { id, reason: JSON.stringify(reason) }));
  }

  /** What is on its way is not to arrive. @returns whether it was on its way */
  async abandon(id: string, reason: StoredFailure): Promise<boolean> {
    return z.boolean().parse(await this.#run('abandon', { id, reason: JSON.stringify(reason) }));
  }

  async delivered(id: string, place: { channelId: string; messageId: string } | null): Promise<void> {
    await this.#run('delivered', { id, ...place });
  }

  /** @param place of the message that says so; null when none could be sent */
  async undeliverable(
    id: string,
    failure: StoredFailure,
    place: { channelId: string; messageId: string } | null = null,
  ): Promise<void> {
    const { channelId, messageId } = place ?? {};
    await this.#run('undeliverable', { id, failure: JSON.stringify(failure), channelId, messageId });
  }

  /** What was made and did not reach its person is to be delivered once more. @returns whether it is such a one */
  async redeliver(id: string): Promise<boolean> {
    return z.boolean().parse(await this.#run('redeliver', { id }));
  }

  /** Whether somebody still has to be told how it ended: over the API, nobody ever has. */
  async awaitsDelivery(id: string): Promise<boolean> {
    return (await this.#connection.zscore(this.#names.open, id)) !== null;
  }

  async markResult(id: string, mark: 'hidden' | 'shown' | 'deleted'): Promise<boolean> {
    return z.boolean().parse(await this.#run('markResult', { id, mark }));
  }

  async position(id: string): Promise<QueuePosition> {
    const place = placeReply.nullable().parse(await this.#run('position', { id }));
    if (place === null) throw new Error(`there is no generation ${id}`);
    return this.#times(place);
  }

  /** @returns the ids of waiting generations in the order in which they come, as far as different models can be compared */
  async order(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const scores = z.array(z.coerce.number()).parse(await this.#run('sortKeys', { ids }));
    return ids
      .map((id, index) => ({ id, score: scores[index] ?? Infinity }))
      .sort((one, other) => one.score - other.score)
      .map(({ id }) => id);
  }

  async forecast(
    userId: string,
    model: ModelId,
    costSeconds: number,
    options: { readonly guildId?: string | null; readonly guess?: boolean } = {},
  ): Promise<QueuePosition> {
    const scope = options.guildId ?? directScope;
    const input = { user: userId, scope, model, cost: Math.round(costSeconds * 1000) };
    const times = this.#times(placeReply.parse(await this.#run('forecast', input)));
    return { ...times, guess: times.guess || options.guess === true };
  }

  /** @param machine on which it was measured; null: not known */
  async learn(work: string, machine: string | null, secondsPerPass: number): Promise<void> {
    // One NaN would stay in the average for good.
    if (!isMeasured(secondsPerPass) || secondsPerPass === 0) return;
    await this.#run('learn', { work, machine, seconds: secondsPerPass, weight: paceWeight });
  }

  /** What was measured of each work, on the machines that would take it now where that is known. */
  async paces(model: ModelId, works: readonly string[]): Promise<Pace[]> {
    return pacesReply.parse(await this.#run('pace', { model, works }));
  }

  async countWaiting(userId: string, where?: { readonly guildId: string | null }): Promise<number> {
    const names = this.#names;
    return this.#connection.scard(
      where === undefined ? names.waitingOf(userId) : names.waitingIn(where.guildId ?? directScope, userId),
    );
  }

  #times(place: Place): QueuePosition {
    const now = this.#now();
    const { waiting, workers } = place;
    if (place.status !== 'queued') {
      const left = place.progress?.etaSeconds;
      const startedAt = place.startedAt ?? 0;
      const expectedEndAt =
        left === null || left === undefined ? startedAt + place.cost : Math.round(now + left * 1000);
      return {
        ...{ position: 0, waiting, expectedStartAt: startedAt, expectedEndAt, workers },
        ...{ held: null, heldUntil: null, measured: place.measured, guess: false },
      };
    }
    const { held, heldUntil } = place;
    // A free worker takes the next job at once; otherwise all work ahead is shared among the workers.
    const free = place.ahead < workers - place.running;
    const pause = free ? 0 : (place.work + place.runningWork) / Math.max(1, workers);
    const expectedStartAt = Math.round(Math.max(now, heldUntil ?? 0) + pause);
    return {
      position: place.ahead + 1,
      waiting,
      expectedStartAt,
      expectedEndAt: expectedStartAt + place.cost,
      workers,
      held,
      heldUntil,
      measured: place.measured,
      guess: workers === 0 || !place.measured || (held !== null && heldUntil === null),
    };
  }
}

/** As the scripts count a cost: whole milliseconds. */
function costOf(costSeconds: number): number {
  return Math.max(smallestCost, Math.round(costSeconds * 1000));
}
