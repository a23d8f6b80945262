import { PermissionFlagsBits } from 'discord.js';

export const neededPermissions = [
  'ViewChannel',
  'SendMessages',
  'SendMessagesInThreads',
  'AttachFiles',
  'ReadMessageHistory',
] as const;
export type NeededPermission = (typeof neededPermissions)[number];

/** Where a command was run, as far as it decides how the bot can answer. */
export interface Place {
  readonly context: 'guild' | 'direct' | 'group';
  /** whether the bot itself is a member of the guild, or only the person brought it along */
  readonly botIsMember: boolean;
  readonly isThread: boolean;
  /** the application's permissions in the channel, as the interaction states them */
  readonly permissions: bigint;
  readonly private: boolean;
}

/**
 * How the answers can reach the person.
 *
 * - `channel`: as messages of the bot in the channel
 * - `token`: through the interaction while its token lives, then as a direct message; `because` says why
 * - `impossible`: `missing` permissions
 */
export type Route =
  | { readonly kind: 'channel' }
  | { readonly kind: 'token'; readonly because: 'private' | 'not_a_member' | 'group' }
  | { readonly kind: 'impossible'; readonly missing: readonly NeededPermission[] };

/** Decides it, before anything is accepted: nobody learns after ten minutes of GPU time that a permission is missing. */
export function chooseRoute(place: Place): Route {
  // Nobody else reads along in a direct message, so a private answer is an ordinary one.
  if (place.context === 'direct') return { kind: 'channel' };
  if (place.context === 'group') return { kind: 'token', because: 'group' };
  if (!place.botIsMember) return { kind: 'token', because: 'not_a_member' };
  // An ephemeral answer belongs to the interaction and needs no permission in the channel.
  if (place.private) return { kind: 'token', because: 'private' };
  const missing = missingPermissions(place.permissions, place.isThread);
  return missing.length > 0 ? { kind: 'impossible', missing } : { kind: 'channel' };
}

/** What the bot lacks to post a reply with a file, in the order in which a person would grant it. */
export function missingPermissions(permissions: bigint, isThread: boolean): NeededPermission[] {
  if ((permissions & PermissionFlagsBits.Administrator) !== 0n) return [];
  return neededPermissions.filter((name) => {
    if (name === (isThread ? 'SendMessages' : 'SendMessagesInThreads')) return false;
    return (permissions & PermissionFlagsBits[name]) === 0n;
  });
}
