import type { ButtonInteraction } from 'discord.js';
import type { ErasedOfPerson, StoredOfPerson } from '../../erasure/erase-person.ts';
import type { GenerateSettings } from '../../config/generate.ts';
import type { Logger } from '../../log.ts';
import type { Moderation } from '../../queue/moderation/moderation.ts';
import type { GpuPod, GpuStatus, Wish } from '../../queue/rented-gpus.ts';
import type { Prints } from '../../queue/moderation/blocked-inputs.ts';
import type { People } from '../../queue/people/people.ts';
import type { Verdict } from '../../provenance/verify-video.ts';
import type { GenerationQueue } from '../../queue/interfaces.ts';
import type { Generation } from '../../queue/contract/generation.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Advice, Intake } from '../../intake/intake.ts';
import type { SpeechDesk } from '../../queue/jobs/speech.ts';
import type { WaitingLimit } from '../../intake/waiting-limit.ts';

/** What handlers may use. Built once by the bot; a test passes its own. */
export interface Services {
  readonly settings: GenerateSettings;
  readonly queue: GenerationQueue;
  readonly moderation: Moderation;
  readonly people: People;
  /** rented GPUs; null: this deployment rents none */
  readonly gpus: RentedGpus | null;
  readonly channels: Channels;
  readonly results: Results;
  readonly standing: StandingResults;
  readonly origins: Origins;
  readonly intake: Intake;
  /** Who can speak. */
  readonly speech: Pick<SpeechDesk, 'voices'>;
  /** A sound of a request; null when it is gone. */
  readonly readSound: (key: string) => Promise<Buffer | null>;
  readonly forgetting: Forgetting;
  /** By what the inputs of a generation are known again; without those that are no longer kept. */
  readonly prints: (generation: Generation, as: 'block' | 'given') => Promise<Prints>;
  readonly directMessages: DirectMessages;
  readonly speaker: Speaker;
  /** who may act on the whole queue */
  readonly ownerIds: ReadonlySet<string>;
  readonly journal: IntakeJournal;
  readonly progress: ProgressFollower;
  readonly waitingLimit: WaitingLimit;
  readonly logger: Logger;
  /** milliseconds since 1970 */
  now(): number;
  /** aborts when the process stops: what was not accepted by then is told so */
  readonly stopping: AbortSignal;
}

/** What owners see of rented GPUs, and ask for. Whoever starts and stops them does it at the next look. */
export interface RentedGpus {
  pods(): Promise<readonly GpuPod[]>;
  /** null: nobody has looked yet */
  status(): Promise<GpuStatus | null>;
  /** seconds; null: not known yet */
  usualStartSeconds(): Promise<number | null>;
  wish(wish: Wish): Promise<void>;
}

/** Keeps status messages up to date. */
export interface ProgressFollower {
  /**
   * From now on the status message of this generation is kept up to date.
   *
   * @param advice stays in the status message
   * @param writeFirst writes its first text and returns it; its error is this method's
   */
  follow(
    generation: Generation,
    advice: readonly Advice[],
    writeFirst: () => Promise<RenderedMessage>,
  ): Promise<void>;
}

/** A message of the bot's own, and where it stands. */
export interface SpokenMessage {
  readonly channelId: string;
  readonly messageId: string;
}

export interface SpokenFile {
  readonly name: string;
  readonly data: Buffer;
  readonly contentType: string;
  /** read out to people who do not see it; at most 1,024 characters */
  readonly description?: string;
}

/** Messages that the bot writes by itself, outside of an interaction. Rejects with what Discord says. */
export interface Speaker {
  post(
    channelId: string,
    rendered: RenderedMessage,
    options?: { readonly replyTo?: string; readonly files?: readonly SpokenFile[]; readonly nonce?: string },
  ): Promise<SpokenMessage>;
  /** `files`: what the message has from now on; without it, it keeps what it has */
  edit(
    place: SpokenMessage,
    rendered: RenderedMessage,
    options?: { readonly files?: readonly SpokenFile[] },
  ): Promise<void>;
  /** A message that is gone already is no error. */
  remove(place: SpokenMessage): Promise<void>;
  /** Puts a message with files in place of the deferred answer to an interaction. */
  answer(
    interaction: Pick<ButtonInteraction, 'token'>,
    rendered: RenderedMessage,
    files: readonly SpokenFile[],
  ): Promise<void>;
  /** Removes the message whose button was clicked, after `deferUpdate`. One that is gone already is no error. */
  removeClicked(click: Pick<ButtonInteraction, 'deleteReply'>): Promise<void>;
  /** @returns null when the person's direct messages are closed */
  direct(
    userId: string,
    rendered: RenderedMessage,
    options?: { readonly files?: readonly SpokenFile[] },
  ): Promise<SpokenMessage | null>;
}

/** What is known of channels without an interaction that says so. */
export interface Channels {
  /** null when the bot does not see the channel (any more) */
  place(channelId: string): Promise<ChannelPlace | null>;
  /** Whether Discord has no such channel: one that the bot only does not see any more is there. */
  isDeleted(channelId: string): Promise<boolean>;
  /** Whether the person may manage messages there, now. */
  mayModerate(guildId: string, channelId: string, userId: string): Promise<boolean>;
}

export interface ChannelPlace {
  readonly guildId: string | null;
  readonly isThread: boolean;
  /** the bot's own */
  readonly permissions: bigint;
  /** bytes per file that the bot may upload there */
  readonly uploadLimit: number;
  /** of the guild; null in direct messages */
  readonly locale: string | null;
}

/** Where videos come from. */
export interface Origins {
  /**
   * Downloads a file and looks at its signature and its watermark; seconds, beside everything else.
   *
   * @returns a word where nothing can be said of it, and why
   */
  find(file: PostedFile, signal: AbortSignal): Promise<Verdict | Unseen>;
}

export interface PostedFile {
  readonly url: string;
  /** bytes; null where nobody has said */
  readonly size: number | null;
}

/** Why a file was not looked at: it is no video; it is larger than is looked at; it lies elsewhere; Discord did not give it. */
export type Unseen = 'unreadable' | 'too_large' | 'not_on_discord' | 'unavailable';

/** The videos of finished generations. */
export interface Results {
  /**
   * The video, made smaller where it would not fit.
   *
   * @param limitBytes size that the place takes
   * @throws Failure `files_expired` when it is gone, `video_too_large_for_channel` when it cannot be made to fit
   */
  video(generation: Generation, limitBytes: number, signal: AbortSignal): Promise<Buffer>;
  /** Deletes the video for good. */
  remove(generation: Generation): Promise<void>;
}

/** Results whose records are no longer kept: their messages stand for as long as nobody deletes them, and say whose they are. */
export interface StandingResults {
  /** What a `custom_id` says that this bot has signed; null for any other. */
  owner(customId: string): { readonly generationId: string; readonly userId: string } | null;
  /** Of which generation a message of the bot's own is the status or the result, by its buttons; null of any other. */
  generationId(place: SpokenMessage): Promise<string | null>;
  /** What a message of the bot's own shows. @returns null when it is gone, somebody else's or no result */
  read(place: SpokenMessage): Promise<StandingResult | null>;
  /** Hides the video behind a spoiler, or shows it again. What cannot be hidden otherwise is taken out of the message. */
  mark(place: SpokenMessage, mark: 'hidden' | 'shown'): Promise<void>;
}

export interface StandingResult {
  readonly generationId: string;
  /** whose it is; null in messages from before they said so */
  readonly userId: string | null;
  /** nothing of it can be seen without another click */
  readonly hidden: boolean;
}

/** What is stored of a person, for themself. What limits count on stays until it lapses, after a day. */
export interface Forgetting {
  find(userId: string): Promise<StoredOfPerson>;
  /** Stops what waits or runs, and erases. @throws StillRunning */
  erase(userId: string): Promise<ErasedOfPerson>;
}

/** The way out where the bot cannot write in the channel. */
export interface DirectMessages {
  /**
   * Makes sure that a person can be written to, by writing to them: opening the conversation alone proves nothing.
   *
   * @param notice what to write, if this person has never read it
   */
  ensureOpen(userId: string, notice: string): Promise<'open' | 'closed' | 'no_shared_server'>;
}

/** Requests whose files are being read, kept on disk: a bot that died meanwhile can say so when it is back. */
export interface IntakeJournal {
  begin(entry: IntakeEntry): Promise<void>;
  end(id: string): Promise<void>;
}

export interface IntakeEntry {
  /** the generation's id, if it comes to be */
  readonly id: string;
  readonly applicationId: string;
  readonly interactionToken: string;
  /** milliseconds since 1970 */
  readonly tokenExpiresAt: number;
  readonly locale: string;
}
