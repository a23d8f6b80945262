import type { Interaction } from 'discord.js';
import { parseCustomId } from '../commands/support/definition.ts';
import { Refusal } from '../refusal.ts';
import type { Services } from '../commands/support/services.ts';
import { answerError } from './errors.ts';
import type { Handlers } from './handlers.ts';

/** Hands an interaction to the handler that it names. Never rejects: errors end in the one funnel. */
export async function dispatch(
  interaction: Interaction,
  handlers: Handlers,
  services: Services,
): Promise<void> {
  if (interaction.isChatInputCommand()) {
    try {
      const command = handlers.slash.get(interaction.commandName);
      if (command === undefined) throw new Refusal('refused.not_understood');
      await command.execute(interaction, services);
    } catch (error) {
      await answerError(error, interaction, services.logger);
    }
  } else if (interaction.isButton()) {
    try {
      const id = parseCustomId(interaction.customId);
      const button = id === null ? undefined : handlers.buttons.get(id.name);
      if (id === null || button === undefined) throw new Refusal('refused.not_understood');
      await button.press(interaction, id.argument, services);
    } catch (error) {
      await answerError(error, interaction, services.logger);
    }
  }
}
