import { ApplicationCommandType, ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import { reachable } from '../queue/reachable.ts';
import type { Person } from '../intake/check-admission.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { allowanceLines } from './limits.ts';
import { buttonRows, listed, message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import { jobLine } from './render/status.ts';
import { personOf } from './support/ask.ts';
import { customId } from './support/definition.ts';
import type { Button, SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localised } from './support/localise.ts';
import { toReply } from './support/reply.ts';
import type { Services } from './support/services.ts';

/** As many fit a message, in every language, with all that matters of each. */
const mostShown = 8;

/** Each takes a look at the queue to say where it stands. */
const mostPlaced = 50;

/** No limit lets one person have more waiting. */
const mostOpen = 1_000;

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
    await interaction.editReply(toReply(await render(personOf(interaction), texts, services)));
  },
};

const refresh: Button = {
  kind: 'button',
  name: 'jobs',

  async press(interaction, _argument, services) {
    await interaction.deferUpdate();
    const texts = textsFor(interaction.locale);
    await interaction.editReply(toReply(await render(personOf(interaction), texts, services)));
  },
};

export default [command, refresh];

async function render(person: Person, texts: Texts, services: Services): Promise<RenderedMessage> {
  const { queue } = services;
  const { userId } = person;
  const now = services.now();
  const open = await reachable(queue.list({ userId, statuses: ['running', 'queued'], limit: mostOpen }));
  const left = await allowanceLines(person, texts, services);
  if (open.length === 0) return message([texts.say('jobs.none'), ...left]);
  // Of one person's, those asked for first come first, but for what a moderator has bumped.
  const placed = await reachable(
    Promise.all(
      open
        .slice(-mostPlaced)
        .map(async (generation) => ({ generation, position: await queue.position(generation.id) })),
    ),
  );
  // What comes first stands first.
  placed.sort((one, other) => one.position.position - other.position.position);
  const shown = placed.slice(0, mostShown);
  const heading = texts.say('jobs.heading');
  const more = open.length > mostShown ? texts.say('jobs.more', { count: mostShown }) : null;
  const numbered = shown.map((job, index) => ({ ...job, number: index + 1 }));
  const lines = listed(
    numbered,
    ({ number, generation, position }, characters) =>
      `${number}. ${jobLine(generation, position, texts, { characters, now })}`,
    [heading, more, ...left],
  );
  const stops = numbered.map(({ number, generation }) => ({
    type: ComponentType.Button as const,
    style: ButtonStyle.Secondary as const,
    label: texts.say('button.stop_number', { number }),
    custom_id: customId('cancel', generation.id),
  }));
  const again = {
    type: ComponentType.Button as const,
    style: ButtonStyle.Secondary as const,
    emoji: { name: '🔄' },
    label: texts.say('button.refresh'),
    custom_id: customId('jobs', 'refresh'),
  };
  return message([heading, ...lines, more, ...left], { components: buttonRows([...stops, again]) });
}
