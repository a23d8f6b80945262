import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import { errorFields } from '../../error-fields.ts';
import { Refusal } from '../../refusal.ts';
import { textsFor } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { GivenReaction } from './definition.ts';
import type { Services } from './services.ts';

/** Where a reaction was given, whose record is no longer kept. */
type Given = Omit<GivenReaction, 'roleIds'>;

/** Several bots hear one reaction, and several people press at once: milliseconds in which it is hidden once. */
const reportedOnce = 60_000;

/** What a moderator has shown again stays so: milliseconds. */
const lookedAt = 30 * 24 * 3600_000;

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

/** 🚩 hides what others can see, also when nobody knows any more how it was made. */
export async function reportStanding(given: Given, services: Services): Promise<void> {
  const { userId, channelId } = given;
  if ((await hideStanding(given, {}, services)) !== 'hidden') return;
  const locale = (await services.channels.place(channelId))?.locale ?? 'en-US';
  const thanks = message([textsFor(locale).say('report.thanks')]);
  await services.speaker.direct(userId, thanks).catch((error: unknown) => {
    services.logger.info({ error: errorFields(error) }, 'nobody could be thanked for a report');
  });
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
  if (outcome === 'looked_at') throw new Refusal('report.looked_at');
  const texts = textsFor(interaction.locale);
  const content = [texts.say('me.thanks'), texts.say('me.not_blocked')].join('\n');
  await interaction.editReply({ content, allowedMentions: { parse: [] } });
}

async function hideStanding(
  { userId, guildId, channelId, messageId }: Given,
  details: { readonly me?: true },
  services: Services,
): Promise<'hidden' | 'hidden_already' | 'looked_at' | 'gone'> {
  const place = { channelId, messageId };
  const standing = guildId === null ? null : await services.standing.read(place);
  if (standing === null) return 'gone';
  if (standing.hidden) return 'hidden_already';
  if (!(await services.queue.claim(claimOf(messageId), reportedOnce))) return 'looked_at';
  try {
    await services.standing.mark(place, 'hidden');
  } catch (error) {
    await services.queue.unclaim(claimOf(messageId));
    throw error;
  }
  await services.moderation.log({
    ...{ guildId, actorId: userId, action: 'report', reason: null, details: { ...place, ...details } },
    targetUserId: standing.userId,
    generationId: standing.generationId,
  });
  return 'hidden';
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
  await services.queue.claim(claimOf(place.messageId), lookedAt);
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
