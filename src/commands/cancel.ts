import { MessageFlags, PermissionFlagsBits } from 'discord.js';
import type { ButtonInteraction } from 'discord.js';
import type { Generation } from '../queue/contract.ts';
import { textsFor } from '../text/texts.ts';
import type { Button } from './support/definition.ts';
import { Refusal } from '../refusal.ts';

/** The Cancel button of the status message. */
export default {
  kind: 'button',
  name: 'cancel',

  async press(interaction, generationId, services) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const generation = await services.queue.get(generationId);
    if (generation === null) throw new Refusal('cancel.finished');
    const by = whoCancels(interaction, generation);
    if (by === null) throw new Refusal('cancel.not_yours');
    const outcome = await services.queue.cancel(generationId, {
      code: 'cancelled',
      identifier: `cancelled_by_${by}`,
      context: {},
    });
    services.logger.info({ generationId, by, outcome }, 'cancel asked for');
    const going = outcome === 'cancelled' || outcome === 'signalled';
    const content = textsFor(interaction.locale).say(going ? 'cancel.asked' : 'cancel.finished');
    await interaction.editReply({ content, allowedMentions: { parse: [] } });
  },
} satisfies Button;

/** A moderator acts on their own guild only: the button stands there, and the permission is asked for there. */
function whoCancels(interaction: ButtonInteraction, generation: Generation): 'user' | 'moderator' | null {
  if (interaction.user.id === generation.userId) return 'user';
  const isModerator =
    generation.guildId !== null &&
    interaction.guildId === generation.guildId &&
    interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true;
  return isModerator ? 'moderator' : null;
}
