import { ApplicationCommandType, ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import { reachable } from '../intake/take-on.ts';
import type { Generation } from '../queue/contract.ts';
import { quoted } from '../text/format.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { buttonRows, listed, message, messageLink } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import { customId } from './support/definition.ts';
import type { Button, SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localised } from './support/localise.ts';
import { toReply } from './support/reply.ts';
import type { Services } from './support/services.ts';

const pageSize = 8;

/** A month of one person is a few hundred at most; further back nothing is kept. */
const mostPages = 100;

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

export default [command, turn];

async function render(
  userId: string,
  page: number,
  texts: Texts,
  { queue }: Services,
): Promise<RenderedMessage> {
  const found = await reachable(
    queue.list({
      userId,
      statuses: ['delivering', 'delivered', 'failed', 'cancelled'],
      limit: (page + 1) * pageSize + 1,
    }),
  );
  const shown = found.slice(page * pageSize, (page + 1) * pageSize);
  if (shown.length === 0) return message([texts.say(page === 0 ? 'history.none' : 'history.no_more')]);
  const button = (to: number, key: 'button.newer' | 'button.older') => ({
    type: ComponentType.Button as const,
    style: ButtonStyle.Secondary as const,
    label: texts.say(key),
    custom_id: customId('history', String(to)),
  });
  const buttons = [
    ...(page > 0 ? [button(page - 1, 'button.newer')] : []),
    ...(found.length > (page + 1) * pageSize ? [button(page + 1, 'button.older')] : []),
  ];
  const heading = texts.say('history.heading', { page: page + 1 });
  const lines = listed(shown, (one, characters) => historyLine(one, texts, characters), [heading]);
  return message([heading, ...lines], { components: buttonRows(buttons) });
}

function historyLine(generation: Generation, texts: Texts, characters: number): string {
  const { status, createdAt, request, reply, guildId, deletedAt } = generation;
  const { finalChannelId: channelId, finalMessageId: messageId } = reply;
  const values = {
    time: Math.round(createdAt / 1000),
    prompt: quoted(request.prompt, Math.min(60, characters)),
  };
  if (deletedAt !== null) return texts.say('history.deleted', values);
  if (status === 'failed' || status === 'cancelled') return texts.say(`history.${status}`, values);
  if (channelId === null || messageId === null) return texts.say('history.unlinked', values);
  const link = messageLink(channelId === reply.channelId ? guildId : null, channelId, messageId);
  return texts.say('history.done', { ...values, link });
}
