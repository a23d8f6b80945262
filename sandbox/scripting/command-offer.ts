import { ApplicationIntegrationType, ChannelType } from 'discord-api-types/v10';
import { numbersOf } from '../json.ts';
import type { ChannelRecord, JsonObject, UserRecord } from '../model.ts';
import { channelPermissions, may } from '../permissions.ts';
import { contextOf } from '../state.ts';
import type { State } from '../state.ts';

/**
 * Why Discord's client would not show a command to a person in a channel.
 * @param command in the form of the API
 * @returns undefined when it would
 */
export function whyNotOffered(
  state: State,
  user: UserRecord,
  command: JsonObject,
  channel: ChannelRecord,
): string | undefined {
  const guild = channel.guildId === undefined ? undefined : state.guilds.get(channel.guildId);
  const types = numbersOf(command['integration_types']) ?? [];
  const contexts = numbersOf(command['contexts']) ?? [0, 1, 2];
  const context = contextOf(channel);
  if (!contexts.includes(context)) return `its contexts are ${contexts.join(', ')}, this is ${context}`;
  const throughUser = types.includes(ApplicationIntegrationType.UserInstall) && user.hasInstalledApplication;
  const throughGuild =
    types.includes(ApplicationIntegrationType.GuildInstall) &&
    (guild?.botIsMember === true || channel.type === ChannelType.DM);
  if (!throughUser && !throughGuild) return 'the application is installed neither in this place nor for them';
  if (guild === undefined) return undefined;
  const permissions = channelPermissions(state, channel, user.id);
  if (!may(permissions, 'ViewChannel')) return 'they do not see the channel';
  if (!may(permissions, 'UseApplicationCommands')) return 'they may not use application commands';
  const needed = command['default_member_permissions'];
  if (typeof needed !== 'string' || guild.openCommands.has(String(command['name']))) return undefined;
  const bits = BigInt(needed);
  // An empty set hides a command from all but administrators.
  const allowed = bits === 0n ? may(permissions, 'Administrator') : (permissions & bits) === bits;
  return allowed ? undefined : `it needs the permissions ${needed}`;
}
