import { isOpen } from '../queue/contract/generation.ts';
import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import { changing, reachable } from '../queue/reachable.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { generationIdOf } from './support/definition.ts';
import type { Button, Reaction } from './support/definition.ts';
import { generationShown } from './support/find-generation.ts';
import { pointNowhere } from './support/removal.ts';
import type { Services } from './support/services.ts';
import { deleteStanding, removeStanding, tell } from './support/expired-results.ts';

type Role = 'user' | 'moderator';

/** Two taps of one person within this are one: milliseconds. */
const doubleTap = 3_000;

/** The Stop button of the status message, and of the list of one's jobs. */
const stopButton: Button = {
  kind: 'button',
  name: 'cancel',

  async press(interaction, generationId, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const generation = await reachable(services.queue.get(generationId));
    if (generation === null) throw new Refusal('cancel.unknown');
    const role = roleIn(interaction, generation);
    if (role === null) throw new Refusal('cancel.not_yours');
    const going = await stop(generation, { userId: interaction.user.id, role }, services);
    const content = textsFor(interaction.locale).say(going ? 'cancel.asked' : 'cancel.finished');
    await interaction.editReply({ content, allowedMentions: { parse: [] } });
  },
};

/** The Delete button of a result. */
const deleteButton: Button = {
  kind: 'button',
  name: 'delete',

  async press(interaction, argument, services) {
    const generation = await reachable(services.queue.get(generationIdOf(argument)));
    if (generation === null) {
      await deleteStanding(interaction, services);
      return;
    }
    const role = roleIn(interaction, generation);
    if (role === null) throw new Refusal('delete.not_yours');
    await interaction.deferUpdate();
    // The click may take the message away wherever it stands: where only one person sees it, and where the bot is no member.
    await removeResult(generation, { userId: interaction.user.id, role }, services, () =>
      services.speaker.removeClicked(interaction),
    );
    const content = textsFor(interaction.locale).say('delete.done');
    await interaction.followUp({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
  },
};

/** ❌ stops what waits or runs, and deletes what is done. */
const reaction: Reaction = {
  kind: 'reaction',
  name: 'stop',
  emoji: '❌',

  async react({ userId, guildId, channelId, messageId }, services) {
    const generation = await generationShown({ channelId, messageId }, services);
    if (generation === null) {
      await removeStanding({ userId, guildId, channelId, messageId }, services);
      return;
    }
    const open = isOpen(generation);
    let role: Role | null = null;
    if (userId === generation.userId) role = 'user';
    else if (guildId !== null && guildId === generation.guildId) {
      role = (await services.channels.mayModerate(guildId, channelId, userId)) ? 'moderator' : null;
    }
    if (role === null) throw new Refusal(open ? 'cancel.not_yours' : 'delete.not_yours');
    if (messageId === generation.reply.finalMessageId) {
      await removeResult(generation, { userId, role }, services, async () => {
        await services.speaker.remove({ channelId, messageId });
      });
      return;
    }
    // Two bots hear it, and the second one finds it stopped already.
    if (!(await services.queue.claim(`stop:${userId}:${generation.id}`, doubleTap))) return;
    if (await stop(generation, { userId, role }, services)) return;
    // It was quicker, or the status message was mistaken for the result.
    if (generation.deletedAt !== null) throw new Refusal('delete.gone');
    const now = (await services.queue.get(generation.id)) ?? generation;
    throw new Refusal(now.result === null ? 'cancel.finished' : 'cancel.delete_there');
  },
};

export default [stopButton, deleteButton, reaction];

/** @returns false when there is nothing left to stop */
async function stop(
  generation: Generation,
  { userId, role }: { userId: string; role: Role },
  services: Services,
): Promise<boolean> {
  const outcome = await changing(
    services.queue.cancel(generation.id, {
      code: 'cancelled',
      identifier: `cancelled_by_${role}`,
      context: {},
    }),
  );
  services.logger.info({ generationId: generation.id, by: role, outcome }, 'cancel asked for');
  const going = outcome === 'cancelled' || outcome === 'signalled';
  if (going && role === 'moderator') await note('cancel', generation, userId, services);
  return going;
}

/** The message goes, and the video with it: what somebody wants gone must not be fetched again from the store. */
async function removeResult(
  generation: Generation,
  { userId, role }: { userId: string; role: Role },
  services: Services,
  removeMessage: () => Promise<void>,
): Promise<void> {
  const isFirst = await changing(services.queue.markResult(generation.id, 'deleted'));
  await services.results.remove(generation);
  services.logger.info({ generationId: generation.id }, 'a result was deleted');
  await removeMessage();
  await pointNowhere(generation, services);
  if (!isFirst || role !== 'moderator') return;
  await note('delete_result', generation, userId, services);
  const text = textsFor(generation.locale).say('delete.by_moderator', { id: generation.id });
  await tell(generation.userId, text, services);
}

async function note(
  action: 'cancel' | 'delete_result',
  { id, guildId, userId: targetUserId }: Generation,
  actorId: string,
  { moderation }: Services,
): Promise<void> {
  await moderation.log({
    guildId,
    actorId,
    action,
    targetUserId,
    generationId: id,
    reason: null,
    details: {},
  });
}

export function roleIn(interaction: ButtonInteraction, generation: Generation): Role | null {
  if (interaction.user.id === generation.userId) return 'user';
  return moderates(interaction, generation) ? 'moderator' : null;
}

/** A moderator acts on their own guild only: the button stands there, and the permission is asked for there. */
export function moderates(
  { guildId, memberPermissions }: ButtonInteraction,
  generation: Pick<Generation, 'guildId'>,
): boolean {
  return (
    generation.guildId !== null &&
    guildId === generation.guildId &&
    memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true
  );
}
