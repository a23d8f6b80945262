import { isDeepStrictEqual } from 'node:util';
import { ApplicationCommandType } from 'discord.js';
import type { RESTPostAPIApplicationCommandsJSONBody } from 'discord.js';

/** A command as Discord reports it. */
export interface RegisteredCommand {
  readonly name: string;
  readonly type?: unknown;
  readonly [field: string]: unknown;
}

/** What would change at Discord, by name. */
export interface CommandDifference {
  readonly added: readonly string[];
  /** with the top-level fields that differ */
  readonly changed: readonly { readonly name: string; readonly fields: readonly string[] }[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

/** Fields that we may set; what else Discord reports (ids, versions) says nothing about a difference. */
const comparedFields = [
  'name_localizations',
  'description',
  'description_localizations',
  'options',
  'default_member_permissions',
  'nsfw',
  'integration_types',
  'contexts',
] as const;

/** Where Discord reports a default that we leave out. https://discord.com/developers/docs/interactions/application-commands */
const defaults: Readonly<Record<string, unknown>> = {
  // of an entry in a menu, which has none
  description: '',
  default_member_permissions: null,
  nsfw: false,
  required: false,
  autocomplete: false,
  name_localizations: null,
  description_localizations: null,
};

/** Compares what is registered with what should be. Commands of a name and different types are different commands. */
export function compareCommands(
  registered: readonly RegisteredCommand[],
  ours: readonly RESTPostAPIApplicationCommandsJSONBody[],
): CommandDifference {
  const known = new Map(registered.map((command) => [keyOf(command), command]));
  const added: string[] = [];
  const changed: { name: string; fields: string[] }[] = [];
  const unchanged: string[] = [];
  for (const command of ours) {
    const existing = known.get(keyOf(command));
    known.delete(keyOf(command));
    if (existing === undefined) {
      added.push(command.name);
      continue;
    }
    const fields = comparedFields.filter(
      (field) =>
        !isDeepStrictEqual(normalised(field, existing[field]), normalised(field, fieldsOf(command)[field])),
    );
    if (fields.length > 0) changed.push({ name: command.name, fields });
    else unchanged.push(command.name);
  }
  const removed = [...known.values()].map(({ name }) => name);
  return { added, changed, removed, unchanged };
}

export function isSame({ added, changed, removed }: CommandDifference): boolean {
  return added.length + changed.length + removed.length === 0;
}

/** The difference for a person at a terminal. */
export function describeDifference(difference: CommandDifference): string {
  const lines = [
    ...difference.added.map((name) => `+ ${name}`),
    ...difference.changed.map(({ name, fields }) => `~ ${name} (${fields.join(', ')})`),
    ...difference.removed.map((name) => `- ${name}`),
    ...difference.unchanged.map((name) => `= ${name}`),
  ];
  return lines.join('\n');
}

function keyOf({ name, type = ApplicationCommandType.ChatInput }: { name: string; type?: unknown }): string {
  return `${Number(type)} ${name}`;
}

function fieldsOf(command: RESTPostAPIApplicationCommandsJSONBody): Readonly<Record<string, unknown>> {
  return { ...command };
}

/** Leaves out what is missing, empty or a default, and puts sets in order, at every depth. */
function normalised(field: string, value: unknown): unknown {
  if (value === undefined || isDeepStrictEqual(value, defaults[field])) return undefined;
  if (Array.isArray(value)) {
    if (value.length === 0) return undefined;
    const isSet = field === 'integration_types' || field === 'contexts';
    return isSet
      ? value.map(Number).toSorted((first, second) => first - second)
      : value.map((item: unknown) => normalised('', item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, normalised(key, item)] as const)
    // Discord adds the text of one's own language beside the localizations.
    .filter(
      ([key, item]) => item !== undefined && key !== 'name_localized' && key !== 'description_localized',
    )
    .toSorted(([first], [second]) => (first < second ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
