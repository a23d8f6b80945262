import { ApplicationCommandType, MessageFlags, PermissionFlagsBits } from 'discord.js';
import { reachable } from '../intake/take-on.ts';
import type { Generation } from '../queue/contract.ts';
import { Refusal } from '../refusal.ts';
import { quoted } from '../text/format.ts';
import { textsFor } from '../text/texts.ts';
import type { Texts } from '../text/texts.ts';
import { message } from './render/message.ts';
import { presetTitle } from './render/preset.ts';
import type { MessageMenu } from './support/definition.ts';
import { everywhere } from './support/everywhere.ts';
import { localisedMenu } from './support/localise.ts';
import { toReply } from './support/reply.ts';
import type { Finding, Services } from './support/services.ts';

/** More files than this in one message are somebody's archive. */
const mostFiles = 4;
const nameCharacters = 60;

/** Whether a video, wherever it was posted and whatever was done to it, comes from this bot: by its watermark. */
export default {
  kind: 'message',
  name: 'Was this made here?',

  declare() {
    return {
      type: ApplicationCommandType.Message,
      ...localisedMenu('menu.made_here'),
      ...everywhere(),
    };
  },

  async execute(interaction, services) {
    const { targetMessage } = interaction;
    const messages = [targetMessage, ...targetMessage.messageSnapshots.values()];
    const files = messages
      .flatMap(({ attachments }) => [...(attachments?.values() ?? [])])
      .filter(({ contentType }) => contentType?.startsWith('image/') !== true)
      .slice(0, mostFiles);
    if (files.length === 0) throw new Refusal('made_here.nothing');
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const texts = textsFor(interaction.locale);
    const lines: string[] = [];
    for (const { url, name, size } of files) {
      const finding = await services.origins.find({ url, size }, services.stopping);
      const known = finding.kind === 'ours' && finding.generationId !== null ? finding.generationId : null;
      const generation = known === null ? null : await reachable(services.queue.get(known));
      lines.push(
        `**${quoted(name, nameCharacters)}**`,
        ...findingLines(finding, generation, texts, services),
      );
      // Who asked for it is a moderator's business, of the server it was asked for in.
      const isModerator = interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true;
      if (generation !== null && isModerator && generation.guildId === interaction.guildId) {
        lines.push(texts.say('made_here.asked_by', { user: generation.userId }));
      }
    }
    await interaction.editReply(toReply(message(lines)));
  },
} satisfies MessageMenu;

/** What a member may know: that, when and with what; never who. */
function findingLines(
  finding: Finding,
  generation: Generation | null,
  texts: Texts,
  { settings }: Pick<Services, 'settings'>,
): string[] {
  switch (finding.kind) {
    case 'ours':
      if (generation === null) return [texts.say('made_here.ours_forgotten')];
      return [
        texts.say('made_here.ours', {
          when: Math.round(generation.createdAt / 1000),
          model: settings.models[generation.request.model].title,
          preset: presetTitle(settings, generation.request.preset),
          id: generation.id,
        }),
      ];
    case 'elsewhere':
      return [texts.say('made_here.elsewhere')];
    case 'unmarked':
      return [texts.say('made_here.unmarked')];
    case 'unreadable':
      return [texts.say('made_here.unreadable')];
    default:
      return finding satisfies never;
  }
}
