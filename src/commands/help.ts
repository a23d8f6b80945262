import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ApplicationCommandType, AttachmentBuilder, MessageFlags, PermissionFlagsBits } from 'discord.js';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { message } from './render/message.ts';
import type { RenderedMessage } from './render/message.ts';
import type { SlashCommand } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { placeOf } from './support/interaction-place.ts';
import { localised } from './support/localise.ts';
import { toReply } from './support/reply.ts';

const picture = fileURLToPath(new URL('help.webp', import.meta.url));

/** Commands that everybody has, in the order in which somebody new needs them; the first is the one that makes videos. */
export const ownCommands = ['jobs', 'history', 'limits', 'settings', 'forget', 'help'] as const;
export const menus = ['animate', 'details', 'made_here'] as const;

/** What the bot can do, as far as it concerns the person who asks. */
export default {
  kind: 'slash',
  name: 'help',

  declare() {
    return {
      type: ApplicationCommandType.ChatInput,
      ...localised('help', 'command.help'),
      ...everywhere(),
    };
  },

  async execute(interaction, { ownerIds }) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(interaction.locale);
    const { context, botIsMember } = placeOf(interaction, false);
    const rendered = renderHelp(texts, {
      // In a direct message there is nobody to report to, and where the bot is no member it hears none.
      hearsReactions: context === 'guild' && botIsMember,
      isModerator:
        interaction.inGuild() && interaction.memberPermissions.has(PermissionFlagsBits.ManageMessages),
      isOwner: ownerIds.has(interaction.user.id),
    });
    const shown = new AttachmentBuilder(await readFile(picture), {
      name: 'help.webp',
      description: texts.say('help.picture'),
    });
    await interaction.editReply({ ...toReply(rendered), files: [shown] });
  },
} satisfies SlashCommand;

export function renderHelp(
  texts: Texts,
  {
    hearsReactions,
    isModerator,
    isOwner,
  }: { readonly hearsReactions: boolean; readonly isModerator: boolean; readonly isOwner: boolean },
): RenderedMessage {
  // Names of commands are said in the person's language, as Discord shows them.
  const names = new Intl.ListFormat(texts.language).format(
    menus.map((menu) => `**${texts.say(`menu.${menu}`)}**`),
  );
  return message([
    texts.say('help.heading'),
    texts.say('help.make', { command: texts.say('command.humo.name') }),
    ...ownCommands.map(
      (name) => `• \`/${texts.say(`command.${name}.name`)}\` ${texts.say(`command.${name}.description`)}`,
    ),
    texts.say('help.results', { reactions: hearsReactions ? 'yes' : 'no' }),
    texts.say('help.menus', { menus: names }),
    isModerator ? texts.say('help.moderators', { command: texts.say('command.queue.name') }) : null,
    isOwner ? texts.say('help.owners', { command: texts.say('command.queue_admin.name') }) : null,
  ]);
}
