import { REST, Routes, SnowflakeUtil } from 'discord.js';
import type { RateLimitData, RawFile } from 'discord.js';
import { z } from 'zod';
import { restOptions } from './client.ts';
import type { RenderedMessage } from '../commands/render/message.ts';
import { isClosedChannel, isUnknownMessage } from './discord-errors.ts';
import type { Signatures } from './signatures.ts';

/** Where a message stands. */
export interface MessagePlace {
  readonly channelId: string;
  readonly messageId: string;
}

/** A file to upload, with what is read out to people who do not see it. */
export type DescribedFile = RawFile & { readonly description?: string };

export interface PostOptions {
  readonly files?: readonly DescribedFile[];
  /** the message that this one answers; Discord posts it without the reference when that one is gone */
  readonly replyTo?: string | undefined;
  /** at most 25 characters: for some minutes Discord answers a repeated post with the first message */
  readonly nonce?: string;
  /** whoever posts has tries of their own: @throws RateLimitError instead of sending it again when Discord wants it later */
  readonly isSentOnce?: boolean;
  readonly signal?: AbortSignal;
}

export interface EditOptions {
  /** the files take longer than small ones may */
  readonly isVideo?: boolean;
  /** replaces all files of the message; left out, they stay as they are */
  readonly files?: readonly DescribedFile[];
  readonly signal?: AbortSignal;
}

/** A video of some megabytes over a slow line; discord.js gives up after 15 s by default. */
const uploadTimeout = 5 * 60_000;

/** What is read of Discord's answers. */
const messageSchema = z.object({
  id: z.string(),
  channel_id: z.string(),
  content: z.string(),
  /** rows of buttons */
  components: z
    .array(z.object({ components: z.array(z.object({ custom_id: z.string().optional() })).default([]) }))
    .default([]),
  author: z.object({ id: z.string() }),
  attachments: z
    .array(z.object({ filename: z.string(), url: z.string(), content_type: z.string().optional() }))
    .default([]),
});
export type FoundMessage = z.infer<typeof messageSchema>;
const channelSchema = z.object({ id: z.string() });

/** Pages of 100 messages that are looked through for a message that may have been posted before a crash. */
const historyPages = 20;

/**
 * The few calls to Discord that progress and delivery need. They go straight to REST: no cache takes part, so nothing grows
 * with the number of generations.
 */
export class Messages {
  /** all that it sends through, for whoever counts what becomes of it */
  readonly connections: readonly REST[];
  readonly #rest: REST;
  readonly #uploads: REST;
  readonly #unrepeated: REST;
  readonly #once: REST;
  readonly #applicationId: string;
  readonly #botUserId: string;
  readonly #signatures: Signatures;

  /**
   * @param rest the client's own, for what is small
   * @param options.apiUrl base of the REST API, without the version
   */
  constructor(
    rest: REST,
    options: {
      apiUrl: string;
      token: string;
      applicationId: string;
      botUserId: string;
      signatures: Signatures;
    },
  ) {
    this.#rest = rest;
    const shared = { api: options.apiUrl, timeout: uploadTimeout, ...restOptions };
    // A delivery has tries of its own, and each repetition sends the whole video.
    this.#uploads = new REST({ ...shared, retries: 0 }).setToken(options.token);
    // Webhook endpoints know no nonce: a repeated post would be a second message.
    this.#unrepeated = new REST({ ...shared, retries: 0 }).setToken(options.token);
    // The library itself sends anew what a limit has met, as often as that happens: a video of some megabytes each time.
    this.#once = new REST({ ...shared, retries: 0, rejectOnRateLimit: isForLater }).setToken(options.token);
    this.connections = [rest, this.#uploads, this.#unrepeated, this.#once];
    this.#applicationId = options.applicationId;
    this.#botUserId = options.botUserId;
    this.#signatures = options.signatures;
  }

  /** Posts as the bot. @throws DiscordAPIError, RateLimitError where it is sent once */
  async post(channelId: string, rendered: RenderedMessage, options: PostOptions = {}): Promise<MessagePlace> {
    const rest = options.isSentOnce === true ? this.#once : this.#uploads;
    const posted = await rest.post(Routes.channelMessages(channelId), {
      body: {
        ...this.#signatures.sign(rendered),
        ...(options.replyTo === undefined
          ? {}
          : { message_reference: { message_id: options.replyTo, fail_if_not_exists: false } }),
        ...(options.nonce === undefined ? {} : { nonce: options.nonce, enforce_nonce: true }),
        ...described(options.files),
      },
      ...withFiles(options.files),
      ...withSignal(options.signal),
    });
    return placeOf(posted);
  }

  /** Edits a message of the bot. @throws DiscordAPIError */
  async edit(place: MessagePlace, rendered: RenderedMessage, options: EditOptions = {}): Promise<void> {
    const rest = options.isVideo === true ? this.#uploads : this.#rest;
    await rest.patch(Routes.channelMessage(place.channelId, place.messageId), {
      body: { ...this.#signatures.sign(rendered), ...described(options.files) },
      ...withFiles(options.files),
      ...withSignal(options.signal),
    });
  }

  /** Deletes a message of the bot. @throws DiscordAPIError */
  async remove({ channelId, messageId }: MessagePlace): Promise<void> {
    await this.#rest.delete(Routes.channelMessage(channelId, messageId));
  }

  /** Edits the first answer to an interaction, as long as its token lives. @throws DiscordAPIError */
  async editOriginal(
    token: string,
    rendered: RenderedMessage,
    options: EditOptions = {},
  ): Promise<MessagePlace> {
    const rest = options.isVideo === true ? this.#uploads : this.#rest;
    const edited = await rest.patch(Routes.webhookMessage(this.#applicationId, token), {
      body: { ...this.#signatures.sign(rendered), ...described(options.files) },
      ...withFiles(options.files),
      ...withSignal(options.signal),
      auth: false,
    });
    return placeOf(edited);
  }

  /** Adds an answer to an interaction, as long as its token lives. @throws DiscordAPIError */
  async followUp(
    token: string,
    rendered: RenderedMessage,
    options: { flags?: number; signal?: AbortSignal },
  ): Promise<MessagePlace> {
    const posted = await this.#unrepeated.post(Routes.webhook(this.#applicationId, token), {
      body: {
        ...this.#signatures.sign(rendered),
        ...(options.flags === undefined ? {} : { flags: options.flags }),
      },
      ...withSignal(options.signal),
      auth: false,
    });
    return placeOf(posted);
  }

  /** Asks whether a channel takes anything at all, with what costs nothing: the bot is shown as typing there. @throws DiscordAPIError */
  async typing(channelId: string): Promise<void> {
    await this.#once.post(Routes.channelTyping(channelId));
  }

  /** Edits an answer to an interaction, as long as its token lives, and sends it once. @throws DiscordAPIError, RateLimitError */
  async editFollowUp(
    token: string,
    messageId: string,
    rendered: RenderedMessage,
    options: EditOptions,
  ): Promise<void> {
    await this.#once.patch(Routes.webhookMessage(this.#applicationId, token, messageId), {
      body: { ...this.#signatures.sign(rendered), ...described(options.files) },
      ...withFiles(options.files),
      ...withSignal(options.signal),
      auth: false,
    });
  }

  /**
   * Opens the conversation with a person.
   *
   * @param options.isSentOnce as of {@link PostOptions}
   * @returns its channel
   * @throws DiscordAPIError, RateLimitError where it is sent once
   */
  async openDirect(
    userId: string,
    { isSentOnce = false }: Pick<PostOptions, 'isSentOnce'> = {},
  ): Promise<string> {
    const rest = isSentOnce ? this.#once : this.#rest;
    return channelSchema.parse(await rest.post(Routes.userChannels(), { body: { recipient_id: userId } })).id;
  }

  /** A message of the bot's own; null when it is gone, out of reach or somebody else's. @throws DiscordAPIError */
  async read({ channelId, messageId }: MessagePlace): Promise<FoundMessage | null> {
    try {
      const found = messageSchema.parse(await this.#rest.get(Routes.channelMessage(channelId, messageId)));
      return found.author.id === this.#botUserId ? found : null;
    } catch (error) {
      if (isUnknownMessage(error) || isClosedChannel(error)) return null;
      throw error;
    }
  }

  /**
   * Looks for a message of the bot's own.
   *
   * @param search.since milliseconds since 1970; nothing older is looked at
   * @param search.isMeant whether it is the one
   * @returns null when there is none
   * @throws DiscordAPIError when the channel cannot be read, RateLimitError when Discord wants it later
   */
  async findOwn(
    channelId: string,
    search: { since: number; isMeant: (message: FoundMessage) => boolean },
  ): Promise<MessagePlace | null> {
    let after = SnowflakeUtil.generate({ timestamp: search.since }).toString();
    for (let page = 0; page < historyPages; page += 1) {
      const found = messageSchema.array().parse(
        await this.#once.get(Routes.channelMessages(channelId), {
          query: new URLSearchParams({ after, limit: '100' }),
        }),
      );
      const own = found.find((message) => message.author.id === this.#botUserId && search.isMeant(message));
      if (own !== undefined) return { channelId, messageId: own.id };
      if (found.length < 100) return null;
      after = found.reduce((newest, { id }) => (BigInt(id) > BigInt(newest) ? id : newest), after);
    }
    return null;
  }
}

/** Longer than this nobody waits who has tries of their own: others have yet to get theirs. Milliseconds. */
const longestWait = 10_000;

/**
 * Whether whoever has tries of their own hears of it instead of waiting: after a refusal, for the library would send all of it again, or before
 * anything is sent, then both times are one, where others were told to wait for long.
 */
export function isForLater({
  retryAfter,
  timeToReset,
  sublimitTimeout,
}: Pick<RateLimitData, 'retryAfter' | 'sublimitTimeout' | 'timeToReset'>): boolean {
  return sublimitTimeout > 0 || retryAfter !== timeToReset || timeToReset > longestWait;
}

function placeOf(answer: unknown): MessagePlace {
  const { channel_id: channelId, id: messageId } = messageSchema.parse(answer);
  return { channelId, messageId };
}

function described(files: readonly DescribedFile[] | undefined) {
  // The list names every file that the message keeps: what is not in it is removed.
  return files === undefined
    ? {}
    : {
        attachments: files.map(({ name, description }, index) => ({
          id: String(index),
          filename: name,
          ...(description === undefined ? {} : { description }),
        })),
      };
}

function withFiles(files: readonly RawFile[] | undefined): { files?: RawFile[] } {
  return files === undefined || files.length === 0 ? {} : { files: [...files] };
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
