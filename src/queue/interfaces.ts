import type { ModelId } from '../config/model-id.ts';
import type { Shortcuts } from '../config/shortcuts.ts';
import type { Take } from './contract/take.ts';
import type { QueueDepth, ServerState } from './order/depth.ts';
import type { Admission } from './moderation/moderation.ts';
import type { StoredFailure } from './contract/generation.ts';
import type {
  Generation,
  GenerationEvent,
  GenerationProgress,
  GenerationResult,
  GenerationStatus,
  NewGeneration,
  QueuePosition,
  ReplyTarget,
} from './contract/generation.ts';

/** A running subscription or consumer. `close` waits for what is under way, for at most the given time. */
export interface Closable {
  close(): Promise<void>;
}

/** What an estimate depends on. */
export interface EstimatedWork {
  readonly model: ModelId;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** as the request has it */
  readonly take?: Take | null | undefined;
  readonly steps: number;
  readonly shortcuts?: Shortcuts | undefined;
  /** of a step, on average */
  readonly passes: number;
  /** on one GPU, of the usual number of frames, which is `usualFrames` */
  readonly firstGuessSecondsPerPass: number;
  readonly usualFrames?: number | undefined;
  /** what one pass costs, in passes over `usualFrames`; 1 unless given */
  readonly units?: number | undefined;
}

/** As the `limit` of a list: for whoever needs all that there is. */
export const everything = 1_000_000;

/**
 * What the bot sees of the queue. Everything about BullMQ and Redis stays behind this.
 * Methods reject with an `Error` at once (never hang) when Redis is unreachable.
 */
export interface GenerationQueue {
  /**
   * Writes the record, then adds the job. Calling it again with the same id changes nothing. When it rejects, the request
   * may have been written all the same (the answer was lost): call it again with the same id, or cancel that id.
   *
   * @param admission limits that are checked, and what they count reserved, in the same step; none without it
   * @throws LimitReached
   * @throws NotAdmitted when the person is banned in the guild or the deployment takes nothing new, with or without `admission`
   */
  accept(draft: NewGeneration, admission?: Pick<Admission, 'limits' | 'queueLength'>): Promise<Generation>;
  /**
   * Whether `accept` would take it now: nothing is written, nothing reserved.
   *
   * @throws LimitReached, NotAdmitted as `accept`
   */
  requireAcceptable(
    draft: NewGeneration,
    admission: Pick<Admission, 'limits' | 'queueLength'>,
  ): Promise<void>;
  get(id: string): Promise<Generation | null>;
  /** The generation whose status message or final message this is; null for any other message. */
  byMessage(messageId: string): Promise<Generation | null>;
  /** Whether this was the message of a generation whose record has gone: they are known for twice as long. */
  wasMessage(messageId: string): Promise<boolean>;
  /** Remembers a message with a copy of the video, as long as the record. */
  noteCopy(id: string, copy: CopyPlace): Promise<void>;
  copies(id: string): Promise<CopyPlace[]>;
  /** Merges into `reply` only. */
  updateReply(id: string, change: Partial<ReplyTarget>): Promise<void>;
  position(id: string): Promise<QueuePosition>;
  /** The ids of generations that wait, in the order in which they come: one look at the queue, however many there are. */
  order(ids: readonly string[]): Promise<string[]>;
  /**
   * Position and times that a new job of this user would get.
   *
   * @param options `guildId`: where it would be asked for, for what is held there; `guess`: that of `estimate`
   */
  forecast(
    userId: string,
    model: ModelId,
    costSeconds: number,
    options?: { readonly guildId?: string | null; readonly guess?: boolean },
  ): Promise<QueuePosition>;
  /**
   * Estimated GPU seconds of one clip: what this deployment has measured for model, size, steps and frames, or the first
   * guess given, and which of the two it is.
   */
  estimate(work: EstimatedWork): Promise<{ readonly seconds: number; readonly guess: boolean }>;
  /** The seconds of `estimate` alone. */
  estimateSeconds(work: EstimatedWork): Promise<number>;
  /** Cancels what is queued or running. A failure message (code `cancelled`) is delivered as for any other end. */
  cancel(id: string, reason: StoredFailure): Promise<'cancelled' | 'signalled' | 'finished' | 'unknown'>;
  /** What is made and not delivered yet goes out no more: the reason does, at once. Anything else stays as it is. */
  abandon(id: string, reason: StoredFailure): Promise<void>;
  /** Newest first; without what this program cannot read. */
  list(filter: {
    userId?: string;
    guildId?: string;
    statuses?: readonly GenerationStatus[];
    limit?: number;
    before?: string;
  }): Promise<Generation[]>;
  /** Whose work ended since then, however it ended: milliseconds since 1970, at most a day ago. Oldest first. */
  endedSince(since: number): Promise<Generation[]>;
  /**
   * Notes that the result was reported (`hidden`), is shown again or is deleted.
   *
   * @returns false when that is so already, or the record is gone: then somebody else has done what belongs to it
   */
  markResult(id: string, mark: 'hidden' | 'shown' | 'deleted'): Promise<boolean>;
  /**
   * True for the first call with a key within the time: of two taps, or two bots that hear the same tap, one counts.
   *
   * @param claimant what claims it: whoever asks again with the same one has it still. For what Discord lets only one bot
   *   answer, as the press of a button, so that the bot that comes second does not take it for another press
   */
  claim(key: string, milliseconds: number, claimant?: string): Promise<boolean>;
  /** Gives a claim back whose work came to nothing: the next one counts again. */
  unclaim(key: string): Promise<void>;
  /**
   * Number of generations of a user that are queued or running: in the whole deployment, or, of those that count towards the
   * limits, in one guild (null: outside of guilds).
   */
  countWaiting(userId: string, where?: { readonly guildId: string | null }): Promise<number>;
  /**
   * Status and progress of all generations. Redis forgets what it published to nobody: at the start, and after each
   * reconnection, the listener hears where every open generation stands, so it may hear the same twice.
   */
  watch(listener: (event: GenerationEvent) => void): Promise<Closable>;
  /**
   * Hands finished generations (delivering, failed or cancelled, not yet delivered) to `deliver`, one attempt at a time
   * per generation. When it returns, the record becomes `delivered` (or keeps `failed`/`cancelled` with `deliveredAt` set).
   * `isLast`: there is no further try; `isAgain`: there was one before. With `failure` the message says why the video does not come: the record becomes `failed`.
   * When it rejects, it is tried again with growing pauses, not sooner than a `NotBefore` says; a `Failure` with code `undeliverable` ends the tries.
   * `close` lets running deliveries end, for at most 8 s.
   */
  consumeDeliveries(
    deliver: (
      generation: Generation,
      signal: AbortSignal,
      isLast: boolean,
      isAgain: boolean,
    ) => Promise<{ channelId: string; messageId: string; failure?: StoredFailure | null } | null>,
    options?: { concurrency?: number },
  ): Promise<Closable>;
  /**
   * Puts right what a crash left: records without a job, finished records without a delivery, pauses whose time ended while nobody
   * looked. Returns what it did.
   */
  reconcile(): Promise<{ requeued: number; redelivered: number; failed: number }>;
  /** Forgets a generation that has ended: its record and all that points to it. What it used up still counts. Artifacts are the caller's. */
  forget(generation: Generation): Promise<void>;
  /** Whose watermark this is; `generationId` is null where it was made here and is not known any more. */
  findMark(payload: bigint): Promise<{ readonly isOurs: boolean; readonly generationId: string | null }>;
  /** As {@link WorkQueue.markOf}, for a smaller copy. */
  markOf(generationId: string): Promise<bigint>;
  /** What the watermarks of this deployment may say: the 24 bits with which all begin, and the rest of those of the last requests, latest first. */
  ownMarks(): Promise<{ readonly deployment: bigint; readonly generations: readonly bigint[] }>;
  /** Chains of certificates, as PEM, with which this deployment signs or has signed. */
  signers(): Promise<readonly string[]>;
  /** Keeps a key with which the bot signs whose a message is. @returns all that were ever kept: messages stand longer than a token does */
  keepMessageKey(key: string): Promise<readonly string[]>;
  health(): Promise<void>;
  /** How much stands in the queues now. */
  depth(): Promise<QueueDepth>;
  /** How Redis is doing. */
  server(): Promise<ServerState>;
  close(): Promise<void>;
}

/** Where a copy of a video was sent. */
export interface CopyPlace {
  readonly channelId: string;
  readonly messageId: string;
}

/** What a worker sees of the queue. */
export interface WorkQueue {
  /**
   * Takes one generation at a time (per model) and calls `work`. Its result is stored, the delivery added, and only then the
   * job completed. A `Failure` ends the generation (deterministic codes at once, others after one retry); `WorkerUnable` says that
   * it is not about the request: it waits, and no try is used up. `signal` aborts on cancel, on a lost lock and on `close`.
   */
  consume(options: {
    models: readonly ModelId[];
    workerId: string;
    /** Makes the worker able to work; awaited before each job is taken. While it rejects, jobs are left to other workers. */
    prepare?: () => Promise<void>;
    /** The result that an earlier try stored before it died, for a request whose tries are used up; null: there is none. */
    recall?: (generation: Generation) => Promise<GenerationResult | null>;
    /** what the worker says about itself in its heartbeat, for whoever looks at the machines */
    describe?: () => Readonly<Record<string, string | number | null>>;
    /** what kind of machine this is (`machineOf`), for what its passes take; null: not known */
    machine?: () => string | null;
    work: (
      generation: Generation,
      context: { signal: AbortSignal; report: (progress: GenerationProgress) => void },
    ) => Promise<GenerationResult>;
  }): Promise<Closable>;
  /** What the watermark of a generation says: the same for the same id. It is known again for twice as long as its record. */
  markOf(generationId: string): Promise<bigint>;
  /** Says with which certificate this worker signs. @param chain PEM, the signer's first: public parts alone */
  registerSigner(chain: string): Promise<void>;
  health(): Promise<void>;
  close(): Promise<void>;
}
