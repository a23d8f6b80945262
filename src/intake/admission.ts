import { LimitReached, NotAdmitted } from '../queue/moderation.ts';
import type { Admission, Ban, Moderation } from '../queue/moderation.ts';
import { Refusal } from '../refusal.ts';
import { quoted } from '../text/format.ts';

/** Who asks, and in which roles. */
export interface Person {
  readonly userId: string;
  readonly guildId: string | null;
  readonly roleIds: readonly string[];
}

/** characters of a moderator's words that are repeated to a person */
const reasonCharacters = 300;

/**
 * Whether a person may ask for this now. Called before anything is accepted, so that a refusal comes at once and costs nothing.
 *
 * @param texts what the person wrote
 * @returns what `accept` needs to check the limits
 * @throws Refusal for a ban, a filter, or while nothing is taken
 */
export async function admit(
  person: Person,
  texts: readonly string[],
  { moderation }: { readonly moderation: Pick<Moderation, 'admission' | 'filtered'> },
): Promise<Admission> {
  const admission = await moderation.admission(person);
  if (admission.ban !== null) throw banned(admission.ban);
  if (admission.draining !== null) throw draining(admission.draining);
  for (const text of texts) {
    if ((await moderation.filtered(person.guildId, text)) !== null) throw new Refusal('refused.filtered');
  }
  return admission;
}

/** What `accept` throws about limits, as a person understands it; anything else is left as it is. */
export function refuseOverLimit(error: unknown): unknown {
  if (error instanceof NotAdmitted) {
    if (error.ban !== null) return banned(error.ban);
    return draining(error.draining ?? { message: null });
  }
  if (!(error instanceof LimitReached)) return error;
  const { limit, value, clearsAt, gpuSeconds } = error;
  const clears = clearsAt === null ? 0 : Math.ceil(clearsAt / 1000);
  switch (limit) {
    case 'waiting':
      return new Refusal('refused.too_many_waiting', { count: value });
    case 'cooldown':
      return new Refusal('refused.cooldown', { seconds: value, clears });
    case 'queue_length':
      return new Refusal('refused.queue_full', { count: value });
    case 'gpu_seconds': {
      const minutes = (seconds: number): string => (seconds / 60).toFixed(1).replace(/\.0$/, '');
      const values = {
        limit: minutes(value),
        used: minutes(gpuSeconds?.used ?? 0),
        needed: minutes(gpuSeconds?.needed ?? 0),
        clears,
      };
      return new Refusal(clearsAt === null ? 'refused.gpu_never' : 'refused.gpu_seconds', values);
    }
  }
}

function banned({ reason, until }: Ban): Refusal {
  return new Refusal('refused.banned', {
    until: until === null ? 'never' : 'then',
    clears: until === null ? 0 : Math.ceil(until / 1000),
    given: reason === null ? 'no' : 'yes',
    reason: reason === null ? '' : quoted(reason, reasonCharacters),
  });
}

function draining({ message }: { readonly message: string | null }): Refusal {
  return message === null
    ? new Refusal('refused.draining')
    : new Refusal('refused.draining_because', { message: quoted(message, reasonCharacters) });
}
