import { isOpen } from '../../queue/contract/generation.ts';
import { changing, reachable } from '../../queue/reachable.ts';
import type { Generation, QueuePosition, StoredFailure } from '../../queue/contract/generation.ts';
import type { Pause } from '../../queue/moderation/moderation.ts';
import { Refusal } from '../../refusal.ts';
import { duration, quoted } from '../../text/format.ts';
import { failureText } from '../../text/texts.ts';
import type { Texts } from '../../text/texts.ts';
import { detailLines } from '../render/details.ts';
import { message, messageLink } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import { headline } from '../render/status.ts';
import type { Services } from '../support/services.ts';
import { noticesFor } from '../support/queue-notices.ts';
import { givenEnd, givenReason, namedGeneration } from './command-context.ts';
import type { Acting, Moderating } from './command-context.ts';
import { reasonCharacters } from './declaration.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';

/** Each takes a look at the queue to say where it stands; with more, those that were asked for first are shown. */
const mostListed = 500;
const mostCounted = 10_000;

const cancelsAtOnce = 8;

/** A private one's prompt is for the person alone; it can be cancelled without. */
function promptOf({ request, reply }: Generation, limit: number, texts: Texts): string {
  return reply.private ? texts.say('queue.private') : quoted(request.prompt, limit);
}

/** What waits and runs in the guild, in the order in which it comes. */
export async function listPage(
  place: PagePlace,
  guildId: string,
  texts: Texts,
  { queue, moderation }: Services,
): Promise<RenderedMessage> {
  const [paused, open] = await reachable(
    Promise.all([
      moderation.pauseOf(guildId),
      queue.list({ guildId, statuses: ['running', 'queued'], limit: mostCounted }),
    ]),
  );
  const placed = await reachable(
    Promise.all(
      open.slice(-mostListed).map(async (generation) => ({
        generation,
        position: generation.status === 'queued' ? await queue.position(generation.id) : null,
      })),
    ),
  );
  placed.sort((one, other) => (one.position?.position ?? 0) - (other.position?.position ?? 0));
  const running = open.filter(({ status }) => status === 'running').length;
  const standing = pauseLines(paused, texts);
  if (placed.length === 0) return message([texts.say('queue.list.none'), ...standing]);
  return page(placed, place, texts, {
    heading: [
      texts.say('queue.list.heading', { running, waiting: open.length - running }),
      ...standing,
      open.length > mostListed ? texts.say('queue.list.more', { count: mostListed }) : null,
    ],
    line: ({ generation, position }, characters) =>
      texts.say('queue.list.line', {
        place: placeText(position),
        userId: generation.userId,
        prompt: promptOf(generation, Math.min(60, characters), texts),
        time: Math.round(generation.createdAt / 1000),
        id: generation.id,
      }),
  });
}

function placeText(position: QueuePosition | null): string {
  if (position === null || position.position === 0) return '▶️';
  return `${position.held === null ? '' : '⏸️ '}**${position.position}.**`;
}

function pauseLines(paused: Pause | null, texts: Texts): string[] {
  if (paused === null) return [];
  const values = { by: paused.by, since: Math.round(paused.since / 1000) };
  const line =
    paused.until === null
      ? texts.say('queue.paused', values)
      : texts.say('queue.paused_until', { ...values, until: Math.round(paused.until / 1000) });
  return [line, ...reasonLines(paused.reason, texts)];
}

/** What a moderator gave as the reason, in a line of its own, or no line. */
export function reasonLines(
  reason: string | null,
  texts: Texts,
  characters: number = reasonCharacters,
): string[] {
  return reason === null ? [] : [texts.say('queue.reason', { reason: quoted(reason, characters) })];
}

/** When it ends by itself, in a line of its own, or no line. */
export function untilLines(until: number | null, texts: Texts): string[] {
  return until === null ? [] : [texts.say('queue.until', { until: Math.round(until / 1000) })];
}

export async function show(moderating: Moderating): Promise<RenderedMessage> {
  const { texts, services, guildId } = moderating;
  const generation = await namedGeneration(moderating);
  const { status, failure, reply } = generation;
  const position = status === 'queued' ? await reachable(services.queue.position(generation.id)) : null;
  const where = reply.finalMessageId ?? reply.statusMessageId;
  const isHere = reply.finalChannelId === null || reply.finalChannelId === reply.channelId;
  return message([
    texts.say('queue.show.who', {
      userId: generation.userId,
      status: texts.say(`queue.status.${status}`),
      time: Math.round(generation.createdAt / 1000),
    }),
    isOpen(generation)
      ? headline(
          texts,
          generation,
          position,
          await reachable(noticesFor(generation, services.moderation)),
          services.settings,
        )
      : null,
    failure === null ? null : failureText(texts, failure, generation.id),
    ...(reply.private
      ? [texts.say('details.heading', { id: generation.id }), texts.say('queue.show.private')]
      : detailLines(generation, texts, services.settings)),
    status === 'queued'
      ? texts.say('status.cost', { duration: duration(texts, generation.costSeconds) })
      : null,
    // A direct message or a private answer is not the moderators' to open.
    reply.private || !isHere ? null : linkTo(guildId, reply.channelId, where),
  ]);
}

function linkTo(guildId: string, channelId: string | null, messageId: string | null): string | null {
  return channelId === null || messageId === null ? null : messageLink(guildId, channelId, messageId);
}

export async function cancel(moderating: Moderating): Promise<RenderedMessage> {
  const { texts, services, guildId, actorId } = moderating;
  const generation = await namedGeneration(moderating);
  const reason = givenReason(moderating);
  const outcome = await changing(services.queue.cancel(generation.id, byModerator(reason)));
  if (outcome === 'finished' || outcome === 'unknown') return message([texts.say('queue.cancel.finished')]);
  await services.moderation.log({
    guildId,
    actorId,
    action: 'cancel',
    targetUserId: generation.userId,
    generationId: generation.id,
    reason,
    details: {},
  });
  const key = outcome === 'cancelled' ? 'queue.cancel.done' : 'queue.cancel.asked';
  return message([texts.say(key, { userId: generation.userId }), ...reasonLines(reason, texts)]);
}

/** What the person reads who asked for it. The reason is stored as it is shown: harmless inside a message. */
function byModerator(reason: string | null): StoredFailure {
  if (reason === null) return { code: 'cancelled', identifier: 'cancelled_by_moderator', context: {} };
  const context = { reason: quoted(reason, reasonCharacters) };
  return { code: 'cancelled', identifier: 'cancelled_by_moderator_because', context };
}

export async function clear({
  interaction,
  texts,
  services,
  guildId,
  actorId,
}: Moderating): Promise<RenderedMessage> {
  const user = interaction.options.getUser('user');
  const { queue, moderation } = services;
  const waiting = (await reachable(queue.list({ guildId, statuses: ['queued'], limit: mostCounted }))).filter(
    ({ userId }) => user === null || userId === user.id,
  );
  let count = 0;
  // The last come first: nobody's moves up to be taken by a worker just before it is cancelled.
  for (let at = 0; at < waiting.length; at += cancelsAtOnce) {
    const outcomes = await changing(
      Promise.all(waiting.slice(at, at + cancelsAtOnce).map(({ id }) => queue.cancel(id, byModerator(null)))),
    );
    count += outcomes.filter((outcome) => outcome === 'cancelled' || outcome === 'signalled').length;
  }
  if (count > 0) {
    await moderation.log({
      guildId,
      actorId,
      action: 'clear',
      targetUserId: user?.id ?? null,
      generationId: null,
      reason: null,
      details: { count },
    });
  }
  return message([texts.say('queue.clear.done', { count })]);
}

export async function bump(moderating: Moderating): Promise<RenderedMessage> {
  const { texts, services, guildId, actorId } = moderating;
  const { id } = await namedGeneration(moderating);
  const outcome = await changing(services.moderation.bump(guildId, id, actorId));
  if (outcome === 'unknown') throw new Refusal('queue.unknown');
  return message([texts.say(outcome === 'bumped' ? 'queue.bump.done' : 'queue.bump.not_waiting')]);
}

/** What a pause is made of, as the options say it. */
export function givenPause(acting: Acting): { by: string; reason: string | null; until: number | null } {
  return { by: acting.actorId, reason: givenReason(acting), until: givenEnd(acting) };
}

export async function pause(moderating: Moderating): Promise<RenderedMessage> {
  const { texts, services, guildId } = moderating;
  const given = givenPause(moderating);
  const count = await changing(services.moderation.pause(guildId, given));
  return message([
    texts.say('queue.pause.done', { count }),
    ...untilLines(given.until, texts),
    ...reasonLines(given.reason, texts),
  ]);
}

export async function resume({ texts, services, guildId, actorId }: Moderating): Promise<RenderedMessage> {
  const count = await changing(services.moderation.resume(guildId, actorId));
  return message([
    count === null ? texts.say('queue.resume.nothing') : texts.say('queue.resume.done', { count }),
  ]);
}
