import {
  DiscordAPIError,
  HTTPError,
  InteractionContextType,
  MessageFlags,
  RESTJSONErrorCodes,
  RateLimitError,
} from 'discord.js';
import type { RepliableInteraction } from 'discord.js';
import { ulid } from 'ulid';
import { message } from '../commands/render/message.ts';
import type { GivenReaction } from '../commands/support/definition.ts';
import { Refusal } from '../refusal.ts';
import type { Services } from '../commands/support/services.ts';
import { Failure } from '../failure.ts';
import { errorFields } from '../error-fields.ts';
import type { Logger } from '../log.ts';
import { failureText, textsFor } from '../text/texts.ts';
import type { TextKey, Texts } from '../text/texts.ts';
import { isContentRefused, isDeadToken, isUnknownMessage } from './discord-errors.ts';

/** What a person is told about an error, and whether the people who run the bot have to know. */
export interface Explanation {
  readonly content: string;
  readonly unexpected: boolean;
}

const discordTexts: Readonly<Record<number | string, TextKey>> = {
  [RESTJSONErrorCodes.MissingAccess]: 'failure.discord_missing_access',
  [RESTJSONErrorCodes.MissingPermissions]: 'failure.discord_missing_permissions',
  [RESTJSONErrorCodes.UnknownChannel]: 'failure.discord_missing_access',
};

const elsewhereTexts = { outside: 'failure.discord_outside', direct: 'failure.discord_direct' } as const;

/** Turns any error into something a person understands; the unknown gets a reference that is also in the log. */
export function explain(
  error: unknown,
  texts: Texts,
  reference: string,
  place: 'member' | 'outside' | 'direct' = 'member',
): Explanation {
  if (error instanceof Refusal) return { content: texts.say(error.key, error.values), unexpected: false };
  if (error instanceof Failure) {
    const reason = failureText(texts, error, reference);
    const { option } = error.context;
    const content = option === undefined ? reason : texts.say('refused.file', { option, reason });
    return { content, unexpected: error.code === 'internal' };
  }
  if (isContentRefused(error)) return { content: texts.say('failure.discord_refuses'), unexpected: false };
  if (error instanceof DiscordAPIError) {
    // Nobody can give the bot permissions where it is no member, or in direct messages.
    const key =
      discordTexts[error.code] && place !== 'member' ? elsewhereTexts[place] : discordTexts[error.code];
    if (key !== undefined) return { content: texts.say(key), unexpected: false };
  }
  if (error instanceof HTTPError || error instanceof RateLimitError) {
    return { content: texts.say('failure.discord_unavailable'), unexpected: true };
  }
  return { content: texts.say('failure.unknown', { reference }), unexpected: true };
}

/** A guild that the bot knows is one that it is a member of. */
function placeFor({ guild, context }: RepliableInteraction): 'member' | 'outside' | 'direct' {
  if (guild !== null) return 'member';
  return context === InteractionContextType.BotDM ? 'direct' : 'outside';
}

/** Where every error of a handler ends: told to the person in the way that the interaction still allows, and logged. */
export async function answerError(
  error: unknown,
  interaction: RepliableInteraction,
  logger: Logger,
): Promise<void> {
  const reference = ulid().slice(-8);
  const { content, unexpected } = explain(
    error,
    textsFor(interaction.locale),
    reference,
    placeFor(interaction),
  );
  const where = { reference, interactionId: interaction.id, guildId: interaction.guildId };
  if (unexpected) logger.error({ ...where, error: errorFields(error) }, 'a handler failed');
  else logger.info({ ...where, reason: reasonOf(error) }, 'a request was refused');
  const answer = { content, components: [], allowedMentions: { parse: [] as const } };
  try {
    // After `deferUpdate` the reply is the message with the button: what stands there stays.
    const isUpdate = interaction.isMessageComponent() && interaction.ephemeral === null;
    if (interaction.deferred && !interaction.replied && !isUpdate) {
      if (!(await withdrawn(interaction, error))) await interaction.editReply(answer);
      else await interaction.followUp({ ...answer, flags: MessageFlags.Ephemeral });
    } else if (interaction.replied || interaction.deferred)
      await interaction.followUp({ ...answer, flags: MessageFlags.Ephemeral });
    else await interaction.reply({ ...answer, flags: MessageFlags.Ephemeral });
  } catch (second) {
    // Nothing is left to tell them with: the token died, or the connection did.
    logger[isDeadToken(second) ? 'info' : 'warn'](
      { ...where, error: errorFields(second) },
      'the person could not be told',
    );
  }
}

/**
 * Takes a public "thinking…" away, so that what is said to one person is seen by that person: a server full of refusals helps nobody. In
 * direct messages nobody else reads, and where nobody knows yet what came of the request its message may still be needed.
 *
 * @returns false when it is to be answered where it stands
 */
async function withdrawn(interaction: RepliableInteraction, error: unknown): Promise<boolean> {
  if (interaction.ephemeral !== false || interaction.context === InteractionContextType.BotDM) return false;
  if (error instanceof Failure && error.identifier === 'queue_uncertain') return false;
  try {
    await interaction.deleteReply();
    return true;
  } catch (failed) {
    if (isDeadToken(failed)) throw failed;
    return isUnknownMessage(failed);
  }
}

/** milliseconds in which a refused reaction is answered once */
const toldAgainAfter = 10 * 60_000;

/**
 * The same for a reaction: there is no interaction to answer, so the person is written to; where that is closed, the channel
 * tells them.
 */
export async function answerReactionError(
  error: unknown,
  { userId, guildId, channelId, messageId }: GivenReaction,
  { logger, speaker, queue, channels }: Pick<Services, 'logger' | 'speaker' | 'queue' | 'channels'>,
): Promise<void> {
  const reference = ulid().slice(-8);
  const where = { reference, guildId, messageId };
  try {
    // A reaction does not say which language the person reads; the result that they reacted to is the best guess, then the server.
    const locale = (await localeOf(messageId, queue)) ?? (await channels.place(channelId))?.locale ?? 'en-US';
    const texts = textsFor(locale);
    const { content, unexpected } = explain(error, texts, reference);
    if (unexpected) logger.error({ ...where, error: errorFields(error) }, 'a handler failed');
    else logger.info({ ...where, reason: reasonOf(error) }, 'a request was refused');
    // Whoever reacts once more knows it already, and many reactions at once are no reason to fill a channel.
    const told = `told:${userId}:${messageId}:${reasonOf(error)}`;
    if (!(await isFirst(told, queue))) return;
    if ((await speaker.direct(userId, message([content]))) !== null) return;
    if (!(await isFirst(`told:${userId}:${channelId}:${reasonOf(error)}`, queue))) return;
    // What a moderator said to one person is not for the whole channel.
    const isPersonal = error instanceof Refusal && error.key.startsWith('refused.banned');
    const reason = isPersonal ? texts.say('reaction.refused_personally') : content;
    const mentioned = texts.say('reaction.refused', { userId, reason });
    await speaker.post(channelId, message([mentioned], { mention: userId }), { replyTo: messageId });
  } catch (second) {
    logger.warn({ ...where, error: errorFields(second) }, 'the person could not be told');
  }
}

/** Of the result that somebody reacted to; unknown while the queue is away. */
async function localeOf(messageId: string, queue: Services['queue']): Promise<string | undefined> {
  try {
    return (await queue.byMessage(messageId))?.locale;
  } catch {
    return undefined;
  }
}

/** With the queue away somebody is told twice rather than never. */
async function isFirst(key: string, queue: Services['queue']): Promise<boolean> {
  try {
    return await queue.claim(key, toldAgainAfter);
  } catch {
    return true;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.key;
  if (error instanceof Failure) return error.identifier;
  return error instanceof Error ? error.name : 'unknown';
}
