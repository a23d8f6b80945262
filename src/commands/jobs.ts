import { ApplicationCommandType, ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import { reachable } from '../intake/take-on.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { buttonRows, message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import { jobLine } from './render/status.ts';
import { customId } from './support/definition.ts';
import type { Button, SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localised } from './support/localise.ts';
import { noticesFor } from './support/notices.ts';
import { toReply } from './support/reply.ts';
import type { Services } from './support/services.ts';

/** One row of buttons is enough for everybody but a few; these are told of the rest. */
const mostShown = 10;

/** A person's own waiting and running generations, everywhere, each with a button that stops it. */
const command: SlashCommand = {
  kind: 'slash',
  name: 'jobs',

  declare() {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('jobs', 'command.jobs'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(interaction.locale);
    await interaction.editReply(toReply(await render(interaction.user.id, texts, services)));
  },
};

const refresh: Button = {
  kind: 'button',
  name: 'jobs',

  async press(interaction, _argument, services) {
    await interaction.deferUpdate();
    const texts = textsFor(interaction.locale);
    await interaction.editReply(toReply(await render(interaction.user.id, texts, services)));
  },
};

export default [command, refresh];

async function render(
  userId: string,
  texts: Texts,
  { queue, moderation }: Services,
): Promise<RenderedMessage> {
  const open = await reachable(queue.list({ userId, statuses: ['running', 'queued'], limit: mostShown + 1 }));
  if (open.length === 0) return message([texts.say('jobs.none')]);
  // What comes first stands first.
  const placed = await Promise.all(
    open.slice(0, mostShown).map(async (generation) => ({
      generation,
      position: generation.status === 'queued' ? await reachable(queue.position(generation.id)) : null,
      notices: await reachable(noticesFor(generation, moderation)),
    })),
  );
  placed.sort((one, other) => (one.position?.position ?? 0) - (other.position?.position ?? 0));
  const lines = placed.map(
    ({ generation, position, notices }, index) =>
      `${index + 1}. ${jobLine(generation, position, texts, notices)}`,
  );
  const stops = placed.map(({ generation }, index) => ({
    type: ComponentType.Button as const,
    style: ButtonStyle.Secondary as const,
    label: texts.say('button.stop_number', { number: index + 1 }),
    custom_id: customId('cancel', generation.id),
  }));
  const again = {
    type: ComponentType.Button as const,
    style: ButtonStyle.Secondary as const,
    emoji: { name: '🔄' },
    label: texts.say('button.refresh'),
    custom_id: customId('jobs', 'refresh'),
  };
  return message(
    [
      texts.say('jobs.heading'),
      ...lines,
      open.length > mostShown ? texts.say('jobs.more', { count: mostShown }) : null,
    ],
    { components: buttonRows([...stops, again]) },
  );
}
