import type { Generation } from '../../queue/contract/generation.ts';
import type { Moderation } from '../../queue/moderation/moderation.ts';
import type { Notices } from '../render/status.ts';

/** What the status message of a generation has to say besides its own progress. */
export async function noticesFor(
  { userId, guildId }: Pick<Generation, 'userId' | 'guildId'>,
  moderation: Pick<Moderation, 'admission'>,
): Promise<Notices> {
  return moderation.admission({ userId, guildId, roleIds: [] });
}
