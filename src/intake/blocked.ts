import { isSame } from '../media/fingerprint.ts';
import type { Prints } from '../queue/moderation/blocked-inputs.ts';

/** What is not taken. */
export type Blocked = { readonly kind: 'picture'; readonly number: number } | { readonly kind: 'sound' };

/** @param given of what somebody brings. @returns the first that is blocked; null: none is */
export function findBlocked(given: Prints, blocks: readonly Prints[]): Blocked | null {
  for (const block of blocks) {
    const hashes = block.pictures.flat();
    const number = given.pictures.findIndex((picture) =>
      picture.some((one) => hashes.some((other) => isSame(one, other))),
    );
    if (number !== -1) return { kind: 'picture', number: number + 1 };
    if (given.sounds.some((one) => block.sounds.includes(one))) return { kind: 'sound' };
  }
  return null;
}
