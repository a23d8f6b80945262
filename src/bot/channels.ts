import { DiscordAPIError, PermissionFlagsBits, RESTJSONErrorCodes, Routes } from 'discord.js';
import type { Channel, Client } from 'discord.js';
import type { ChannelPlace, Channels } from '../commands/support/services.ts';
import { guildUploadLimit } from '../commands/support/interaction-place.ts';
import { defaultUploadLimit } from '../intake/upload-limit.ts';
import { isClosedChannel } from './discord-errors.ts';

/** What Discord's gateway and REST say about channels and members. */
export class DiscordChannels implements Channels {
  readonly #client: Client<true>;

  constructor(client: Client<true>) {
    this.#client = client;
  }

  async place(channelId: string): Promise<ChannelPlace | null> {
    const channel = await this.#channel(channelId);
    if (channel === null) return null;
    if (channel.isDMBased()) {
      return {
        guildId: null,
        isThread: false,
        permissions: PermissionFlagsBits.Administrator,
        uploadLimit: defaultUploadLimit,
        locale: null,
      };
    }
    const { guild } = channel;
    const permissions = channel.permissionsFor(await guild.members.fetchMe());
    return {
      guildId: guild.id,
      isThread: channel.isThread(),
      permissions: permissions.bitfield,
      uploadLimit: guildUploadLimit(guild.premiumTier),
      locale: guild.preferredLocale,
    };
  }

  async isDeleted(channelId: string): Promise<boolean> {
    try {
      await this.#client.rest.get(Routes.channel(channelId));
      return false;
    } catch (error) {
      if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownChannel) return true;
      if (isClosedChannel(error)) return false;
      throw error;
    }
  }

  async mayModerate(guildId: string, channelId: string, userId: string): Promise<boolean> {
    const channel = await this.#channel(channelId);
    if (channel === null || channel.isDMBased() || channel.guildId !== guildId) return false;
    try {
      // Asked anew each time: a role that was taken away a minute ago gives no power.
      const member = await channel.guild.members.fetch({ user: userId, force: true });
      return channel.permissionsFor(member).has(PermissionFlagsBits.ManageMessages);
    } catch (error) {
      if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMember) return false;
      throw error;
    }
  }

  async #channel(channelId: string): Promise<Channel | null> {
    try {
      return await this.#client.channels.fetch(channelId);
    } catch (error) {
      if (isClosedChannel(error)) return null;
      throw error;
    }
  }
}
