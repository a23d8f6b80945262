import {
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  RESTJSONErrorCodes,
} from 'discord-api-types/v10';
import { DiscordError, FormErrors, refuse } from '../errors.ts';
import { limits } from '../limits.ts';
import type { JsonObject } from '../model.ts';
import type { World } from '../world.ts';
import { accessibleGuild } from './access.ts';
import { objectBody } from './body.ts';
import { checkCommand } from './command-schema.ts';
import { objects } from '../json.ts';
import type { RestRequest, Route } from './router.ts';

const global = '/applications/{application_id}/commands';
const guild = '/applications/{application_id}/guilds/{guild_id}/commands';
const rateLimit = { name: 'commands', major: 'application_id' } as const;

export const commandRoutes: readonly Route[] = [global, guild].flatMap((path): Route[] => [
  { method: 'GET', path, authenticated: true, rateLimit, handle: list },
  { method: 'PUT', path, authenticated: true, rateLimit, handle: overwrite },
  { method: 'POST', path, authenticated: true, rateLimit, handle: create },
  { method: 'GET', path: `${path}/{command_id}`, authenticated: true, rateLimit, handle: get },
  { method: 'PATCH', path: `${path}/{command_id}`, authenticated: true, rateLimit, handle: edit },
  { method: 'DELETE', path: `${path}/{command_id}`, authenticated: true, rateLimit, handle: remove },
]);

function list(request: RestRequest) {
  const scope = scopeOf(request);
  return { status: 200, body: request.world.state.commandsOf(scope) };
}

function get(request: RestRequest) {
  return { status: 200, body: existing(request) };
}

function overwrite(request: RestRequest) {
  const { world, body } = request;
  const scope = scopeOf(request);
  if (!Array.isArray(body.json)) throw refuse.invalidJson();
  const wanted = objects(body.json);
  const errors = new FormErrors();
  const names = new Set<string>();
  for (const [index, command] of wanted.entries()) {
    checkCommand(command, `${index}.`, errors);
    const key = identity(command);
    if (names.has(key)) {
      errors.add(
        `${index}`,
        'APPLICATION_COMMANDS_DUPLICATE_NAME',
        'Application command names must be unique',
      );
    }
    names.add(key);
  }
  errors.throwIfAny();
  checkCounts(wanted);
  const before = world.state.commandsOf(scope);
  const created = wanted.filter((command) => !before.some((old) => identity(old) === identity(command)));
  countCreates(world, scope, created.length);
  for (const old of before) world.state.commands.delete(String(old['id']));
  const result = wanted.map((command) => {
    const old = before.find((candidate) => identity(candidate) === identity(command));
    return store(world, scope, command, old);
  });
  world.state.events.emit('commandsChange');
  return { status: 200, body: result };
}

function create(request: RestRequest) {
  const { world, body } = request;
  const scope = scopeOf(request);
  const command = objectBody(body);
  checkOne(command);
  const others = world.state.commandsOf(scope);
  const old = others.find((candidate) => identity(candidate) === identity(command));
  if (old === undefined) {
    checkCounts([...others, command]);
    countCreates(world, scope, 1);
  }
  const stored = store(world, scope, command, old);
  world.state.events.emit('commandsChange');
  return { status: old === undefined ? 201 : 200, body: stored };
}

function edit(request: RestRequest) {
  const { world, body } = request;
  const old = existing(request);
  const command = { ...old, ...objectBody(body) };
  checkOne(command);
  const clash = world.state
    .commandsOf(scopeOf(request))
    .some((other) => other['id'] !== old['id'] && identity(other) === identity(command));
  if (clash) {
    throw new DiscordError(
      400,
      RESTJSONErrorCodes.ApplicationCommandWithThatNameAlreadyExists,
      'An application command with that name already exists',
    );
  }
  const stored = store(world, scopeOf(request), command, old);
  world.state.events.emit('commandsChange');
  return { status: 200, body: stored };
}

function remove(request: RestRequest) {
  request.world.state.commands.delete(String(existing(request)['id']));
  request.world.state.events.emit('commandsChange');
  return { status: 204 };
}

/** The guild whose commands a request is about; undefined for the global ones. */
function scopeOf({ world, param, params }: RestRequest): string | undefined {
  if (param('application_id') !== world.application.id) {
    throw new DiscordError(
      403,
      RESTJSONErrorCodes.NotAuthorizedToPerformThisActionOnThisApplication,
      'You are not authorized to perform this action on this application',
    );
  }
  const guildId = params['guild_id'];
  return guildId === undefined ? undefined : accessibleGuild(world, guildId).id;
}

function existing(request: RestRequest): JsonObject {
  const command = request.world.state.commands.get(request.param('command_id'));
  if (command === undefined || command['guild_id'] !== scopeOf(request)) throw refuse.unknownCommand();
  return command;
}

function checkOne(command: JsonObject): void {
  const errors = new FormErrors();
  checkCommand(command, '', errors);
  errors.throwIfAny();
}

/** Names are unique per type. */
function identity(command: JsonObject): string {
  return `${Number(command['type'] ?? ApplicationCommandType.ChatInput)} ${String(command['name'])}`;
}

/** 100 slash commands, 15 context menus of either kind. */
function checkCounts(commands: readonly JsonObject[]): void {
  const most: Readonly<Record<number, number>> = {
    [ApplicationCommandType.ChatInput]: limits.commandsPerGuild,
    [ApplicationCommandType.User]: 15,
    [ApplicationCommandType.Message]: 15,
  };
  for (const [type, maximum] of Object.entries(most)) {
    const count = commands.filter((command) => Number(command['type'] ?? 1) === Number(type)).length;
    if (count > maximum) {
      throw new DiscordError(
        400,
        RESTJSONErrorCodes.MaximumNumberOfApplicationCommandsReached,
        `Maximum number of application commands reached (${maximum}).`,
      );
    }
  }
}

const createdAt = new WeakMap<World, { readonly scope: string | undefined; readonly at: number }[]>();

/** @throws DiscordError 30034 beyond 200 creates per day and scope */
function countCreates(world: World, scope: string | undefined, count: number): void {
  const day = 24 * 60 * 60 * 1000;
  const now = world.clock.now();
  const recent = (createdAt.get(world) ?? []).filter(({ at }) => at > now - day);
  if (recent.filter((entry) => entry.scope === scope).length + count > limits.commandCreatesPerDay) {
    throw new DiscordError(
      400,
      RESTJSONErrorCodes.MaximumDailyApplicationCommandCreatesReached,
      `Max number of daily application command creates has been reached (${limits.commandCreatesPerDay})`,
    );
  }
  for (let index = 0; index < count; index += 1) recent.push({ scope, at: now });
  createdAt.set(world, recent);
}

function store(
  world: World,
  scope: string | undefined,
  command: JsonObject,
  old: JsonObject | undefined,
): JsonObject {
  const chatInput =
    (command['type'] ?? ApplicationCommandType.ChatInput) === ApplicationCommandType.ChatInput;
  const stored: JsonObject = {
    id: old?.['id'] ?? world.ids.next(),
    application_id: world.application.id,
    version: world.ids.next(),
    default_member_permissions: command['default_member_permissions'] ?? null,
    type: command['type'] ?? ApplicationCommandType.ChatInput,
    name: command['name'],
    name_localizations: command['name_localizations'] ?? null,
    description: chatInput ? command['description'] : '',
    description_localizations: command['description_localizations'] ?? null,
    nsfw: command['nsfw'] ?? false,
    ...(scope === undefined
      ? {
          dm_permission: true,
          contexts: command['contexts'] ?? [
            InteractionContextType.Guild,
            InteractionContextType.BotDM,
            InteractionContextType.PrivateChannel,
          ],
          integration_types: command['integration_types'] ?? [ApplicationIntegrationType.GuildInstall],
        }
      : { guild_id: scope, integration_types: [ApplicationIntegrationType.GuildInstall], contexts: null }),
    ...(objects(command['options']).length > 0 ? { options: tidyOptions(objects(command['options'])) } : {}),
  };
  world.state.commands.set(String(stored['id']), stored);
  return stored;
}

/** Discord leaves out what was null, false by default or empty, which matters to a bot that compares. */
function tidyOptions(options: readonly JsonObject[]): JsonObject[] {
  return options.map((option) => {
    const entries = Object.entries(option).filter(
      ([name, value]) =>
        value != null &&
        !(name === 'required' && value === false) &&
        !(name === 'autocomplete' && value === false) &&
        !(name === 'choices' && Array.isArray(value) && value.length === 0),
    );
    const tidy: JsonObject = Object.fromEntries(entries);
    if ('options' in tidy) tidy['options'] = tidyOptions(objects(tidy['options']));
    return tidy;
  });
}
