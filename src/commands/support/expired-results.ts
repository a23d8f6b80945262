import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import { errorFields } from '../../error-fields.ts';
import type { ReportOutcome } from '../../queue/moderation/moderation.ts';
import { Refusal } from '../../refusal.ts';
import { textsFor } from '../../text/texts.ts';
import type { TextKey } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { GivenReaction } from './definition.ts';
import type { Services } from './services.ts';
import { recordRetention } from '../../retention.ts';

/** Where a reaction was given, whose record is no longer kept. */
type Given = Omit<GivenReaction, 'roleIds'>;

/** Several bots hear one reaction, and several people press at once: milliseconds in which it is hidden once. */
const reportedOnce = 60_000;

/** What a moderator has shown again stays so: milliseconds. */
const lookedAt = recordRetention;
/** who claims it then */
const moderator = 'moderator';

/**
 * The Delete button once the record is gone: the message tells whose it is. It stands here, and so does the moderator.
 *
 * @throws Refusal
 */
export async function deleteStanding(interaction: ButtonInteraction, services: Services): Promise<void> {
  const owner = services.standing.owner(interaction.customId);
  const { guildId } = interaction;
  const isOwn = owner?.userId === interaction.user.id;
  if (!isOwn && !isModerator(interaction)) throw new Refusal('delete.not_yours');
  await interaction.deferUpdate();
  await services.speaker.removeClicked(interaction);
  await note({ guildId, by: interaction.user.id, isOwn }, owner, services);
  const content = textsFor(interaction.locale).say('delete.done');
  await interaction.followUp({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
}

/**
 * The same for ❌, which does not say what the message is: Discord is asked.
 *
 * @throws Refusal
 */
export async function removeStanding(given: Given, services: Services): Promise<void> {
  const { userId, guildId, channelId, messageId } = given;
  const standing = await services.standing.read({ channelId, messageId });
  if (standing === null) return;
  const isOwn = standing.userId === userId;
  const mayRemove =
    isOwn || (guildId !== null && (await services.channels.mayModerate(guildId, channelId, userId)));
  if (!mayRemove) throw new Refusal('delete.not_yours');
  await services.speaker.remove({ channelId, messageId });
  await note({ guildId, by: userId, isOwn }, standing, services);
}

/** What somebody reads whose report does not count; the others have been thanked. */
export const refusedReports: Partial<Record<ReportOutcome, TextKey>> = {
  too_many: 'report.too_many',
  banned: 'report.banned',
  looked_at: 'report.looked_at',
};

/** A courtesy: whoever cannot be written to is not. */
export async function tell(userId: string, text: string, { speaker, logger }: Services): Promise<void> {
  await speaker.direct(userId, message([text])).catch((error: unknown) => {
    logger.info({ error: errorFields(error) }, 'nobody could be told of what became of a result');
  });
}

/**
 * 🚩 hides what others can see, also when nobody knows any more how it was made.
 *
 * @throws Refusal
 */
export async function reportStanding(given: Given, services: Services): Promise<void> {
  const { userId, channelId } = given;
  const outcome = await hideStanding(given, {}, services);
  const refusal = refusedReports[outcome];
  // Another bot that hears the same reaction, or a second person in that moment, has nothing to be told.
  if (refusal !== undefined) throw new Refusal(refusal);
  if (outcome !== 'hidden') return;
  const locale = (await services.channels.place(channelId))?.locale ?? 'en-US';
  await tell(userId, textsFor(locale).say('report.thanks'), services);
}

/**
 * “That’s me” under one. Its inputs are no longer kept, so there is nothing to know them by.
 *
 * @throws Refusal
 */
export async function claimStanding(interaction: ButtonInteraction, services: Services): Promise<void> {
  const { guildId, channelId, user } = interaction;
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const given = { userId: user.id, guildId, channelId, messageId: interaction.message.id };
  const outcome = await hideStanding(given, { me: true }, services);
  if (outcome === 'gone') throw new Refusal('delete.gone');
  const refusal = refusedReports[outcome];
  if (refusal !== undefined) throw new Refusal(refusal);
  const texts = textsFor(interaction.locale);
  const content = [texts.say('me.thanks'), texts.say('me.not_blocked')].join('\n');
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}

/** With the brakes of every report. `repeated`: it is hidden already, or being hidden. */
async function hideStanding(
  { userId, guildId, channelId, messageId }: Given,
  details: { readonly me?: true },
  services: Services,
): Promise<ReportOutcome> {
  const { queue, moderation } = services;
  const place = { channelId, messageId };
  const standing = guildId === null ? null : await services.standing.read(place);
  if (guildId === null || standing === null) return 'gone';
  if (standing.hidden) return 'repeated';
  if (!(await queue.claim(claimOf(messageId), reportedOnce))) {
    return (await queue.claim(claimOf(messageId), reportedOnce, moderator)) ? 'looked_at' : 'repeated';
  }
  const { generationId, userId: targetUserId } = standing;
  const outcome = await moderation.report({
    ...{ guildId, generationId, targetUserId, by: userId, details: { ...place, ...details } },
    withoutRecord: true,
  });
  if (outcome !== 'hidden') {
    await queue.unclaim(claimOf(messageId));
    return outcome;
  }
  try {
    await services.standing.mark(place, 'hidden');
  } catch (error) {
    await moderation.unreport(guildId, generationId, userId);
    await queue.unclaim(claimOf(messageId));
    throw error;
  }
  if (targetUserId !== null && targetUserId !== userId) {
    const locale = (await services.channels.place(channelId))?.locale ?? 'en-US';
    await tell(targetUserId, textsFor(locale).say('report.of_yours', { id: generationId }), services);
  }
  return outcome;
}

/**
 * A moderator has looked, and nothing is wrong with it.
 *
 * @throws Refusal
 */
export async function showStanding(interaction: ButtonInteraction, services: Services): Promise<void> {
  if (!isModerator(interaction)) throw new Refusal('report.moderators_only');
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const { guildId, channelId, message: pressed } = interaction;
  const place = { channelId, messageId: pressed.id };
  const standing = await services.standing.read(place);
  if (standing === null) throw new Refusal('delete.gone');
  await services.standing.mark(place, 'shown');
  await services.queue.unclaim(claimOf(place.messageId));
  await services.queue.claim(claimOf(place.messageId), lookedAt, moderator);
  await services.moderation.log({
    ...{ guildId, actorId: interaction.user.id, action: 'report', reason: null, details: { shown: true } },
    targetUserId: standing.userId,
    generationId: standing.generationId,
  });
  const content = textsFor(interaction.locale).say('report.shown');
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}

function isModerator({ guildId, memberPermissions }: ButtonInteraction): boolean {
  return guildId !== null && memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true;
}

function claimOf(messageId: string): string {
  return `report:${messageId}`;
}

/** What a moderator removes stands in the log. */
async function note(
  { guildId, by, isOwn }: { readonly guildId: string | null; readonly by: string; readonly isOwn: boolean },
  about: { readonly generationId: string; readonly userId: string | null } | null,
  { moderation, logger }: Services,
): Promise<void> {
  const generationId = about?.generationId ?? null;
  logger.info({ generationId }, 'a result without a record was deleted');
  if (isOwn) return;
  await moderation.log({
    ...{ guildId, actorId: by, action: 'delete_result', reason: null, details: {} },
    targetUserId: about?.userId ?? null,
    generationId,
  });
}
