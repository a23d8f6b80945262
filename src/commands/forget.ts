import { ApplicationCommandType, ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import type { ErasableName } from '../queue/people/personal-data.ts';
import { StillRunning } from '../erasure/erase-person.ts';
import { isOpen } from '../queue/contract/generation.ts';
import type { StoredOfPerson } from '../erasure/erase-person.ts';
import { reachable } from '../queue/reachable.ts';
import { Refusal } from '../refusal.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import { customId } from './support/definition.ts';
import type { Button, SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localised } from './support/localise.ts';
import { toReply } from './support/reply.ts';

/** To find everything, all of Redis is looked through. */
const betweenLooks = 10_000;

const choices = { erase: 'erase', keep: 'keep' } as const;

/** Shows a person what is stored of them, and erases it once they have seen that. */
const command: SlashCommand = {
  kind: 'slash',
  name: 'forget',

  declare() {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('forget', 'command.forget'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const { id } = interaction.user;
    if (!(await reachable(services.queue.claim(`forget:${id}:look`, betweenLooks)))) {
      throw new Refusal('forget.again_soon');
    }
    const stored = await reachable(services.forgetting.find(id));
    await interaction.editReply(toReply(renderStored(stored, textsFor(interaction.locale))));
  },
};

/** The answer to what {@link command} shows, which nobody else sees. */
const button: Button = {
  kind: 'button',
  name: 'forget',

  async press(interaction, choice, services) {
    await interaction.deferUpdate();
    const texts = textsFor(interaction.locale);
    const say = async (rendered: RenderedMessage) => {
      await interaction.editReply(toReply(rendered));
    };
    if (choice !== choices.erase) return say(message([texts.say('forget.kept')]));
    // At once, so that nobody presses twice: what runs is stopped first, which takes a while.
    await say(message([texts.say('forget.erasing')]));
    try {
      const { generations, files } = await services.forgetting.erase(interaction.user.id);
      await say(message([texts.say('forget.done', { generations, files }), texts.say('forget.stays')]));
    } catch (error) {
      if (!(error instanceof StillRunning)) throw error;
      await say(message([texts.say('forget.still_running')]));
    }
  },
};

export default [command, button];

/** Of what is no longer than a moment's memory, nobody has to read. */
const told = [
  'settings',
  'reports',
  'greeting',
  'agreement',
  'forms',
] as const satisfies readonly ErasableName[];

export function renderStored({ generations, entries }: StoredOfPerson, texts: Texts): RenderedMessage {
  const kinds = told.flatMap((kind) => {
    const count = entries[kind].length;
    return count === 0 ? [] : [texts.say(`forget.kind_${kind}`, { count })];
  });
  const times = generations.map(({ createdAt }) => Math.floor(createdAt / 1000));
  const lines = [
    ...(generations.length === 0
      ? []
      : [
          texts.say('forget.generations', {
            count: generations.length,
            open: generations.filter(isOpen).length,
            first: Math.min(...times),
            last: Math.max(...times),
          }),
        ]),
    ...kinds,
  ].map((line) => `• ${line}`);
  const use = entries.use.length === 0 ? null : texts.say('forget.use');
  if (lines.length === 0) {
    return message([texts.say('forget.nothing'), use, texts.say('forget.stays')]);
  }
  return message(
    [texts.say('forget.heading'), ...lines, use, texts.say('forget.stays'), texts.say('forget.sure')],
    {
      components: [
        {
          type: ComponentType.ActionRow,
          components: [
            {
              type: ComponentType.Button,
              style: ButtonStyle.Danger,
              label: texts.say('button.forget_erase'),
              custom_id: customId('forget', choices.erase),
            },
            {
              type: ComponentType.Button,
              style: ButtonStyle.Secondary,
              label: texts.say('button.forget_keep'),
              custom_id: customId('forget', choices.keep),
            },
          ],
        },
      ],
    },
  );
}
