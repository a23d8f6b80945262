import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import { errorFields } from '../error-fields.ts';
import { videoLimitBytes, defaultUploadLimit } from '../intake/limit.ts';
import { reachable } from '../intake/take-on.ts';
import type { Generation } from '../queue/contract.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { renderResult } from './render/result.ts';
import { message } from './render/message.ts';
import type { Button, Reaction } from './support/definition.ts';
import type { Services } from './support/services.ts';
import { reportStanding, showStanding } from './support/standing.ts';

/** 🚩 hides a result behind a spoiler and tells the moderators. */
const reaction: Reaction = {
  kind: 'reaction',
  name: 'report',
  emoji: '🚩',

  async react({ userId, guildId, messageId, channelId }, services) {
    const generation = await services.queue.byMessage(messageId);
    if (generation === null) {
      await reportStanding({ userId, guildId, channelId, messageId }, services);
      return;
    }
    // Only what others can see, too, can be reported.
    if (guildId === null || generation.guildId !== guildId) return;
    if (generation.result === null || generation.reply.finalMessageId !== messageId) return;
    if (!(await services.queue.markResult(generation.id, 'hidden'))) return;
    await services.moderation.log({
      guildId,
      actorId: userId,
      action: 'report',
      targetUserId: generation.userId,
      generationId: generation.id,
      reason: null,
      details: { channelId, messageId },
    });
    await orElse(
      () => show(generation, true, services),
      () => services.queue.markResult(generation.id, 'shown'),
    );
    const thanks = textsFor(generation.locale).say('report.thanks');
    await services.speaker.direct(userId, message([thanks])).catch((error: unknown) => {
      services.logger.info({ error: errorFields(error) }, 'nobody could be thanked for a report');
    });
  },
};

/** What a moderator presses when nothing is wrong with it. */
const showButton: Button = {
  kind: 'button',
  name: 'show',

  async press(interaction, generationId, services) {
    const isModerator = interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true;
    const generation = await reachable(services.queue.get(generationId));
    if (generation === null) {
      await showStanding(interaction, services);
      return;
    }
    if (generation.guildId !== interaction.guildId) throw new Refusal('delete.gone');
    if (!isModerator) throw new Refusal('report.moderators_only');
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    if (await services.queue.markResult(generationId, 'shown')) {
      await orElse(
        () => show(generation, false, services),
        () => services.queue.markResult(generationId, 'hidden'),
      );
      await services.moderation.log({
        guildId: interaction.guildId,
        actorId: interaction.user.id,
        action: 'report',
        targetUserId: generation.userId,
        generationId,
        reason: null,
        details: { shown: true },
      });
    }
    const content = textsFor(interaction.locale).say('report.shown');
    await interaction.editReply({ content, allowedMentions: { parse: [] } });
  },
};

export default [reaction, showButton];

/** What the message could not be made to show is not so after all: the next one tries again. */
async function orElse(work: () => Promise<void>, undo: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await undo();
    throw error;
  }
}

/** Writes the result anew. Discord hides a file whose name says so, and names cannot be changed: it is uploaded again. */
async function show(generation: Generation, hidden: boolean, services: Services): Promise<void> {
  const { finalChannelId: channelId, finalMessageId: messageId } = generation.reply;
  if (generation.result === null || channelId === null || messageId === null) return;
  const place = await services.channels.place(channelId);
  const limit = videoLimitBytes(place?.uploadLimit ?? defaultUploadLimit);
  const data = await services.results.video(generation, limit, services.stopping);
  const name = `${hidden ? 'SPOILER_' : ''}humo-${generation.id}.mp4`;
  const now = { ...generation, hiddenAt: hidden ? services.now() : null };
  const rendered = renderResult(now, generation.result, services.settings);
  await services.speaker.edit({ channelId, messageId }, rendered, {
    files: [{ name, data, contentType: 'video/mp4' }],
  });
}
