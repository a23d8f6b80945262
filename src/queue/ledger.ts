import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { ModelId } from '../config/generate.ts';
import { progressSchema, statusSchema } from './contract.ts';
import type {
  Generation,
  GenerationProgress,
  GenerationResult,
  GenerationStatus,
  NewGeneration,
  QueuePosition,
  ReplyTarget,
  StoredFailure,
} from './contract.ts';
import type { Names } from './names.ts';
import { newGenerationSchema, parseRecord, recordFields, replyFields } from './record.ts';
import { runScript } from './script.ts';
import { maximumAttempts, paceWeight, recordRetention, smallestCost } from './settings.ts';

/** Who holds a generation: a report of anybody else, or of an earlier attempt, changes nothing. */
export interface Holder {
  readonly id: string;
  readonly workerId: string;
  /** the number of this attempt, from 1 */
  readonly attempts: number;
}

export type Outcome = { readonly result: GenerationResult } | { readonly failure: StoredFailure };

const integer = z.coerce.number().int();
const acceptReply = z.tuple([z.enum(['accepted', 'exists']), integer]);
const statusReply = z.union([statusSchema, z.literal('gone')]);
const beginReply = z.union([
  z.tuple([z.literal('begun'), integer]),
  z.tuple([statusReply]).transform(([status]) => [status, 0] as const),
]);
const placeReply = z
  .tuple([statusSchema, integer, integer, integer, integer, integer, integer, integer, integer, z.string()])
  .transform(([status, ahead, waiting, work, runningWork, running, workers, startedAt, cost, progress]) => ({
    status,
    ahead,
    waiting,
    work,
    runningWork,
    running,
    workers,
    startedAt,
    cost,
    progress: progressSchema.nullable().parse(JSON.parse(progress)),
  }));
type Place = z.infer<typeof placeReply>;

const exhausted: StoredFailure = {
  code: 'engine_crashed',
  identifier: 'engine_crashed',
  context: { attempts: maximumAttempts },
};

/**
 * The records of all generations and the fair share, in Redis. Every method is one atomic step; what belongs together and is
 * not one step (a record and its BullMQ job) is put right by `reconcile`.
 */
export class Ledger {
  readonly #connection: Redis;
  readonly #names: Names;
  readonly #now: () => number;

  constructor(connection: Redis, names: Names, now: () => number = Date.now) {
    this.#connection = connection;
    this.#names = names;
    this.#now = now;
  }

  async #run(command: string, input: object): Promise<unknown> {
    return runScript(this.#connection, this.#names.prefix, command, {
      now: this.#now(),
      retention: recordRetention,
      ...input,
    });
  }

  /** @returns the BullMQ priority of the job to add, whether or not the record existed */
  async accept(draft: NewGeneration): Promise<{ created: boolean; level: number }> {
    const checked = newGenerationSchema.parse(draft);
    const names = this.#names;
    const [answer, level] = acceptReply.parse(
      await this.#run('accept', {
        id: checked.id,
        user: checked.userId,
        model: checked.request.model,
        cost: Math.max(smallestCost, Math.round(checked.costSeconds * 1000)),
        fields: recordFields(checked),
        indexes: [
          names.indexOfTime,
          names.indexOfUser(checked.userId),
          ...(checked.guildId === null ? [] : [names.indexOfGuild(checked.guildId)]),
        ],
      }),
    );
    return { created: answer === 'accepted', level };
  }

  /** Corrects the priority of a job that was added with `level`, if it changed meanwhile. */
  async settle(id: string, model: ModelId, level: number): Promise<void> {
    await this.#run('settle', { id, model, level });
  }

  /** the BullMQ priority that the job of a waiting generation has to have */
  async level(id: string): Promise<number> {
    return integer.parse(await this.#connection.hget(this.#names.record(id), 'share.level'));
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
  }

  /** A worker takes it. Anything but `begun` says why there is nothing to do. */
  async begin(
    id: string,
    workerId: string,
  ): Promise<{ answer: 'begun' | 'gone' | GenerationStatus; attempts: number }> {
    const [answer, attempts] = beginReply.parse(
      await this.#run('begin', { id, workerId, maximumAttempts, exhausted: JSON.stringify(exhausted) }),
    );
    return { answer, attempts };
  }

  /** Takes back a lock that lapsed while Redis was away. @returns false when somebody else goes on with the job */
  async relock(holder: Holder, token: string, lockDuration: number): Promise<boolean> {
    return (await this.#run('relock', { ...holder, token, lockDuration })) === 1;
  }

  async progress(holder: Holder, progress: GenerationProgress): Promise<void> {
    await this.#run('progress', { ...holder, progress: JSON.stringify(progress) });
  }

  /** @returns the status that the generation has now */
  async finish(holder: Holder, outcome: Outcome): Promise<GenerationStatus | 'gone'> {
    const [field, value] = 'result' in outcome ? ['result', outcome.result] : ['failure', outcome.failure];
    return statusReply.parse(await this.#run('finish', { ...holder, field, value: JSON.stringify(value) }));
  }

  /** Back to the front of the queue. `counted`: the attempt used up one of the tries. */
  async giveBack(holder: Holder, counted: boolean): Promise<GenerationStatus | 'gone'> {
    return statusReply.parse(await this.#run('giveBack', { ...holder, counted }));
  }

  /** For a running generation whose worker has died, called by somebody else. Does nothing while a worker holds its lock. */
  async recover(holder: Holder): Promise<GenerationStatus | 'gone'> {
    return statusReply.parse(
      await this.#run('recover', { ...holder, maximumAttempts, exhausted: JSON.stringify(exhausted) }),
    );
  }

  async cancel(
    id: string,
    reason: StoredFailure,
  ): Promise<'cancelled' | 'signalled' | 'finished' | 'unknown'> {
    return z
      .enum(['cancelled', 'signalled', 'finished', 'unknown'])
      .parse(await this.#run('cancel', { id, reason: JSON.stringify(reason) }));
  }

  async delivered(id: string, place: { channelId: string; messageId: string } | null): Promise<void> {
    await this.#run('delivered', { id, ...place });
  }

  async undeliverable(id: string, failure: StoredFailure): Promise<void> {
    await this.#run('undeliverable', { id, failure: JSON.stringify(failure) });
  }

  /** Whether somebody still has to be told how it ended: over the API, nobody ever has. */
  async awaitsDelivery(id: string): Promise<boolean> {
    return (await this.#connection.zscore(this.#names.open, id)) !== null;
  }

  async position(id: string): Promise<QueuePosition> {
    const reply = await this.#run('position', { id });
    if (Array.isArray(reply) && reply[0] === 'gone') throw new Error(`there is no generation ${id}`);
    return this.#times(placeReply.parse(reply));
  }

  async forecast(userId: string, model: ModelId, costSeconds: number): Promise<QueuePosition> {
    const cost = Math.round(costSeconds * 1000);
    return this.#times(placeReply.parse(await this.#run('forecast', { user: userId, model, cost })));
  }

  async learn(work: string, secondsPerPass: number): Promise<void> {
    await this.#run('learn', { work, seconds: secondsPerPass, weight: paceWeight });
  }

  async pace(work: string): Promise<number | null> {
    const known = await this.#connection.hget(this.#names.pace, work);
    return known === null ? null : Number(known);
  }

  async countWaiting(userId: string): Promise<number> {
    return this.#connection.scard(this.#names.waitingOf(userId));
  }

  #times(place: Place): QueuePosition {
    const now = this.#now();
    const { waiting, workers } = place;
    if (place.status !== 'queued') {
      const left = place.progress?.etaSeconds;
      const expectedEndAt =
        left === null || left === undefined ? place.startedAt + place.cost : Math.round(now + left * 1000);
      return { position: 0, waiting, expectedStartAt: place.startedAt, expectedEndAt, workers };
    }
    // A free worker takes the next job at once; otherwise all work ahead is shared among the workers.
    const free = place.ahead < workers - place.running;
    const pause = free ? 0 : (place.work + place.runningWork) / Math.max(1, workers);
    const expectedStartAt = Math.round(now + pause);
    return {
      position: place.ahead + 1,
      waiting,
      expectedStartAt,
      expectedEndAt: expectedStartAt + place.cost,
      workers,
    };
  }
}
