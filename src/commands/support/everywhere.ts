import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';

/** For commands that work wherever the bot or the person is: servers, direct messages, groups, installed either way. */
export function everywhere() {
  return {
    integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
    contexts: [
      InteractionContextType.Guild,
      InteractionContextType.BotDM,
      InteractionContextType.PrivateChannel,
    ],
  };
}
