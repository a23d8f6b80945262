import { LimitReached, NotAdmitted } from '../queue/moderation/moderation.ts';
import type { Admission, Moderation, StandingBan } from '../queue/moderation/moderation.ts';
import type { GenerationQueue } from '../queue/interfaces.ts';
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
  if (admission.unlisted !== null) throw unlisted(admission.unlisted);
  if (admission.draining !== null) throw draining(admission.draining);
  for (const text of texts) {
    if ((await moderation.filtered(person.guildId, text)) !== null) {
      throw new Refusal('refused.filtered', { where: person.guildId === null ? 'alone' : 'server' });
    }
  }
  return admission;
}

/** Where it is looked up how the queue stands. */
type QueueView = Pick<GenerationQueue, 'list' | 'position'>;

/** A queue that is longer than this is not looked through for the first to start. */
const mostLookedAt = 100;

/** What `accept` throws about limits, as a person understands it; anything else is left as it is. */
export async function refuseOverLimit(
  error: unknown,
  person: Pick<Person, 'userId' | 'guildId'>,
  queue: QueueView,
): Promise<unknown> {
  if (error instanceof NotAdmitted) {
    if (error.isErased) return new Refusal('refused.erased');
    if (error.ban !== null) return banned(error.ban);
    if (error.unlisted !== null) return unlisted(error.unlisted);
    return draining(error.draining ?? { message: null });
  }
  if (!(error instanceof LimitReached)) return error;
  const { limit, value, clearsAt, gpuSeconds, isEverywhere } = error;
  const clears = clearsAt === null ? 0 : Math.ceil(clearsAt / 1000);
  const where = isEverywhere ? 'everywhere' : 'here';
  switch (limit) {
    case 'budget':
      return new Refusal('refused.budget', { known: clearsAt === null ? 'no' : 'yes', clears });
    case 'waiting':
      if (isEverywhere) return new Refusal('refused.waiting_everywhere', { count: value });
      return new Refusal('refused.too_many_waiting', {
        count: value,
        ...(await roomAt(limit, person, queue)),
      });
    case 'cooldown':
      return new Refusal('refused.cooldown', { ...inWholeUnits(value), where, clears });
    case 'queue_length':
      return new Refusal('refused.queue_full', { count: value, ...(await roomAt(limit, person, queue)) });
    case 'gpu_seconds': {
      const minutes = (seconds: number): string => (seconds / 60).toFixed(1).replace(/\.0$/, '');
      const values = {
        limit: minutes(value),
        used: minutes(gpuSeconds?.used ?? 0),
        needed: minutes(gpuSeconds?.needed ?? 0),
        clears,
      };
      if (clearsAt === null) return new Refusal('refused.gpu_never', { ...values, where });
      return new Refusal(isEverywhere ? 'refused.gpu_everywhere' : 'refused.gpu_seconds', values);
    }
  }
}

/** Seconds in the largest unit that they are whole in: 3,600 is 1 hour, 90 are 90 seconds. */
function inWholeUnits(seconds: number): { unit: 'hour' | 'minute' | 'second'; count: number } {
  if (seconds % 3600 === 0) return { unit: 'hour', count: seconds / 3600 };
  return seconds % 60 === 0 ? { unit: 'minute', count: seconds / 60 } : { unit: 'second', count: seconds };
}

/** When there is room again: the first of the person's is done, or the first of the server's no longer waits. */
async function roomAt(
  limit: 'waiting' | 'queue_length',
  { userId, guildId }: Pick<Person, 'userId' | 'guildId'>,
  queue: QueueView,
): Promise<{ known: 'yes' | 'no'; clears: number }> {
  const unknown = { known: 'no', clears: 0 } as const;
  try {
    const open = await queue.list({
      statuses: limit === 'waiting' ? ['running', 'queued'] : ['queued'],
      ...(limit === 'waiting' ? { userId } : {}),
      ...(guildId === null ? {} : { guildId }),
      limit: mostLookedAt + 1,
    });
    if (open.length > mostLookedAt) return unknown;
    const inScope = open.filter((generation) => generation.guildId === guildId);
    const positions = await Promise.all(inScope.map(({ id }) => queue.position(id)));
    const times = positions
      // Without a machine, or in a pause that somebody has to end, nobody can say.
      .filter(({ workers, held, heldUntil }) => workers > 0 && (held === null || heldUntil !== null))
      .map(({ expectedStartAt, expectedEndAt }) => (limit === 'waiting' ? expectedEndAt : expectedStartAt));
    return times.length === 0 ? unknown : { known: 'yes', clears: Math.ceil(Math.min(...times) / 1000) };
  } catch {
    // The refusal stands without it.
    return unknown;
  }
}

function banned({ reason, until, isEverywhere }: StandingBan): Refusal {
  return new Refusal(isEverywhere ? 'refused.banned_everywhere' : 'refused.banned', {
    until: until === null ? 'never' : 'then',
    clears: until === null ? 0 : Math.ceil(until / 1000),
    given: reason === null ? 'no' : 'yes',
    reason: reason === null ? '' : quoted(reason, reasonCharacters),
  });
}

function unlisted(what: NonNullable<Admission['unlisted']>): Refusal {
  return new Refusal(what === 'server' ? 'refused.server_unlisted' : 'refused.person_unlisted');
}

function draining({ message }: { readonly message: string | null }): Refusal {
  return message === null
    ? new Refusal('refused.draining')
    : new Refusal('refused.draining_because', { message: quoted(message, reasonCharacters) });
}
