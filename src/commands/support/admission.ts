import type { Admission } from '../../queue/moderation.ts';
import type { Services } from './services.ts';

/** Placeholder until the moderation lands. */
export async function admit(
  person: { readonly userId: string; readonly guildId: string | null; readonly roleIds: readonly string[] },
  _texts: readonly string[],
  { moderation }: Services,
): Promise<Admission> {
  return moderation.admission(person);
}

export function refuseOverLimit(error: unknown): unknown {
  return error;
}
