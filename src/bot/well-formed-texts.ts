import type { CommandInteractionOption, Interaction } from 'discord.js';
import { Refusal } from '../refusal.ts';
import { brokenTexts } from '../text/broken-texts.ts';

/**
 * Discord hands on what a client sends, and one may send half a character: a surrogate without its partner. No prompt, filter or setting that
 * has one can be read again by the engine, by Redis' scripts or by Discord itself.
 *
 * @throws Refusal when something that somebody typed has one
 */
export function requireWholeTexts(interaction: Interaction): void {
  if (brokenTexts(typedIn(interaction)).length > 0) throw new Refusal('refused.broken_text');
}

/** What somebody typed into a command's options or a form's fields. */
function typedIn(interaction: Interaction): string[] {
  if (interaction.isChatInputCommand() || interaction.isAutocomplete()) {
    return textsOf(interaction.options.data);
  }
  if (!interaction.isModalSubmit()) return [];
  return interaction.fields.fields.map((field) =>
    'value' in field && typeof field.value === 'string' ? field.value : '',
  );
}

/** Sub-commands have options of their own. */
function textsOf(options: readonly CommandInteractionOption[]): string[] {
  return options.flatMap(({ value, options: inner = [] }) => [
    ...(typeof value === 'string' ? [value] : []),
    ...textsOf(inner),
  ]);
}
