import { GuildMember, PermissionFlagsBits } from 'discord.js';
import type { BaseInteraction } from 'discord.js';
import { Refusal } from '../../refusal.ts';
import type { Services } from '../support/services.ts';

/**
 * Discord shows `/queue` to moderators alone, but a server can show any command to anybody, and a button stays where it is when a
 * role is taken away: asked for at each step. It acts on the whole server, so a role has to give the permission: one that a channel
 * gives for itself is not enough.
 *
 * @returns the guild that they moderate, which is the one they are in
 * @throws Refusal
 */
export function requireModerator(
  interaction: Pick<BaseInteraction, 'guildId' | 'member' | 'memberPermissions' | 'inGuild'>,
): string {
  if (!interaction.inGuild()) throw new Refusal('queue.guild_only');
  const { member, memberPermissions } = interaction;
  // Where the bot is no member, it does not know the roles.
  const everywhere = member instanceof GuildMember ? member.permissions : memberPermissions;
  const manages = PermissionFlagsBits.ManageMessages;
  if (!memberPermissions.has(manages) || !everywhere.has(manages)) {
    throw new Refusal('queue.moderators_only');
  }
  return interaction.guildId;
}

/**
 * Owners are people, not roles: no permission of any server makes one.
 *
 * @throws Refusal
 */
export function requireOwner(
  interaction: Pick<BaseInteraction, 'user'>,
  { ownerIds }: Pick<Services, 'ownerIds'>,
): void {
  if (!ownerIds.has(interaction.user.id)) throw new Refusal('queue.owners_only');
}
