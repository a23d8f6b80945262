import { MessageFlags, RateLimitError } from 'discord.js';
import type { GenerateSettings } from '../config/generate.ts';
import { renderEnding, renderResult } from '../commands/render/result.ts';
import { renderDeleted, renderPointer } from '../commands/render/status.ts';
import { message } from '../commands/render/message.ts';
import { videoFile } from '../commands/render/video-file.ts';
import { generationIdOf, parseCustomId } from '../commands/support/definition.ts';
import type { RenderedMessage } from '../commands/render/message.ts';
import { Failure } from '../failure.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import type { Generation, ReplyTarget, StoredFailure } from '../queue/contract/generation.ts';
import { NotBefore } from '../queue/delivery/not-before.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
import { textsFor } from '../text/texts.ts';
import type { Clock } from './clock.ts';
import {
  isClosedChannel,
  isClosedDirectMessages,
  isContentRefused,
  isDeadToken,
  isLastingRefusal,
  isReplyForbidden,
  isTooLarge,
  isUnknownMessage,
} from './discord-errors.ts';
import type { DescribedFile, FoundMessage, MessagePlace, Messages } from './messages.ts';
import { liveToken, statusRoute } from './status-route.ts';
import type { VideoFile, VideoFiles } from './video-files.ts';

/** The clocks of worker and Discord may differ by so much when the channel is searched. */
const clockDifference = 10 * 60_000;

/** Pauses between tries to let a status message point to the result, while Redis or Discord is away: without it, it says for good what is long over. */
const pointerPauses = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000];

export interface DeliveryOptions {
  readonly queue: Pick<GenerationQueue, 'get' | 'updateReply'>;
  readonly messages: Pick<
    Messages,
    | 'post'
    | 'edit'
    | 'editOriginal'
    | 'followUp'
    | 'editFollowUp'
    | 'openDirect'
    | 'findOwn'
    | 'typing'
    | 'remove'
  >;
  readonly videos: VideoFiles;
  /** stops following the status message; resolves to the milliseconds that an edit should still wait */
  readonly releaseStatus: (id: string) => Promise<number>;
  readonly settings: GenerateSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** aborts when the process stops: courtesies no longer wait for their pace */
  readonly stopping: AbortSignal;
}

/** The one final message: what it says, and the video if there is one. */
interface FinalMessage {
  readonly rendered: RenderedMessage;
  /** what differs where it comes as a direct message instead */
  readonly direct?: RenderedMessage;
  readonly files: readonly DescribedFile[];
  /** it stands in for the video, which may be sent later after all: Discord must not take the two for one */
  readonly isStandIn?: boolean;
}

type Sent = MessagePlace & {
  readonly linkable: boolean;
  /** why it says that the video, which is there, does not come; null: it is what was to be delivered */
  readonly failure?: StoredFailure | null;
};

/**
 * Sends the final message of a generation, once.
 *
 * Before a message leaves, the record says where it goes. An attempt that finds such a mark without a message id knows that
 * an earlier one may have got through, and looks: Discord's nonce covers the first minutes, the channel's history the rest.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** answers to interactions that were begun in the running attempt */
  readonly #begun = new WeakMap<Generation, MessagePlace>();
  /** whose earlier attempt was refused */
  readonly #tried = new WeakSet<Generation>();
  readonly #pointing = new Set<Promise<void>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /**
   * @param isLast when it fails, the status message says so
   * @param isAgain an earlier try was refused: the channel is asked before the video is sent to it once more
   * @returns where the final message stands, and why it is no video though there is one
   * @throws Failure `undeliverable` when no way is left; NotBefore and any other error mean: try again later
   */
  async deliver(
    generation: Generation,
    signal: AbortSignal,
    isLast = false,
    isAgain = false,
  ): Promise<MessagePlace & { failure: StoredFailure | null }> {
    const { id: generationId, status } = generation;
    this.#options.logger.info({ generationId, status }, 'delivering');
    let sent: Sent;
    if (isAgain) this.#tried.add(generation);
    try {
      sent = (await this.#standing(generation)) ?? (await this.#send(generation, signal));
    } catch (error) {
      if (isLast || (error instanceof Failure && error.code === 'undeliverable')) {
        this.#point(generation, null);
      }
      if (error instanceof RateLimitError) throw new NotBefore(error.retryAfter, { cause: error });
      throw error;
    }
    await this.#options.queue.updateReply(generation.id, {
      finalChannelId: sent.channelId,
      finalMessageId: sent.messageId,
    });
    const failure = sent.failure ?? null;
    this.#point(failure === null ? generation : { ...generation, failure }, sent);
    return { channelId: sent.channelId, messageId: sent.messageId, failure };
  }

  /** What an earlier try has posted, unless its person has it erased since: then it is taken back. */
  async #standing(generation: Generation): Promise<Sent | null> {
    const sent = await this.#alreadySent(generation);
    if (sent === null || !isAbandoned(generation)) return sent;
    await this.#takeBack(generation, sent);
    return null;
  }

  async #alreadySent(generation: Generation): Promise<Sent | null> {
    const { reply, createdAt, finishedAt } = generation;
    if (reply.finalChannelId === null) return null;
    // An answer to the interaction is begun before it is complete, and completed again without harm.
    if (answersInteraction(reply) && reply.finalChannelId === reply.channelId) return null;
    if (reply.finalMessageId !== null) {
      return { channelId: reply.finalChannelId, messageId: reply.finalMessageId, linkable: true };
    }
    const since = (finishedAt ?? createdAt) - clockDifference;
    try {
      const found = await this.#options.messages.findOwn(reply.finalChannelId, {
        since,
        isMeant: (posted) => isFinal(posted, generation),
      });
      return found === null ? null : { ...found, linkable: true };
    } catch (error) {
      // A channel that cannot be read any more cannot be posted in either: the send finds the way round.
      if (isClosedChannel(error)) return null;
      throw error;
    }
  }

  async #send(generation: Generation, signal: AbortSignal): Promise<Sent> {
    const { result, failure } = generation;
    if (failure !== null) return this.#sendEnding(generation, failure, signal);
    if (result === null) {
      throw new Failure('internal', 'internal', {}, { cause: new Error('neither result nor failure') });
    }
    let video: VideoFile;
    try {
      video = await this.#options.videos.original(result);
    } catch (error) {
      // Lost with its store, or delivered too late: the person is told, instead of trying for a day.
      if (!(error instanceof Failure)) throw error;
      const { code, identifier, context } = error;
      const lost = { code, identifier, context: { ...context } };
      const final = { rendered: renderEnding(generation, lost), files: [], isStandIn: true };
      return { ...(await this.#sendAnyWay(generation, final, signal)), failure: lost };
    }
    for (;;) {
      const withVideo: FinalMessage = {
        rendered: renderResult(generation, video.result, this.#options.settings),
        direct: renderResult(generation, video.result, this.#options.settings, 'elsewhere'),
        files: [videoFile({ ...generation, result: video.result }, video.data)],
      };
      try {
        return await this.#sendAnyWay(generation, withVideo, signal);
      } catch (error) {
        if (isContentRefused(error)) return this.#sendRefusal(generation, signal);
        if (!isTooLarge(error)) throw error;
        const smaller = await this.#options.videos.smaller(generation, video, signal);
        this.#options.logger.info(
          { generationId: generation.id, bytes: video.data.length, smaller: smaller?.data.length },
          'the video was too large for Discord',
        );
        if (smaller === null) {
          const tooLarge = {
            code: 'too_large',
            identifier: 'video_too_large_for_channel',
            context: {},
          } as const;
          const rendered = renderEnding(generation, tooLarge);
          const final = { rendered, files: [], isStandIn: true };
          return { ...(await this.#sendAnyWay(generation, final, signal)), failure: tooLarge };
        }
        // Before it is sent: what was posted by an attempt that ended there is not looked at again.
        await this.#options.queue.updateReply(generation.id, { finalIsSmaller: true });
        video = smaller;
      }
    }
  }

  /** Discord will not have this video: it is not sent again, and the person reads why. The prompt may be what is refused. */
  async #sendRefusal(generation: Generation, signal: AbortSignal): Promise<Sent> {
    const failure = { code: 'content_blocked', identifier: 'discord_refused_content', context: {} } as const;
    this.#options.logger.warn(
      { generationId: generation.id },
      'Discord refuses what the video shows or says',
    );
    const final = {
      rendered: renderEnding(generation, failure, { prompt: false }),
      files: [],
      isStandIn: true,
    };
    return { ...(await this.#sendAnyWay(generation, final, signal)), failure };
  }

  async #sendEnding(generation: Generation, failure: StoredFailure, signal: AbortSignal): Promise<Sent> {
    const final = {
      rendered: renderEnding(generation, failure),
      files: [],
      isStandIn: isAbandoned(generation),
    };
    return this.#sendAnyWay(generation, final, signal);
  }

  /** The channel, or the interaction while its token lives; then the person's direct messages. */
  async #sendAnyWay(generation: Generation, final: FinalMessage, signal: AbortSignal): Promise<Sent> {
    const { reply } = generation;
    if (!answersInteraction(reply)) {
      try {
        return { ...(await this.#post(generation, channelOf(generation), final, signal)), linkable: true };
      } catch (error) {
        // What is refused for what it says is so everywhere; any other lasting refusal is the channel's own.
        if (isContentRefused(error) && final.files.length > 0) throw error;
        if (!isClosedChannel(error) && !isLastingRefusal(error)) throw error;
        this.#options.logger.info(
          { generationId: generation.id, error: errorFields(error) },
          'the channel does not take it; trying direct messages',
        );
      }
    } else {
      const answered = await this.#answerInteraction(generation, final, signal);
      if (answered !== null) return answered;
    }
    return this.#sendDirect(generation, final, signal);
  }

  /** @returns null when this way is closed */
  async #answerInteraction(
    generation: Generation,
    final: FinalMessage,
    signal: AbortSignal,
  ): Promise<Sent | null> {
    const token = liveToken(generation.reply, this.#options.clock.now());
    if (token === null) return null;
    try {
      const place = await this.#beginAnswer(generation, token, signal);
      if (this.#asksFirst(generation, final)) {
        // As it stands there.
        await this.#options.messages.editFollowUp(token, place.messageId, begunMessage(generation), {
          signal,
        });
      }
      await this.#options.messages.editFollowUp(token, place.messageId, final.rendered, {
        files: final.files,
        signal,
      });
      return { ...place, linkable: !generation.reply.private };
    } catch (error) {
      if (isContentRefused(error) && final.files.length > 0) throw error;
      if (isDeadToken(error) || isClosedChannel(error) || isUnknownMessage(error)) return null;
      if (isLastingRefusal(error)) return null;
      throw error;
    }
  }

  /**
   * Answers to an interaction have no nonce, and nobody can look for ephemeral ones. So a few words go first, their id is
   * recorded, and the video follows as an edit, which can be repeated.
   */
  async #beginAnswer(generation: Generation, token: string, signal: AbortSignal): Promise<MessagePlace> {
    const { queue, messages } = this.#options;
    const { reply } = generation;
    const begun = this.#begun.get(generation) ?? recordedPlace(reply);
    if (begun !== null) return begun;
    const flags = reply.private ? { flags: MessageFlags.Ephemeral as number } : {};
    const place = await messages.followUp(token, begunMessage(generation), { ...flags, signal });
    this.#begun.set(generation, place);
    await queue.updateReply(generation.id, {
      finalChannelId: reply.channelId,
      finalMessageId: place.messageId,
    });
    return place;
  }

  async #sendDirect(generation: Generation, final: FinalMessage, signal: AbortSignal): Promise<Sent> {
    try {
      const channelId = await this.#options.messages.openDirect(generation.userId, {
        isSentOnce: true,
      });
      const direct = { ...final, rendered: final.direct ?? final.rendered };
      return { ...(await this.#post(generation, channelId, direct, signal)), linkable: true };
    } catch (error) {
      if (isContentRefused(error) && final.files.length > 0) throw error;
      const isClosed = isClosedDirectMessages(error) || isClosedChannel(error);
      if (!isClosed && !isLastingRefusal(error)) throw error;
      const identifier = isClosed ? 'direct_messages_closed' : 'undeliverable';
      throw new Failure('undeliverable', identifier, {}, { cause: error });
    }
  }

  async #post(
    generation: Generation,
    channelId: string,
    final: FinalMessage,
    signal: AbortSignal,
  ): Promise<MessagePlace> {
    await this.#mark(generation, channelId);
    const { reply } = generation;
    const { messages } = this.#options;
    const nonce = nonceOf(generation.id, final.isStandIn);
    const options = { files: final.files, nonce, isSentOnce: true, signal };
    if (this.#asksFirst(generation, final)) await messages.typing(channelId);
    const replyTo = channelId === reply.channelId ? (reply.statusMessageId ?? undefined) : undefined;
    try {
      return await messages.post(channelId, final.rendered, { ...options, replyTo });
    } catch (error) {
      if (!isReplyForbidden(error)) throw error;
      return messages.post(channelId, final.rendered, options);
    }
  }

  /** An outage of hours would else be a hundred uploads: Discord keeps none of them. */
  #asksFirst(generation: Generation, final: FinalMessage): boolean {
    return final.files.length > 0 && this.#tried.has(generation);
  }

  /** Written before a message leaves; see the class. */
  async #mark(generation: Generation, channelId: string): Promise<void> {
    if (generation.reply.finalChannelId === channelId) return;
    await this.#options.queue.updateReply(generation.id, { finalChannelId: channelId, finalMessageId: null });
  }

  /** Points again where an earlier process may have died in between: an edit can be repeated. */
  async pointAgain(generation: Generation): Promise<void> {
    const { finalChannelId: channelId, finalMessageId: messageId, private: isPrivate } = generation.reply;
    if (channelId === null || messageId === null) return;
    const linkable = !isPrivate || channelId !== generation.reply.channelId;
    await this.#showPointer(generation, { channelId, messageId, linkable });
  }

  /** Lets the status messages that still wait for their pace be edited. */
  async close(): Promise<void> {
    await Promise.all(this.#pointing);
  }

  /** The next delivery does not wait for the pace of this one's status message. */
  #point(generation: Generation, sent: Sent | null): void {
    const pointing = this.#showPointer(generation, sent).finally(() => this.#pointing.delete(pointing));
    this.#pointing.add(pointing);
  }

  /** A courtesy: when it cannot be done, the delivery still stands. Never rejects. */
  async #showPointer(generation: Generation, sent: Sent | null): Promise<void> {
    const { clock, logger, releaseStatus, stopping } = this.#options;
    const due = await releaseStatus(generation.id);
    for (const pause of [due, ...pointerPauses]) {
      const isLast = stopping.aborted;
      await clock.wait(pause, stopping);
      try {
        await this.#editPointer(generation, sent);
        return;
      } catch (error) {
        logger.info(
          { generationId: generation.id, error: errorFields(error) },
          'the status message could not point to the result',
        );
        if (isLast || isOutOfReach(error)) return;
      }
    }
  }

  /** What was deleted while it was uploaded does not stay. One that only the person sees is emptied, for as long as Discord lets the bot. */
  async #takeBack({ id, result, reply, locale }: Generation, sent: Sent): Promise<void> {
    const { messages, logger, clock } = this.#options;
    if (result === null) return;
    const token = liveToken(reply, clock.now());
    try {
      if (sent.linkable) await messages.remove(sent);
      else if (token !== null)
        await messages.editFollowUp(token, sent.messageId, renderDeleted(id, textsFor(locale)), {
          files: [],
        });
    } catch (error) {
      if (isUnknownMessage(error)) return;
      logger.info({ generationId: id, error: errorFields(error) }, 'a deleted result’s message stands');
    }
  }

  async #editPointer(generation: Generation, sent: Sent | null): Promise<void> {
    const { queue, messages, clock } = this.#options;
    // Somebody may have deleted it meanwhile, also while it was on its way.
    const found = await queue.get(generation.id);
    const now = found ?? generation;
    // With the record gone, all that is known of its person was erased.
    const deletedAt = found === null && generation.result !== null ? clock.now() : now.deletedAt;
    if (sent !== null && generation.deletedAt === null && deletedAt !== null)
      await this.#takeBack(generation, sent);
    const rendered = renderPointer({ ...generation, deletedAt }, sent);
    // A newer status message may have taken over since this delivery began.
    const { statusMessageId } = now.reply;
    const route = statusRoute({ ...generation.reply, statusMessageId }, clock.now());
    if (route.kind === 'token') {
      try {
        await messages.editOriginal(route.token, rendered, { files: [] });
        return;
      } catch (error) {
        if (!isDeadToken(error) || route.otherwise === null) throw error;
        await messages.edit(route.otherwise, rendered, { files: [] });
      }
    } else if (route.kind === 'message') {
      await messages.edit(route.place, rendered, { files: [] });
    }
  }
}

/** Whether a status message is gone, or nobody can edit it any more. A channel that is closed now may be opened again. */
function isOutOfReach(error: unknown): boolean {
  return isUnknownMessage(error) || isDeadToken(error);
}

/** Whether the final message belongs to the interaction: where the bot cannot post, and where only one person may see it. */
function answersInteraction(reply: ReplyTarget): boolean {
  return reply.kind === 'direct' || reply.private;
}

/** @throws Error for what came over the API: it has no delivery, so none of its ever gets here */
function channelOf({ id, reply }: Generation): string {
  if (reply.channelId === null) throw new Error(`generation ${id} has no channel`);
  return reply.channelId;
}

/** Whether there is a video that its person had erased before it was delivered. */
function isAbandoned({ result, failure, deletedAt }: Generation): boolean {
  return result !== null && failure !== null && deletedAt !== null;
}

/**
 * A final message has the video, where there is one: a message that stood in for it before, when Discord did not take it, is none. It says the id and has a button for it. An entry of the moderators' log in the same channel has none, and the status
 * message none but that to stop, whether or not the record knows yet which message it is.
 */
function isFinal(
  { content, components, attachments }: FoundMessage,
  { id, result, failure }: Generation,
): boolean {
  if (result !== null && failure === null && attachments.length === 0) return false;
  const actions = components
    .flatMap((row) => row.components)
    .map((button) => parseCustomId(button.custom_id ?? ''))
    .filter((action) => action !== null && generationIdOf(action.argument) === id);
  return content.includes(id) && actions.some((action) => action?.name !== 'cancel');
}

function begunMessage({ userId, locale }: Generation): RenderedMessage {
  return message([textsFor(locale).say('result.begun', { userId })], { mention: userId });
}

/** Where an earlier attempt has begun to answer the interaction. */
function recordedPlace(reply: ReplyTarget): MessagePlace | null {
  if (reply.finalChannelId === null || reply.finalMessageId === null) return null;
  if (reply.finalChannelId !== reply.channelId) return null;
  return { channelId: reply.finalChannelId, messageId: reply.finalMessageId };
}

/** One per generation; a ULID has 26 characters, a nonce at most 25, and the first changes once in a thousand years. */
function nonceOf(generationId: string, isStandIn = false): string {
  return isStandIn ? `r${generationId.slice(-24)}` : generationId.slice(-25);
}
