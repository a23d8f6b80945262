import { ApplicationCommandType, ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import { videoLimitBytes } from '../intake/upload-limit.ts';
import { reachable } from '../queue/reachable.ts';
import type { Generation } from '../queue/contract/generation.ts';
import { isUndelivered } from '../queue/delivery/undelivered.ts';
import { Refusal } from '../refusal.ts';
import { quoted } from '../text/format.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { action, buttonRows, deleteAction, finalLink, isPassing, listed, message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import { renderResult } from './render/result.ts';
import { videoFile } from './render/video-file.ts';
import { refuseWithdrawn } from '../intake/rerun.ts';
import { isSeenBy } from './support/find-generation.ts';
import { customId } from './support/definition.ts';
import type { Button, SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localised } from './support/localise.ts';
import { ownUploadLimit } from './support/interaction-place.ts';
import { toReply } from './support/reply.ts';
import type { Services } from './support/services.ts';
import { recordRetentionDays } from '../retention.ts';

const pageSize = 8;

/** A month of one person is a few hundred at most; further back nothing is kept. Each page reads those before it, too. */
const mostPages = 1_000;

/** A person's own finished generations, newest first. */
const command: SlashCommand = {
  kind: 'slash',
  name: 'history',

  declare() {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('history', 'command.history'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(interaction.locale);
    await interaction.editReply(toReply(await render(interaction.user.id, 0, texts, services)));
  },
};

const turn: Button = {
  kind: 'button',
  name: 'history',

  async press(interaction, argument, services) {
    await interaction.deferUpdate();
    const page = Math.min(mostPages, Math.max(0, Math.trunc(Number(argument)) || 0));
    const texts = textsFor(interaction.locale);
    await interaction.editReply(toReply(await render(interaction.user.id, page, texts, services)));
  },
};

/** Shows a private video once more, for the person alone: where it was first seen, it is gone once Discord is reloaded. */
const show: Button = {
  kind: 'button',
  name: 'fetch',

  async press(interaction, generationId, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const generation = await reachable(services.queue.get(generationId));
    const asker = { userId: interaction.user.id, guildId: interaction.guildId };
    if (generation === null || generation.userId !== asker.userId || generation.result === null) {
      throw new Refusal('again.gone', { days: recordRetentionDays });
    }
    refuseWithdrawn(generation);
    const limit = videoLimitBytes(ownUploadLimit(interaction));
    const data = await services.results.video(generation, limit, services.stopping);
    const { components, ...rendered } = renderResult(
      generation,
      generation.result,
      services.settings,
      'elsewhere',
    );
    const texts = textsFor(interaction.locale);
    // From another server it is shown, and can be deleted; it is run again where it was made.
    const fitting = isSeenBy(generation, asker) ? components : buttonRows([deleteAction(texts, generation)]);
    await services.speaker.answer(interaction, { ...rendered, components: fitting }, [
      videoFile(generation, data),
    ]);
  },
};

export default [command, turn, show];

async function render(
  userId: string,
  asked: number,
  texts: Texts,
  { queue }: Services,
): Promise<RenderedMessage> {
  const found = await reachable(
    queue.list({
      userId,
      statuses: ['delivering', 'delivered', 'failed', 'cancelled'],
      limit: (asked + 1) * pageSize + 1,
    }),
  );
  if (found.length === 0) return message([texts.say('history.none', { days: recordRetentionDays })]);
  // What stood on a page may have gone meanwhile: the last page that has something is shown in its place.
  const page = Math.min(asked, Math.floor((found.length - 1) / pageSize));
  const shown = found.slice(page * pageSize, (page + 1) * pageSize);
  const button = (to: number, key: 'button.newer' | 'button.older') => ({
    type: ComponentType.Button as const,
    style: ButtonStyle.Secondary as const,
    label: texts.say(key),
    custom_id: customId('history', String(to)),
  });
  const turns = [
    ...(page > 0 ? [button(page - 1, 'button.newer')] : []),
    ...(found.length > (page + 1) * pageSize && page < mostPages ? [button(page + 1, 'button.older')] : []),
  ];
  const passing = shown.filter(
    (one) => isUndelivered(one) || (one.status === 'delivered' && one.deletedAt === null && isPassing(one)),
  );
  const shows = passing.map(({ id }, index) =>
    action('fetch', '👁️', texts.say('button.show_number', { number: index + 1 }), id),
  );
  const heading = texts.say('history.heading', { page: page + 1 });
  const entry = (one: Generation, characters: number) =>
    historyLine(one, texts, { characters, number: passing.indexOf(one) + 1 });
  return message([heading, ...listed(shown, entry, [heading])], {
    components: [...buttonRows(shows), ...buttonRows(turns)],
  });
}

/** @param options.number of the button that shows it; 0 where a link leads there */
function historyLine(
  generation: Generation,
  texts: Texts,
  { characters, number }: { characters: number; number: number },
): string {
  const { status, createdAt, request, deletedAt } = generation;
  const values = {
    time: Math.round(createdAt / 1000),
    prompt: quoted(request.prompt, Math.min(60, characters)),
  };
  if (deletedAt !== null) return texts.say('history.deleted', values);
  if (number > 0) {
    const key = isUndelivered(generation) ? 'history.undelivered' : 'history.private';
    return texts.say(key, { ...values, number });
  }
  const link = finalLink(generation);
  // There it says why, and has the buttons for another try.
  if (status === 'failed' || status === 'cancelled') {
    return [texts.say(`history.${status}`, values), link].filter((part) => part !== null).join(' ');
  }
  return link === null
    ? texts.say('history.unlinked', values)
    : texts.say('history.done', { ...values, link });
}
