import { MessageFlags } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import { errorFields } from '../error-fields.ts';
import { findBlocked } from '../intake/blocked.ts';
import { everything } from '../queue/interfaces.ts';
import type { Prints } from '../queue/moderation/blocked-inputs.ts';
import { changing, reachable } from '../queue/reachable.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { recordRetention } from '../retention.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import type { TextKey } from '../text/texts.ts';
import { action, buttonRows, message } from './render/message.ts';
import { hide } from './report.ts';
import { moderates, roleIn } from './stop.ts';
import type { Button } from './support/definition.ts';
import { onceNoted } from './support/find-generation.ts';
import { deleteLineage } from './support/lineage.ts';
import type { Services } from './support/services.ts';
import { claimStanding, refusedReports } from './support/expired-results.ts';

/** “That’s me”: hides a result at once, tells moderators and its author, and has its pictures and sound not taken here any more. */
const claim: Button = {
  kind: 'button',
  name: 'me',

  async press(interaction, generationId, services) {
    const { guildId, user } = interaction;
    const record = await reachable(services.queue.get(generationId));
    if (record === null) {
      await claimStanding(interaction, services);
      return;
    }
    if (guildId === null || record.guildId !== guildId || record.reply.private)
      throw new Refusal('delete.gone');
    // The click may change the message also where the bot is no member.
    await interaction.deferUpdate();
    const generation = await onceNoted(record, services);
    if (generation?.reply.finalMessageId !== interaction.message.id) throw new Refusal('delete.gone');
    const place = { channelId: interaction.channelId, messageId: interaction.message.id };
    const details = { ...place, me: true };
    const about = { guildId, generationId, targetUserId: generation.userId };
    const outcome = await changing(services.moderation.report({ ...about, by: user.id, details }));
    const refusal: TextKey | undefined = refusedReports[outcome];
    if (refusal !== undefined) throw new Refusal(refusal);
    if (outcome === 'gone') throw new Refusal('delete.gone');
    const once = `me:${user.id}:${generationId}`;
    const isFirst = await reachable(services.queue.claim(once, recordRetention));
    try {
      // Also what was reported before: it stands behind a spoiler.
      await hide(generation, place, services, interaction);
    } catch (error) {
      await services.queue.unclaim(once);
      if (outcome === 'hidden') await services.moderation.unreport(guildId, generationId, user.id);
      throw error;
    }
    const entry = { ...about, actorId: user.id, action: 'report', reason: null, details } as const;
    // What hides it stands in the log already.
    if (isFirst && outcome !== 'hidden') await services.moderation.log(entry);
    const standing = await block(generation, guildId, services);
    const texts = textsFor(interaction.locale);
    const content = [texts.say('me.thanks'), texts.say(`me.${standing}`)].join('\n');
    await interaction.followUp({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
    if (isFirst && generation.userId !== user.id) await tellAuthor(generation, services);
  },
};

/**
 * @returns `not_blocked` where its inputs are no longer kept, or cannot be read now: then there is nothing to know them by; `lifted` where a
 *   moderator has decided that they may be used
 */
async function block(
  generation: Generation,
  guildId: string,
  services: Services,
): Promise<'blocked' | 'not_blocked' | 'lifted'> {
  try {
    const prints = await services.prints(generation, 'block');
    if (prints.pictures.length === 0 && prints.sounds.length === 0) return 'not_blocked';
    const isBlocked = await services.moderation.block(guildId, {
      version: 1,
      generationId: generation.id,
      at: services.now(),
      ...prints,
    });
    if (!isBlocked) return 'lifted';
    await stopOthers(prints, guildId, services);
    return 'blocked';
  } catch (error) {
    services.logger.warn(
      { generationId: generation.id, error: errorFields(error) },
      'the inputs of a result could not be blocked',
    );
    return 'not_blocked';
  }
}

/** What waits or runs in the server with the same inputs was asked for before they were blocked: it does not come after. */
async function stopOthers(prints: Prints, guildId: string, services: Services): Promise<void> {
  const { queue, logger } = services;
  for (const one of await queue.list({ guildId, statuses: ['queued', 'running'], limit: everything })) {
    try {
      if (findBlocked(await services.prints(one, 'given'), [prints]) === null) continue;
      await queue.cancel(one.id, { code: 'cancelled', identifier: 'cancelled_by_claim', context: {} });
    } catch (error) {
      logger.warn(
        { generationId: one.id, error: errorFields(error) },
        'whether a request has inputs that are blocked by now is not known',
      );
    }
  }
}

/** A courtesy: whoever cannot be written to is not. */
async function tellAuthor({ id, userId, locale }: Generation, { speaker, logger }: Services): Promise<void> {
  const texts = textsFor(locale);
  const components = buttonRows([action('purge', '🧹', texts.say('button.purge'), id)]);
  await speaker
    .direct(userId, message([texts.say('me.of_yours', { id })], { components }))
    .catch((error: unknown) => {
      logger.info({ generationId: id, error: errorFields(error) }, 'nobody could be told of a claim');
    });
}

/**
 * Deletes a hidden result with its inputs and all that was run again with them: for moderators. Whoever asked for it deletes what is theirs and
 * what was made from that: nobody sweeps another's video away by running it again.
 */
const purge: Button = {
  kind: 'button',
  name: 'purge',

  async press(interaction, generationId, services) {
    const generation = await reachable(services.queue.get(generationId));
    if (generation === null) throw new Refusal('delete.gone');
    // A moderator whose video it is acts as one.
    const isModerator = moderates(interaction, generation) && generation.hiddenAt !== null;
    const role = isModerator ? 'moderator' : roleIn(interaction, generation);
    if (role === null || generation.reply.private) throw new Refusal('delete.not_yours');
    // What a moderator has shown again is nobody's to sweep away by an old button.
    if (generation.hiddenAt === null && role !== 'user') throw new Refusal('delete.gone');
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const count = await deleteLineage(generation, role, services);
    if (role === 'moderator') await note(interaction, generation, count, services);
    const content = textsFor(interaction.locale).say('me.purged', { count });
    await interaction.editReply({ content, allowedMentions: { parse: [] } });
  },
};

async function note(
  { user }: ButtonInteraction,
  { id, guildId, userId }: Generation,
  count: number,
  { moderation }: Services,
): Promise<void> {
  await moderation.log({
    ...{ guildId, actorId: user.id, action: 'delete_result', reason: null, details: { count } },
    ...{ targetUserId: userId, generationId: id },
  });
}

export default [claim, purge];
