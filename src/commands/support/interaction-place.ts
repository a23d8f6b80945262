import { ChannelType, InteractionContextType } from 'discord.js';
import type { BaseInteraction } from 'discord.js';
import { defaultUploadLimit } from '../../intake/upload-limit.ts';
import type { Place } from './permissions.ts';
import { mebibyte } from '../../units.ts';

const threadTypes: readonly ChannelType[] = [
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread,
];

/** Where an interaction takes place, read from what Discord sent with it. */
export function placeOf(interaction: BaseInteraction, isPrivate: boolean): Place {
  const context =
    interaction.guildId !== null
      ? 'guild'
      : interaction.context === InteractionContextType.PrivateChannel
        ? 'group'
        : 'direct';
  return {
    context,
    // With the Guilds intent the cache holds every guild that the bot is a member of, and no other.
    botIsMember: interaction.guild !== null,
    isThread: interaction.channel !== null && threadTypes.includes(interaction.channel.type),
    permissions: interaction.appPermissions.bitfield,
    private: isPrivate,
  };
}

const boostedUploadLimits: Readonly<Record<number, number>> = { 2: 50 * mebibyte, 3: 100 * mebibyte };

/** Bytes per file that the bot may upload in a guild. @param tier of its boosts */
export function guildUploadLimit(tier: number): number {
  return boostedUploadLimits[tier] ?? defaultUploadLimit;
}

/**
 * Bytes per file that the bot's own messages may carry where the interaction took place. The interaction's limit counts the
 * person's subscription, too, which helps answers to the interaction only, never a message that the bot posts by itself.
 */
export function ownUploadLimit(interaction: BaseInteraction): number {
  return Math.min(interaction.attachmentSizeLimit, guildUploadLimit(interaction.guild?.premiumTier ?? 0));
}
