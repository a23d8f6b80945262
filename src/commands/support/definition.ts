import type {
  AutocompleteInteraction,
  ButtonInteraction,
  ChatInputCommandInteraction,
  MessageContextMenuCommandInteraction,
  ModalSubmitInteraction,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
  RESTPostAPIContextMenuApplicationCommandsJSONBody,
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
  /** Suggests values while the person types; at most 25. */
  autocomplete?(interaction: AutocompleteInteraction, services: Services): Promise<void>;
}

/** An entry of a message's menu "Apps". Its name is what people see, so it stands in the catalogue, too. */
export interface MessageMenu {
  readonly kind: 'message';
  /** as registered: the English name */
  readonly name: string;
  declare(): RESTPostAPIContextMenuApplicationCommandsJSONBody;
  execute(interaction: MessageContextMenuCommandInteraction, services: Services): Promise<void>;
}

/**
 * A button. Its `custom_id` is `name:argument`, with the generation's id as the argument, so that it works after any
 * restart and needs no memory. What has to work longer than the record is kept says whose it is, too: {@link ownedArgument}.
 */
export interface Button {
  readonly kind: 'button';
  readonly name: string;
  press(interaction: ButtonInteraction, argument: string, services: Services): Promise<void>;
}

/** A form that was sent. Its `custom_id` is `name:argument`, too. */
export interface Modal {
  readonly kind: 'modal';
  readonly name: string;
  submit(interaction: ModalSubmitInteraction, argument: string, services: Services): Promise<void>;
}

/** A reaction to one of the bot's messages. There is no interaction: answers go to the channel or to direct messages. */
export interface Reaction {
  readonly kind: 'reaction';
  readonly name: string;
  /** the Unicode emoji, without the variation selector */
  readonly emoji: string;
  react(reaction: GivenReaction, services: Services): Promise<void>;
}

/** Who reacted to which message. */
export interface GivenReaction {
  readonly userId: string;
  readonly guildId: string | null;
  readonly channelId: string;
  readonly messageId: string;
  /** the person's roles in the guild; empty in direct messages */
  readonly roleIds: readonly string[];
}

/** What a file in `src/commands` exports as its default: one of these, or a list where several belong together. */
export type Handler = SlashCommand | MessageMenu | Button | Modal | Reaction;

/** the methods of each kind of handler */
const methods: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['slash', ['declare', 'execute']],
  ['message', ['declare', 'execute']],
  ['button', ['press']],
  ['modal', ['submit']],
  ['reaction', ['react']],
]);

/** Whether a module's default export fits. */
export function isHandler(value: unknown): value is Handler {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('name' in value)) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { kind, name, emoji } = fields;
  const allowed = kind === 'message' ? /^.{1,32}$/u : /^[a-z0-9_-]{1,32}$/;
  if (typeof name !== 'string' || !allowed.test(name)) return false;
  if (kind === 'reaction' && typeof emoji !== 'string') return false;
  return methods.get(kind)?.every((method) => typeof fields[method] === 'function') === true;
}

/** The `custom_id` of a button or a form. Discord allows 100 characters; a name and a ULID stay far below. */
export function customId(name: string, argument: string): string {
  return `${name}:${argument}`;
}

/** What a `custom_id` says of the generation that it is about. */
export interface Owned {
  readonly generationId: string;
  readonly userId: string;
  readonly signature: string;
}

/** The argument of a button that tells whose the generation is. Whoever sends the message signs it in the place that is left empty. */
export function ownedArgument({ id, userId }: { readonly id: string; readonly userId: string }): string {
  return `${id}:${userId}:`;
}

/** `name:generation:person:signature`, with an empty signature before it is sent; null: it tells no person. */
export function parseOwned(id: string): Owned | null {
  const [, generationId, userId, signature, ...more] = id.split(':');
  if (generationId === undefined || userId === undefined || signature === undefined || more.length > 0)
    return null;
  return { generationId, userId, signature };
}

/** The generation that the argument of a button names, whether or not it says whose that is. */
export function generationIdOf(argument: string): string {
  return argument.split(':')[0] ?? '';
}

/** The parts of a `custom_id`, or null when it is none of ours. */
export function parseCustomId(id: string): { readonly name: string; readonly argument: string } | null {
  const separator = id.indexOf(':');
  return separator < 1 ? null : { name: id.slice(0, separator), argument: id.slice(separator + 1) };
}
