import { parseArgs } from 'node:util';
import { REST, Routes } from 'discord.js';
import type { RESTPostAPIApplicationCommandsJSONBody } from 'discord.js';
import { z } from 'zod';
import { loadBotConfig } from '../config/environment.ts';
import { ownCommand } from '../config/runtime-environment.ts';
import { ConfigurationError } from '../config/generate.ts';
import type { GenerateSettings } from '../config/generate.ts';
import { compareCommands, describeDifference, isSame } from './command-difference.ts';
import type { CommandDifference } from './command-difference.ts';
import { loadHandlers } from './load-handlers.ts';
import type { Handlers } from './load-handlers.ts';

/** Our commands as Discord takes them. */
export function declarations(
  handlers: Handlers,
  settings: GenerateSettings,
): RESTPostAPIApplicationCommandsJSONBody[] {
  return [
    ...[...handlers.slash.values()].map((command) => command.declare(settings)),
    ...[...handlers.messages.values()].map((menu) => menu.declare()),
  ];
}

/**
 * Compares the registered commands with ours and, if they differ, replaces them. Discord allows 200 creations a day: an
 * unchanged list is never written.
 *
 * @param options.apply false: they are compared, and stay as they are
 * @param options.guildId registers for one guild, where changes show at once; everywhere without it
 * @throws DiscordAPIError
 */
export async function registerCommands(
  rest: REST,
  commands: readonly RESTPostAPIApplicationCommandsJSONBody[],
  options: { applicationId: string; guildId?: string | undefined; apply: boolean },
): Promise<CommandDifference> {
  const { applicationId, guildId } = options;
  const route =
    guildId === undefined
      ? Routes.applicationCommands(applicationId)
      : Routes.applicationGuildCommands(applicationId, guildId);
  const registered = z
    .array(z.looseObject({ name: z.string() }))
    .parse(await rest.get(route, { query: new URLSearchParams({ with_localizations: 'true' }) }));
  const difference = compareCommands(registered, commands);
  if (options.apply && !isSame(difference)) await rest.put(route, { body: commands });
  return difference;
}

/** `npm run register [-- --dry-run]` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'dry-run': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(
      `${ownCommand('register')}: compares the registered commands with ours and applies the difference`,
    );
    console.log(`${ownCommand('register', '--dry-run')}: only shows it`);
    return;
  }
  // Registering needs no queue: where `npm start` brings its own Redis, no address of one is set.
  const redisUrl = process.env['REDIS_URL'];
  const config = loadBotConfig({
    ...process.env,
    REDIS_URL: redisUrl === undefined || redisUrl === '' ? 'redis://127.0.0.1' : redisUrl,
  });
  const rest = new REST({ api: config.discord.apiUrl }).setToken(config.discord.token);
  const application = z
    .object({ id: z.string(), name: z.string() })
    .parse(await rest.get(Routes.currentApplication()));
  const difference = await registerCommands(rest, declarations(await loadHandlers(), config.generate), {
    applicationId: application.id,
    guildId: config.discord.guildId,
    apply: !values['dry-run'],
  });
  const where = config.discord.guildId === undefined ? 'everywhere' : `in guild ${config.discord.guildId}`;
  console.log(`Commands of ${application.name}, ${where}:\n${describeDifference(difference)}`);
  if (isSame(difference)) console.log('Nothing to change.');
  else console.log(values['dry-run'] ? 'Not applied (--dry-run).' : 'Applied.');
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof ConfigurationError ? error.message : error);
    process.exitCode = 1;
  }
}
