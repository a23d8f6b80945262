import { ApplicationCommandOptionType } from 'discord-api-types/v10';
import type { JsonObject, UserRecord } from '../model.ts';
import { attachmentPayload, channelPayload, memberPayload, rolePayload, userPayload } from '../payloads.ts';
import { channelPermissions } from '../permissions.ts';
import { objects } from '../json.ts';
import type { World } from '../world.ts';
import { ScenarioFile } from './file.ts';
import { ScenarioError } from './waiting.ts';

/** What a person enters for an option: text, number, truth, a file, or a user, role or channel of the scenario. */
export type OptionValue = string | number | boolean | ScenarioFile | { readonly id: string };
export type OptionValues = Readonly<Record<string, OptionValue | undefined>>;

export interface CommandData {
  readonly options: JsonObject[];
  readonly resolved: JsonObject;
}

interface Place {
  readonly channelId: string;
  readonly guildId: string | undefined;
}

/**
 * Fills in a command as Discord's client does, which checks the options before anything is sent.
 * @param subcommands the names after the command's, outermost first
 * @param focused the option that is being completed; required ones may then be missing
 * @throws ScenarioError when the client would not let a person send this
 */
export async function fillCommand(
  world: World,
  command: JsonObject,
  subcommands: readonly string[],
  values: OptionValues,
  place: Place,
  focused?: string,
): Promise<CommandData> {
  const [name, ...deeper] = subcommands;
  const declared = objects(command['options']);
  if (name !== undefined) {
    const group = declared.find((option) => option['name'] === name);
    if (group === undefined) throw new ScenarioError(`/${String(command['name'])} has no subcommand ${name}`);
    const inner = await fillCommand(world, group, deeper, values, place, focused);
    return { options: [{ name, type: group['type'], options: inner.options }], resolved: inner.resolved };
  }
  const unknown = Object.keys(values).filter((key) => !declared.some((option) => option['name'] === key));
  if (unknown.length > 0) {
    const known = declared.map((option) => String(option['name'])).join(', ');
    throw new ScenarioError(
      `${String(command['name'])} has no option ${unknown.join(', ')}; it has: ${known || 'none'}`,
    );
  }
  const options: JsonObject[] = [];
  const resolved: Record<string, JsonObject> = {};
  for (const option of declared) {
    const optionName = String(option['name']);
    const value = values[optionName];
    if (value === undefined) {
      if (option['required'] === true && focused === undefined) {
        throw new ScenarioError(`${String(command['name'])} requires the option ${optionName}`);
      }
      continue;
    }
    options.push({
      name: optionName,
      type: option['type'],
      value: await readValue(world, option, value, place, resolved, optionName === focused),
      ...(optionName === focused ? { focused: true } : {}),
    });
  }
  return { options, resolved };
}

/** Adds a file to the ones that a payload resolves. @returns its id */
export async function attach(
  world: World,
  given: ScenarioFile,
  resolved: Record<string, JsonObject>,
): Promise<string> {
  const attachment = await world.files.add(given, world.application.id, true);
  resolved['attachments'] = {
    ...resolved['attachments'],
    [attachment.id]: attachmentPayload(world, attachment),
  };
  return attachment.id;
}

/** Adds a user, and their membership where there is one, to the ones that a payload resolves. */
export function resolveUser(
  world: World,
  user: UserRecord,
  place: Place,
  resolved: Record<string, JsonObject>,
): void {
  resolved['users'] = { ...resolved['users'], [user.id]: userPayload(user) };
  const member = world.state.guilds.get(place.guildId ?? '')?.members.get(user.id);
  const channel = world.state.channels.get(place.channelId);
  if (member === undefined || channel === undefined) return;
  const permissions = channelPermissions(world.state, channel, user.id).toString();
  resolved['members'] = {
    ...resolved['members'],
    [user.id]: { ...memberPayload(world, member), permissions },
  };
}

async function readValue(
  world: World,
  option: JsonObject,
  value: OptionValue,
  place: Place,
  resolved: Record<string, JsonObject>,
  focused: boolean,
): Promise<unknown> {
  const name = String(option['name']);
  const fail = (reason: string): never => {
    throw new ScenarioError(`option ${name}: ${reason}`);
  };
  switch (option['type']) {
    case ApplicationCommandOptionType.String: {
      if (typeof value !== 'string') return fail('takes a text');
      if (focused) return value;
      if (value.length > Number(option['max_length'] ?? 6000)) return fail('is too long');
      if (value.length < Number(option['min_length'] ?? 0)) return fail('is too short');
      return readChoice(option, value, fail);
    }
    case ApplicationCommandOptionType.Integer:
    case ApplicationCommandOptionType.Number: {
      if (focused) return typeof value === 'number' ? String(value) : value;
      const whole = option['type'] === ApplicationCommandOptionType.Integer;
      if (typeof value !== 'number' || (whole && !Number.isSafeInteger(value))) {
        return fail(whole ? 'takes an integer' : 'takes a number');
      }
      if (value > Number(option['max_value'] ?? Infinity))
        return fail(`is more than ${String(option['max_value'])}`);
      if (value < Number(option['min_value'] ?? -Infinity))
        return fail(`is less than ${String(option['min_value'])}`);
      return readChoice(option, value, fail);
    }
    case ApplicationCommandOptionType.Boolean:
      return typeof value === 'boolean' ? value : fail('takes true or false');
    case ApplicationCommandOptionType.Attachment:
      if (!(value instanceof ScenarioFile)) return fail('takes a file: file(path) or file(bytes, name)');
      return await attach(world, value, resolved);
    default:
      if (typeof value !== 'object' || !('id' in value)) return fail('takes a user, role or channel');
      return resolveId(world, value.id, place, resolved) ? value.id : fail(`${value.id} does not exist`);
  }
}

function readChoice(option: JsonObject, value: string | number, fail: (reason: string) => never): unknown {
  const choices = objects(option['choices']);
  if (choices.length === 0) return value;
  const choice = choices.find((candidate) => candidate['value'] === value || candidate['name'] === value);
  if (choice !== undefined) return choice['value'];
  return fail(`takes one of ${choices.map((candidate) => String(candidate['value'])).join(', ')}`);
}

function resolveId(world: World, id: string, place: Place, resolved: Record<string, JsonObject>): boolean {
  const user = world.state.users.get(id);
  const channel = world.state.channels.get(id);
  const role = world.state.guilds.get(place.guildId ?? '')?.roles.get(id);
  if (user !== undefined) resolveUser(world, user, place, resolved);
  else if (channel !== undefined) {
    resolved['channels'] = {
      ...resolved['channels'],
      [id]: { ...channelPayload(world, channel), permissions: '0' },
    };
  } else if (role !== undefined) resolved['roles'] = { ...resolved['roles'], [id]: rolePayload(role) };
  else return false;
  return true;
}
