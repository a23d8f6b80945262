import { GuildMember, MessageFlags } from 'discord.js';
import type {
  BaseInteraction,
  ButtonInteraction,
  ChatInputCommandInteraction,
  Message,
  ModalSubmitInteraction,
} from 'discord.js';
import { ulid } from 'ulid';
import { errorFields } from '../../error-fields.ts';
import { admit, refuseOverLimit } from '../../intake/check-admission.ts';
import type { Person } from '../../intake/check-admission.ts';
import type { Advice, GivenFiles } from '../../intake/intake.ts';
import { videoLimitBytes } from '../../intake/upload-limit.ts';
import { writtenTexts } from '../../intake/request.ts';
import type { Choices } from '../../intake/request.ts';
import { acceptRequest } from '../../intake/accept-request.ts';
import { insisting, reachable } from '../../queue/reachable.ts';
import type { Accepted, Order } from '../../intake/accept-request.ts';
import type { Generation, Lineage, ReplyTarget } from '../../queue/contract/generation.ts';
import type { Admission } from '../../queue/moderation/moderation.ts';
import { Refusal } from '../../refusal.ts';
import { textsFor } from '../../text/texts.ts';
import { renderStatus } from '../render/status.ts';
import type { RenderedMessage } from '../render/message.ts';
import { askToAgree, askToAgreeInChannel, mustAgree } from './consent.ts';
import type { GivenReaction } from './definition.ts';
import { noticesFor } from './queue-notices.ts';
import { chooseRoute, missingPermissions } from './permissions.ts';
import type { NeededPermission, Route } from './permissions.ts';
import { ownUploadLimit, placeOf } from './interaction-place.ts';
import { toReply } from './reply.ts';
import { voiceTitle } from './voices.ts';
import type { ChannelPlace, Services } from './services.ts';

/** What a person asks for, before it is known whether it can be had. */
export interface Wish {
  readonly choices: Choices;
  readonly files: GivenFiles;
  readonly private: boolean;
  readonly parent?: { readonly id: string; readonly lineage: Lineage } | undefined;
}

/** What can be answered with a message that becomes the status message. */
export type AskingInteraction = ChatInputCommandInteraction | ButtonInteraction | ModalSubmitInteraction;

/** https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction */
const tokenLifetime = 15 * 60_000;

/**
 * Takes a wish on, from a command, a button or a form: answers at once, reads the files, queues, and keeps the answer up to date. Where the
 * person has yet to say that they may use a picture or voice, it is kept, and taken on when they have.
 *
 * @param options.hasAgreed they have just said so
 * @throws Refusal, Failure before anything is accepted
 */
export async function ask(
  interaction: AskingInteraction,
  wish: Wish,
  services: Services,
  { hasAgreed = false } = {},
): Promise<void> {
  const place = placeOf(interaction, wish.private);
  const route = chooseRoute(place);
  // Everything that can be refused without waiting is refused before the public "thinking…", for the person alone.
  if (route.kind === 'impossible') {
    throw missing(interaction.locale, interaction.channelId ?? '', route.missing);
  }
  if (services.stopping.aborted) throw new Refusal('refused.stopping');
  // A form that was open, or a command that a client still knew, while the presets changed.
  if (!services.settings.presetNames.includes(wish.choices.preset)) throw new Refusal('refused.preset_gone');
  const person = personOf(interaction);
  const admission = await reachable(admit(person, writtenTexts(wish), services));
  if (!hasAgreed && (await mustAgree(person.userId, wish, admission, services))) {
    await askToAgree(interaction, wish, admission, services);
    return;
  }

  const ephemeral = wish.private && place.context !== 'direct';
  const accepted = await enter(person, admission, services, async () => {
    const answer = await interaction.deferReply({
      withResponse: true,
      ...(ephemeral ? { flags: MessageFlags.Ephemeral } : {}),
    });
    const statusMessage = answer.resource?.message ?? null;
    const isPrivate = ephemeral || isEphemeral(statusMessage);
    return accept(interaction, { wish, route, isPrivate, statusMessage, admission }, services);
  });
  await follow(accepted, services, async (rendered) => {
    await interaction.editReply(toReply(rendered));
  });
  await playSpeech(interaction, accepted.generation, wish, services);
}

/** Words that were said just now are heard before a GPU works on them, by the person alone. */
async function playSpeech(
  interaction: AskingInteraction,
  { id, request, locale }: Generation,
  { files: { audio } }: Wish,
  services: Services,
): Promise<void> {
  const { speech, soundtrack, audioWindow } = request;
  if (audio === null || !('words' in audio) || soundtrack === null || audioWindow === null) return;
  if (speech === null || speech.spoken === null) return;
  try {
    const sound = await services.readSound(soundtrack);
    if (sound === null) return;
    const seconds = audioWindow.endSeconds - audioWindow.startSeconds;
    const content = textsFor(interaction.locale).say('say.heard', {
      voice: voiceTitle(speech.spoken.voice),
      seconds: seconds.toFixed(1),
    });
    await interaction.followUp({
      content,
      files: [{ attachment: sound, name: `speech-${id}.flac` }],
      flags: MessageFlags.Ephemeral,
    });
  } catch (error) {
    services.logger.warn(
      { generationId: id, locale, error: errorFields(error) },
      'the speech could not be shown',
    );
  }
}

/**
 * The same for a reaction: there is no interaction, so the bot writes to the channel by itself.
 *
 * @throws Refusal, Failure before anything is accepted
 */
export async function askByReaction(
  reaction: GivenReaction,
  wish: Omit<Wish, 'private'>,
  services: Services,
): Promise<void> {
  const place = await services.channels.place(reaction.channelId);
  if (place === null) throw new Refusal('refused.channel_gone');
  const locale = place.locale ?? (await localeOf(reaction, services));
  const lacking = place.guildId === null ? [] : missingPermissions(place.permissions, place.isThread);
  if (lacking.length > 0) throw missing(locale, reaction.channelId, lacking);
  if (services.stopping.aborted) throw new Refusal('refused.stopping');
  const admission = await reachable(admit(reaction, writtenTexts(wish), services));
  if (await mustAgree(reaction.userId, wish, admission, services)) {
    await askToAgreeInChannel(reaction, { ...wish, private: false }, admission, locale, services);
    return;
  }
  const order: Order = {
    id: ulid(services.now()),
    userId: reaction.userId,
    guildId: place.guildId,
    locale,
    choices: wish.choices,
    files: wish.files,
    limitBytes: videoLimitBytes(place.uploadLimit),
    reply: standingReply(reaction, place),
    parentId: wish.parent?.id,
    lineage: wish.parent?.lineage,
    admission,
  };
  const accepted = await enter(reaction, admission, services, () => acceptLogged(order, services));
  const { id } = accepted.generation;
  await follow(accepted, services, async (rendered) => {
    const posted = await services.speaker.post(reaction.channelId, rendered, {
      replyTo: reaction.messageId,
      nonce: statusNonce(id),
    });
    // Without it the message would stand there for ever as it is now.
    await insisting(
      () => services.queue.updateReply(id, { statusMessageId: posted.messageId }),
      services.stopping,
    );
  });
}

/** Differs from the nonce of the final message, which ends with the same letters. */
function statusNonce(generationId: string): string {
  return `s${generationId.slice(-24)}`;
}

/** Answers to a reaction always go to the channel, as the bot: it has just checked that it may. */
function standingReply({ channelId }: GivenReaction, { guildId }: ChannelPlace): ReplyTarget {
  return {
    kind: 'channel',
    channelId,
    guildId,
    private: false,
    interactionToken: null,
    tokenExpiresAt: null,
    statusMessageId: null,
    finalChannelId: null,
    finalMessageId: null,
  };
}

/** In direct messages only the generation that was reacted to says which language the person reads. */
async function localeOf({ messageId }: GivenReaction, { queue }: Services): Promise<string> {
  return (await queue.byMessage(messageId))?.locale ?? 'en-US';
}

/** Who asks, as far as limits and bans go by it. */
export function personOf(interaction: BaseInteraction): Person {
  const { member } = interaction;
  const roleIds =
    member === null ? [] : member instanceof GuildMember ? [...member.roles.cache.keys()] : member.roles;
  return { userId: interaction.user.id, guildId: interaction.guildId, roleIds };
}

/** What the public reads is in the guild's language; what one person reads is in theirs. */
function localeFor(interaction: BaseInteraction & { readonly locale: string }, isPrivate: boolean): string {
  return isPrivate ? interaction.locale : (interaction.guildLocale ?? interaction.locale);
}

async function enter<T>(
  person: Pick<Person, 'userId' | 'guildId'>,
  { limits }: Admission,
  services: Services,
  work: () => Promise<T>,
): Promise<T> {
  let leave: (() => void) | undefined;
  try {
    leave = await reachable(services.waitingLimit.enter(person, limits.waiting));
    return await work();
  } catch (error) {
    // Whatever broke off because the process stops is no fault of the files.
    if (services.stopping.aborted) throw new Refusal('refused.stopping');
    throw await refuseOverLimit(error, person, services.queue);
  } finally {
    leave?.();
  }
}

interface Plan {
  readonly wish: Wish;
  readonly route: Exclude<Route, { kind: 'impossible' }>;
  /** Discord may have made the answer ephemeral by itself, where the person may not use outside apps in public. */
  readonly isPrivate: boolean;
  readonly statusMessage: Message | null;
  readonly admission: Admission;
}

/** Hands the wish in, with a note on disk that lets a restarted bot say so when this one dies meanwhile. */
async function accept(
  interaction: AskingInteraction,
  { wish, route, isPrivate, statusMessage, admission }: Plan,
  services: Services,
): Promise<Accepted> {
  const { journal } = services;
  const id = ulid(services.now());
  const tokenExpiresAt = Math.min(interaction.createdTimestamp, services.now()) + tokenLifetime;
  const { applicationId, token: interactionToken, locale } = interaction;
  await journal.begin({ id, applicationId, interactionToken, tokenExpiresAt, locale });
  try {
    if (route.kind === 'token') await requireDirectMessages(interaction, route, services);
    return await acceptLogged(
      {
        id,
        userId: interaction.user.id,
        guildId: interaction.guildId,
        locale: localeFor(interaction, isPrivate),
        choices: wish.choices,
        files: wish.files,
        limitBytes: videoLimitBytes(ownUploadLimit(interaction)),
        reply: {
          kind: route.kind === 'channel' ? 'channel' : 'direct',
          channelId: interaction.channelId ?? '',
          guildId: interaction.guildId,
          private: isPrivate,
          interactionToken,
          tokenExpiresAt,
          statusMessageId: statusMessage?.id ?? null,
          finalChannelId: null,
          finalMessageId: null,
        },
        parentId: wish.parent?.id,
        lineage: wish.parent?.lineage,
        admission,
      },
      services,
    );
  } finally {
    await journal.end(id);
  }
}

async function acceptLogged(order: Order, services: Services): Promise<Accepted> {
  const accepted = await acceptRequest(order, services);
  const { id, userId, guildId } = accepted.generation;
  services.logger.info({ generationId: id, parentId: order.parentId, userId, guildId }, 'accepted');
  return accepted;
}

/** From here on the request is accepted: whatever goes wrong is logged, and the final message comes in any case. */
async function follow(
  { generation, advice }: { generation: Generation; advice: readonly Advice[] },
  services: Services,
  write: (rendered: RenderedMessage) => Promise<void>,
): Promise<void> {
  try {
    await services.progress.follow(generation, advice, async () => {
      const position = await services.queue.position(generation.id);
      const notices = await noticesFor(generation, services.moderation);
      const { settings } = services;
      const rendered = renderStatus({ generation, position, advice, settings, notices });
      await write(rendered);
      return rendered;
    });
  } catch (error) {
    services.logger.warn(
      { generationId: generation.id, error: errorFields(error) },
      'the status message could not be written',
    );
  }
}

function isEphemeral(statusMessage: Message | null): boolean {
  return statusMessage?.flags.has(MessageFlags.Ephemeral) ?? false;
}

function missing(locale: string, channelId: string, permissions: readonly NeededPermission[]): Refusal {
  const texts = textsFor(locale);
  const names = new Intl.ListFormat(texts.language).format(
    permissions.map((name) => texts.say(`permission.${name}`)),
  );
  return new Refusal('refused.permissions', { channel: `<#${channelId}>`, permissions: names });
}

/** A result that the token cannot carry any more comes as a direct message: make sure that it can. */
async function requireDirectMessages(
  interaction: AskingInteraction,
  { because }: Extract<Route, { kind: 'token' }>,
  services: Services,
): Promise<void> {
  const notice = textsFor(interaction.locale).say('notice.direct_messages');
  const found = await services.directMessages.ensureOpen(interaction.user.id, notice);
  if (found === 'open') return;
  if (found === 'no_shared_server') throw new Refusal('refused.no_shared_server');
  const advice = {
    private: 'refused.direct_messages_closed_private',
    not_a_member: 'refused.direct_messages_closed',
    group: 'refused.direct_messages_closed_group',
  } as const;
  throw new Refusal(advice[because]);
}
