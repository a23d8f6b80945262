import type {
  ButtonInteraction,
  ChatInputCommandInteraction,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js';
import type { GenerateSettings } from '../../config/generate.ts';
import type { Services } from './services.ts';

/** A slash command: what Discord shows, and what happens. */
export interface SlashCommand {
  readonly kind: 'slash';
  readonly name: string;
  /** Presets and sizes come from the settings, so the declaration does, too. */
  declare(settings: GenerateSettings): RESTPostAPIChatInputApplicationCommandsJSONBody;
  execute(interaction: ChatInputCommandInteraction, services: Services): Promise<void>;
}

/**
 * A button. Its `custom_id` is `name:argument`, with the generation's id as the argument, so that it works after any
 * restart and needs no memory.
 */
export interface Button {
  readonly kind: 'button';
  readonly name: string;
  press(interaction: ButtonInteraction, argument: string, services: Services): Promise<void>;
}

/** What a file in `src/commands` exports as its default. */
export type Handler = SlashCommand | Button;

/** Whether a module's default export fits. */
export function isHandler(value: unknown): value is Handler {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('name' in value)) return false;
  if (typeof value.name !== 'string' || !/^[a-z0-9_-]{1,32}$/.test(value.name)) return false;
  if (value.kind === 'slash') {
    return (
      'declare' in value &&
      typeof value.declare === 'function' &&
      'execute' in value &&
      typeof value.execute === 'function'
    );
  }
  return value.kind === 'button' && 'press' in value && typeof value.press === 'function';
}

/** The `custom_id` of a button. Discord allows 100 characters; a name and a ULID stay far below. */
export function customId(name: string, argument: string): string {
  return `${name}:${argument}`;
}

/** The parts of a `custom_id`, or null when it is none of ours. */
export function parseCustomId(id: string): { readonly name: string; readonly argument: string } | null {
  const separator = id.indexOf(':');
  return separator < 1 ? null : { name: id.slice(0, separator), argument: id.slice(separator + 1) };
}
