import { DiscordAPIError, MessageFlags, PermissionFlagsBits, RESTJSONErrorCodes } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import { errorFields } from '../error-fields.ts';
import { videoLimitBytes, defaultUploadLimit } from '../intake/upload-limit.ts';
import { changing, reachable } from '../queue/reachable.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import { renderResult } from './render/result.ts';
import { message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import { videoFile } from './render/video-file.ts';
import type { Button, Reaction } from './support/definition.ts';
import { ownUploadLimit } from './support/interaction-place.ts';
import { generationShown } from './support/find-generation.ts';
import { keepVideoOf } from './support/removal.ts';
import type { Services, SpokenFile, SpokenMessage } from './support/services.ts';
import { refusedReports, reportStanding, showStanding, tell } from './support/expired-results.ts';

/** 🚩 hides a result at once and tells the moderators, and the one whose result it is. */
const reaction: Reaction = {
  kind: 'reaction',
  name: 'report',
  emoji: '🚩',

  async react({ userId, guildId, messageId, channelId }, services) {
    const generation = await generationShown({ channelId, messageId }, services);
    if (generation === null) {
      await reportStanding({ userId, guildId, channelId, messageId }, services);
      return;
    }
    // Only what others can see, too, can be reported.
    if (guildId === null || generation.guildId !== guildId) return;
    if (generation.result === null || generation.reply.finalMessageId !== messageId) return;
    const outcome = await services.moderation.report({
      guildId,
      generationId: generation.id,
      targetUserId: generation.userId,
      by: userId,
      details: { channelId, messageId },
    });
    const refusal = refusedReports[outcome];
    if (refusal !== undefined) throw new Refusal(refusal);
    if (outcome === 'gone' || outcome === 'repeated') return;
    if (outcome === 'hidden') {
      try {
        await hide(generation, { channelId, messageId }, services);
      } catch (error) {
        await services.moderation.unreport(guildId, generation.id, userId);
        throw error;
      }
    }
    const texts = textsFor(generation.locale);
    await tell(userId, texts.say('report.thanks'), services);
    if (outcome !== 'hidden') return;
    if (generation.userId !== userId) {
      await tell(generation.userId, texts.say('report.of_yours', { id: generation.id }), services);
    }
    await cover(generation, { channelId, messageId }, services);
  },
};

/** What a moderator presses when nothing is wrong with it. */
const showButton: Button = {
  kind: 'button',
  name: 'show',

  async press(interaction, generationId, services) {
    const record = await reachable(services.queue.get(generationId));
    if (record === null) {
      await showStanding(interaction, services);
      return;
    }
    const generation = reportedHere(interaction, record);
    await interaction.deferUpdate();
    const isFirst = await changing(services.queue.markResult(generationId, 'shown'));
    try {
      // Also the second time: the answer to the first may have been lost before anything was shown.
      await show(generation, interaction, services);
    } catch (error) {
      // What the message could not be made to show is not so after all: the next one tries again.
      if (isFirst) await services.queue.markResult(generationId, 'hidden');
      throw error;
    }
    if (isFirst) {
      // Whoever said “That’s me” of it is not right, as a moderator sees it.
      if (generation.guildId !== null)
        await services.moderation.unblock(generation.guildId, generationId, interaction.user.id);
      await services.moderation.log({
        guildId: interaction.guildId,
        actorId: interaction.user.id,
        action: 'report',
        targetUserId: generation.userId,
        generationId,
        reason: null,
        details: { shown: true },
      });
      const text = textsFor(generation.locale).say('report.yours_shown', { id: generation.id });
      await tell(generation.userId, text, services);
    }
    const content = textsFor(interaction.locale).say('report.shown');
    await interaction.followUp({ content, flags: MessageFlags.Ephemeral, allowedMentions: { parse: [] } });
  },
};

/** Shows what was reported to a moderator alone: the message has it covered, or no longer has it. */
const lookButton: Button = {
  kind: 'button',
  name: 'look',

  async press(interaction, generationId, services) {
    const record = await reachable(services.queue.get(generationId));
    if (record === null) throw new Refusal('delete.gone');
    const generation = reportedHere(interaction, record);
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const limit = videoLimitBytes(ownUploadLimit(interaction));
    const data = await services.results.video(generation, limit, services.stopping);
    const text = textsFor(interaction.locale).say('report.look', {
      userId: generation.userId,
      id: generation.id,
    });
    await services.speaker.answer(interaction, message([text]), [videoFile(generation, data, 'SPOILER_')]);
  },
};

export default [reaction, showButton, lookButton];

/** @throws Refusal unless a moderator asks where the generation was made */
function reportedHere(interaction: ButtonInteraction, generation: Generation): Generation {
  if (generation.guildId !== interaction.guildId) throw new Refusal('delete.gone');
  const isModerator = interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true;
  if (!isModerator) throw new Refusal('report.moderators_only');
  // What one person alone was shown is no moderator's business.
  if (generation.reply.private) throw new Refusal('delete.gone');
  return generation;
}

/**
 * Takes the video out of the message, which needs none of its bytes. A message that cannot be edited is removed; one of which Discord wants
 * neither is out of the bot's hands: the moderators find it in their list.
 *
 * @param click of a button under the message, after `deferUpdate`: it may edit it where the bot is no member
 * @throws Error when Discord fails at both, or cannot be reached
 */
export async function hide(
  generation: Generation,
  place: SpokenMessage,
  services: Services,
  click?: ButtonInteraction,
): Promise<void> {
  const { speaker, settings, logger } = services;
  if (generation.result === null) return;
  const rendered = renderResult({ ...generation, hiddenAt: services.now() }, generation.result, settings);
  try {
    await rewrite(place, rendered, [], services, click);
  } catch (error) {
    // Also where Discord fails at edits alone: what was reported must not stand there until it recovers.
    logger.info({ generationId: generation.id, error: errorFields(error) }, 'a reported result is removed');
    await keepVideoOf(place.messageId, services.queue);
    try {
      await speaker.remove(place);
    } catch (second) {
      if (!isRefused(second)) throw second;
      logger.warn({ generationId: generation.id, error: errorFields(second) }, 'a reported result stands');
    }
  }
}

/** The bot writes where it is a member; elsewhere the click of a button under the message does. */
async function rewrite(
  place: SpokenMessage,
  rendered: RenderedMessage,
  files: readonly SpokenFile[],
  { speaker }: Pick<Services, 'speaker'>,
  click: ButtonInteraction | undefined,
): Promise<void> {
  try {
    await speaker.edit(place, rendered, { files });
  } catch (error) {
    if (click?.message.id !== place.messageId || !isRefused(error)) throw error;
    await speaker.answer(click, rendered, files);
  }
}

/**
 * Puts the video back behind a spoiler, where moderators can look at it in its place. Discord goes by the file's name, and names cannot
 * be changed: it is uploaded again. When that cannot be done, the message stays without it.
 */
async function cover(generation: Generation, place: SpokenMessage, services: Services): Promise<void> {
  try {
    const data = await videoFor(generation, place.channelId, services);
    const now = await services.queue.get(generation.id);
    // Somebody has looked meanwhile, or it is deleted.
    if (now === null || now.result === null || now.hiddenAt === null || now.deletedAt !== null) return;
    const rendered = renderResult(now, now.result, services.settings);
    await services.speaker.edit(place, rendered, { files: [videoFile(generation, data, 'SPOILER_')] });
    await noteSize(now, data, services);
  } catch (error) {
    services.logger.info(
      { generationId: generation.id, error: errorFields(error) },
      'a reported result stays without its video',
    );
  }
}

/** Shows the video where it was; where the message was removed, in a new one. */
async function show(generation: Generation, click: ButtonInteraction, services: Services): Promise<void> {
  const { finalChannelId: channelId, finalMessageId: messageId } = generation.reply;
  if (generation.result === null || channelId === null || messageId === null) return;
  const data = await videoFor(generation, channelId, services);
  const files = [videoFile(generation, data)];
  const rendered = renderResult({ ...generation, hiddenAt: null }, generation.result, services.settings);
  try {
    await rewrite({ channelId, messageId }, rendered, files, services, click);
  } catch (error) {
    if (!(error instanceof DiscordAPIError) || error.code !== RESTJSONErrorCodes.UnknownMessage) throw error;
    const posted = await services.speaker.post(channelId, rendered, { files });
    await services.queue.updateReply(generation.id, { finalMessageId: posted.messageId });
  }
  await noteSize(generation, data, services);
}

/** Whether what stands there now is the stored video, which may be signed, or a smaller copy, which is not. */
async function noteSize({ id, reply, result }: Generation, data: Buffer, { queue }: Services): Promise<void> {
  const finalIsSmaller = data.length !== result?.bytes;
  if (finalIsSmaller !== (reply.finalIsSmaller ?? false)) await queue.updateReply(id, { finalIsSmaller });
}

async function videoFor(generation: Generation, channelId: string, services: Services): Promise<Buffer> {
  const place = await services.channels.place(channelId);
  const limit = videoLimitBytes(place?.uploadLimit ?? defaultUploadLimit);
  return services.results.video(generation, limit, services.stopping);
}

/** Discord understood and said no: asking again brings the same answer. */
function isRefused(error: unknown): boolean {
  return (
    error instanceof DiscordAPIError && error.status >= 400 && error.status < 500 && error.status !== 429
  );
}
