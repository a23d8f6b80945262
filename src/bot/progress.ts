import { isOpen } from '../queue/contract/generation.ts';
import { hash } from 'node:crypto';
import { SnowflakeUtil } from 'discord.js';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { RawFile } from 'discord.js';
import type { Advice } from '../intake/intake.ts';
import type { ProgressFollower } from '../commands/support/services.ts';
import { renderLastWords, renderLost, renderMoved, renderStatus } from '../commands/render/status.ts';
import { noticesFor } from '../commands/support/queue-notices.ts';
import type { RenderedMessage } from '../commands/render/message.ts';
import type { GenerateSettings } from '../config/generate.ts';
import type {
  Generation,
  GenerationEvent,
  QueuePosition,
  ReplyTarget,
} from '../queue/contract/generation.ts';
import type { AuditEntry, Moderation } from '../queue/moderation/moderation.ts';
import type { Closable, GenerationQueue } from '../queue/interfaces.ts';
import type { Clock } from './clock.ts';
import {
  isClosedChannel,
  isContentRefused,
  isDeadToken,
  isLastingRefusal,
  isOldMessageLimit,
  isUnknownMessage,
} from './discord-errors.ts';
import type { Messages } from './messages.ts';
import { statusRoute } from './status-route.ts';

/** One edit per job in this time: Discord states no number, and this has proved safe. */
const editInterval = 5_000;

/** Positions change with every job that ends; people look at theirs now and then. */
const positionInterval = 15_000;

/** Edits that may begin in one tick: 10 a second leaves four fifths of Discord's 50 for answers and results. */
const editsPerTick = 5;
const tickInterval = 500;

/** Later than this after its creation, a message can hardly be edited any more (30046): a new one takes over. */
const editableFor = 55 * 60_000;

/** What only the interaction's token can edit gets its last words so long before the token dies: room for several tries, at the pace of edits. */
const lastWordsBefore = 45_000;

/** What waits is looked at again so often, whatever happens: milliseconds. A start that has passed is looked at when it passes. */
const waitingInterval = 60_000;

/** A channel that takes nothing now may do so again: a permission comes back, a thread is opened. Milliseconds. */
const closedInterval = 5 * 60_000;

/** Status messages taken up after a restart: the newest of a queue that is longer than anyone looks. */
const mostFollowed = 10_000;

/** What changes what every status message says. */
const noticed: ReadonlySet<AuditEntry['action']> = new Set([
  'pause',
  'resume',
  'global_pause',
  'global_resume',
  'maintenance',
]);

interface Followed {
  readonly id: string;
  /** where its message is, and in which language, as was known last */
  known: Pick<Generation, 'id' | 'locale' | 'reply'>;
  readonly advice: readonly Advice[];
  /** when its message was posted, as far as is known */
  postedAt: number;
  /** Discord has said that it is edited too often for its age */
  tooOld: boolean;
  /** while it waits: when the times that stand there have to be looked at again */
  refreshAt: number;
  waiting: boolean;
  dirty: boolean;
  dueAt: number;
  lastContent: string | null;
  /** digest of the picture that stands there */
  lastPreview: string | null;
  /** Discord refused one of its pictures for what it shows: it gets no further one */
  withoutPreviews: boolean;
  /** the edit under way */
  editing: Promise<unknown> | null;
  /** the status message is gone or out of reach */
  unreachable: boolean;
  /** when nobody will be able to edit it any more soon: its token dies, and the bot cannot; null where it can */
  readonly lastWordsAt: number | null;
}

export interface ProgressOptions {
  readonly queue: Pick<GenerationQueue, 'get' | 'list' | 'position' | 'watch' | 'updateReply'>;
  readonly moderation: Pick<Moderation, 'admission' | 'watchAudit'>;
  readonly messages: Pick<Messages, 'edit' | 'editOriginal' | 'post'>;
  /** reads a preview; null when it is gone */
  readonly readPreview: (key: string) => Promise<Buffer | null>;
  /** whether what is asked for in a guild, or in direct messages (null), is this process's to follow */
  readonly isOwn: (guildId: string | null) => boolean;
  readonly settings: GenerateSettings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps the status messages of all waiting and running generations up to date: at most one edit per generation in five
 * seconds, a bounded number over all, and nothing when nothing changed. A failing edit never harms a job.
 */
export class ProgressReporter implements ProgressFollower {
  readonly #options: ProgressOptions;
  readonly #followed = new Map<string, Followed>();
  #watching: Closable | null = null;
  #watchingAudit: Closable | null = null;
  #stopTicking: (() => void) | null = null;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Takes up what waits and runs already, and listens for everything to come. */
  async start(): Promise<void> {
    const { queue, moderation, clock, isOwn } = this.#options;
    this.#watching = await queue.watch((event) => this.#hear(event));
    this.#watchingAudit = await moderation.watchAudit((entry) => this.#hearModerator(entry));
    for (const generation of await queue.list({ statuses: ['queued', 'running'], limit: mostFollowed })) {
      if (generation.reply.kind === 'api' || !isOwn(generation.guildId)) continue;
      if (!this.#followed.has(generation.id)) this.#add(generation, []).dirty = true;
    }
    this.#stopTicking = clock.every(tickInterval, () => this.#tick());
  }

  async follow(
    generation: Generation,
    advice: readonly Advice[],
    writeFirst: () => Promise<RenderedMessage>,
  ): Promise<void> {
    const followed = this.#add(generation, advice);
    const writing = this.#first(followed, writeFirst);
    // A job may end before its first text is written: `release` then waits for it, as for any other edit.
    followed.editing = Promise.allSettled([writing]);
    try {
      await writing;
    } finally {
      followed.editing = null;
    }
  }

  /**
   * Stops following a generation and waits for an edit under way, so that the last word is the caller's.
   *
   * @returns milliseconds until the next edit of the status message would keep the pace
   */
  async release(id: string): Promise<number> {
    const followed = this.#followed.get(id);
    if (followed === undefined) return 0;
    this.#followed.delete(id);
    await followed.editing;
    const now = this.#options.clock.now();
    return hasCome(followed.dueAt, now) ? 0 : followed.dueAt - now;
  }

  async close(): Promise<void> {
    this.#stopTicking?.();
    await Promise.all([this.#watching?.close(), this.#watchingAudit?.close()]);
    for (const { editing } of this.#followed.values()) await editing;
    this.#followed.clear();
  }

  async #first(followed: Followed, write: () => Promise<RenderedMessage>): Promise<void> {
    followed.lastContent = (await write()).content;
    followed.dueAt = this.#options.clock.now() + editInterval;
  }

  #add(generation: Generation, advice: readonly Advice[]): Followed {
    const followed: Followed = {
      id: generation.id,
      known: knownOf(generation),
      advice,
      postedAt: Math.max(generation.createdAt, postedAt(generation.reply)),
      tooOld: false,
      refreshAt: this.#options.clock.now() + positionInterval,
      waiting: generation.status === 'queued',
      dirty: false,
      dueAt: this.#options.clock.now() + editInterval,
      lastContent: null,
      lastPreview: null,
      withoutPreviews: false,
      editing: null,
      unreachable: false,
      lastWordsAt: lastWordsAt(generation.reply),
    };
    this.#followed.set(generation.id, followed);
    return followed;
  }

  #hear(event: GenerationEvent): void {
    const followed = this.#followed.get(event.id);
    if (event.kind !== 'status') {
      if (followed !== undefined) followed.dirty = true;
      return;
    }
    if (isOpen(event)) {
      if (followed !== undefined) {
        followed.waiting = event.status === 'queued';
        followed.dirty = true;
        followed.dueAt = Math.min(followed.dueAt, this.#options.clock.now() + editInterval);
      }
    } else if (followed !== undefined && followed.editing === null) {
      // What comes now is the delivery's to say. With an edit under way, `release` still has to wait for it.
      followed.waiting = false;
      followed.dirty = false;
    }
    // Somebody moved: everybody's position may be another one.
    for (const other of this.#followed.values()) if (other.waiting) other.dirty = true;
  }

  /** A pause tells the waiting ones itself; what it says about why, and what owners want to be read, comes from here. */
  #hearModerator({ action }: AuditEntry): void {
    if (!noticed.has(action)) return;
    for (const followed of this.#followed.values()) {
      followed.dirty = true;
      followed.dueAt = Math.min(followed.dueAt, this.#options.clock.now() + editInterval);
    }
  }

  #tick(): void {
    const now = this.#options.clock.now();
    let begun = 0;
    for (const followed of this.#followed.values()) {
      if (begun >= editsPerTick) break;
      // Nobody reads of a start that has passed, also where nothing happens.
      if (followed.waiting && hasCome(followed.refreshAt, now)) followed.dirty = true;
      // One that is soon too old to be edited still says where it goes on.
      if (isTooOld(followed, now) || isLastChance(followed, now)) followed.dirty = true;
      if (!followed.dirty || followed.editing !== null || followed.unreachable) continue;
      if (!hasCome(followed.dueAt, now)) continue;
      begun += 1;
      followed.dirty = false;
      followed.editing = this.#update(followed).finally(() => {
        followed.editing = null;
      });
      // To the end of the line: with more than can be served, everyone gets a turn.
      this.#followed.delete(followed.id);
      this.#followed.set(followed.id, followed);
    }
  }

  async #update(followed: Followed): Promise<void> {
    const { queue, moderation, clock, logger, settings } = this.#options;
    followed.dueAt = clock.now() + editInterval;
    try {
      const generation = await queue.get(followed.id);
      if (generation === null || !isOpen(generation)) {
        this.#followed.delete(followed.id);
        // Redis came back without it, or somebody had it erased where no bot was told: it would read for ever as if it were waited for.
        if (generation === null) await this.#edit(followed.known, renderLost(followed.known), []);
        return;
      }
      followed.known = knownOf(generation);
      followed.waiting = generation.status === 'queued';
      // Another bot may have posted it anew.
      followed.postedAt = Math.max(followed.postedAt, postedAt(generation.reply));
      let position: QueuePosition | null = null;
      if (followed.waiting) {
        position = await queue.position(followed.id);
        followed.dueAt = clock.now() + positionInterval;
        const passes = Math.min(position.expectedStartAt, clock.now() + waitingInterval);
        followed.refreshAt = Math.max(passes, clock.now() + editInterval);
        followed.dueAt = Math.min(followed.dueAt, followed.refreshAt);
      }
      if (isLastChance(followed, clock.now())) {
        await this.#edit(generation, renderLastWords(generation), []);
        followed.unreachable = true;
        return;
      }
      const notices = await noticesFor(generation, moderation);
      const { advice } = followed;
      const rendered = renderStatus({ generation, position, advice, settings, notices });
      if (isTooOld(followed, clock.now())) {
        await this.#takeOver(followed, generation, rendered);
        return;
      }
      const preview = followed.withoutPreviews
        ? null
        : await this.#newPreview(generation, followed.lastPreview);
      if (rendered.content === followed.lastContent && preview === null) return;
      if (!(await this.#takesEdit(generation, rendered, preview?.file))) {
        followed.withoutPreviews = true;
        followed.dirty = true;
        return;
      }
      followed.lastContent = rendered.content;
      if (preview !== null) followed.lastPreview = preview.digest;
      followed.dueAt = Math.max(followed.dueAt, clock.now() + editInterval);
    } catch (error) {
      this.#heed(error, followed);
      logger.debug(
        { generationId: followed.id, error: errorFields(error) },
        'a status message could not be edited',
      );
    }
  }

  /** What an edit that failed says of those to come. */
  #heed(error: unknown, followed: Followed): void {
    if (isOldMessageLimit(error)) followed.tooOld = true;
    else if (isUnknownMessage(error) || isDeadToken(error)) followed.unreachable = true;
    else if (isClosedChannel(error) || isLastingRefusal(error)) {
      followed.dueAt = this.#options.clock.now() + closedInterval;
      followed.refreshAt = followed.dueAt;
      followed.dirty = true;
    }
  }

  /** Posts the status anew, and has the old message point to it. Where the bot cannot post, the old one keeps its last text. */
  async #takeOver(followed: Followed, generation: Generation, rendered: RenderedMessage): Promise<void> {
    const { messages, queue, clock, logger } = this.#options;
    const route = statusRoute({ ...generation.reply, interactionToken: null }, clock.now());
    if (route.kind !== 'message') {
      followed.unreachable = true;
      return;
    }
    const { channelId, messageId } = route.place;
    // The last letters of the old message make it another nonce each time, and the same for a second bot.
    const nonce = `${messageId.slice(-12)}${generation.id.slice(-12)}`;
    const posted = await messages.post(channelId, rendered, { nonce });
    await queue.updateReply(generation.id, { statusMessageId: posted.messageId });
    followed.postedAt = postedAt({ ...generation.reply, statusMessageId: posted.messageId });
    followed.tooOld = false;
    followed.lastContent = rendered.content;
    followed.lastPreview = null;
    try {
      await messages.edit({ channelId, messageId }, renderMoved(generation, posted), { files: [] });
    } catch (error) {
      logger.info(
        { generationId: generation.id, error: errorFields(error) },
        'an old status message could not point to the new one',
      );
    }
  }

  /** @returns false when Discord will not have what the picture shows: the words may come without it */
  async #takesEdit(
    generation: Generation,
    rendered: RenderedMessage,
    picture: RawFile | undefined,
  ): Promise<boolean> {
    try {
      await this.#edit(generation, rendered, picture === undefined ? undefined : [picture]);
      return true;
    } catch (error) {
      if (picture !== undefined && isContentRefused(error)) return false;
      throw error;
    }
  }

  async #edit(
    generation: Pick<Generation, 'reply'>,
    rendered: RenderedMessage,
    files: RawFile[] | undefined,
  ): Promise<void> {
    const { messages, clock } = this.#options;
    const edit = files === undefined ? {} : { files };
    const route = statusRoute(generation.reply, clock.now());
    if (route.kind === 'token') {
      try {
        await messages.editOriginal(route.token, rendered, edit);
        return;
      } catch (error) {
        if (!isDeadToken(error) || route.otherwise === null) throw error;
        await messages.edit(route.otherwise, rendered, edit);
      }
    } else if (route.kind === 'message') {
      await messages.edit(route.place, rendered, edit);
    }
  }

  /** The picture, if it is another one than the last. A worker may store all previews of a clip under one key. */
  async #newPreview(
    { id, progress }: Generation,
    lastDigest: string | null,
  ): Promise<{ file: RawFile; digest: string } | null> {
    if (progress === null || progress.preview === null) return null;
    const data = await this.#options.readPreview(progress.preview);
    if (data === null) return null;
    const digest = hash('sha1', data);
    if (digest === lastDigest) return null;
    return { digest, file: { name: `preview-${id}.jpg`, data, contentType: 'image/jpeg' } };
  }
}

function knownOf({ id, locale, reply }: Generation): Followed['known'] {
  return { id, locale, reply };
}

/** Nothing is put off for longer than that: what seems so was put off before the machine's clock was set back. */
function hasCome(at: number, now: number): boolean {
  return at <= now || at - now > closedInterval;
}

/** Whether its message can hardly be edited any more. */
function isTooOld({ postedAt: since, tooOld }: Followed, now: number): boolean {
  return tooOld || now - since > editableFor;
}

/** Whether its message can be edited for a moment yet, and not by anybody afterwards. */
function isLastChance({ lastWordsAt: at }: Followed, now: number): boolean {
  return at !== null && at <= now;
}

/** Null where the bot can edit the message itself, or there is none. */
function lastWordsAt(reply: ReplyTarget): number | null {
  const { tokenExpiresAt } = reply;
  if (tokenExpiresAt === null) return null;
  const route = statusRoute(reply, tokenExpiresAt - lastWordsBefore);
  return route.kind === 'token' && route.otherwise === null ? tokenExpiresAt - lastWordsBefore : null;
}

/** When the status message was posted: its id says it. 0 without one. */
function postedAt({ statusMessageId }: ReplyTarget): number {
  return statusMessageId === null ? 0 : SnowflakeUtil.timestampFrom(statusMessageId);
}
