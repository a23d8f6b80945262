import { changing, reachable } from '../../queue/reachable.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import type { Texts } from '../../text/texts.ts';
import { givenEnd, givenReason } from './command-context.ts';
import type { Governing } from './command-context.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';
import { reasonLines, untilLines } from './jobs.ts';

export async function ban(moderating: Governing): Promise<RenderedMessage> {
  const { interaction, texts, services, guildId, actorId } = moderating;
  const { id: userId } = interaction.options.getUser('user', true);
  const given = { reason: givenReason(moderating), until: givenEnd(moderating) };
  await changing(services.moderation.ban(guildId, { userId, by: actorId, ...given }));
  return message([
    texts.say(guildId === null ? 'queue_admin.ban.done' : 'queue.ban.done', { userId }),
    ...untilLines(given.until, texts),
    ...reasonLines(given.reason, texts),
  ]);
}

export async function unban({
  interaction,
  texts,
  services,
  guildId,
  actorId,
}: Governing): Promise<RenderedMessage> {
  const { id: userId } = interaction.options.getUser('user', true);
  const ended = await changing(services.moderation.unban(guildId, userId, actorId));
  return message([
    texts.say(
      ended ? (guildId === null ? 'queue_admin.unban.done' : 'queue.unban.done') : 'queue.unban.nothing',
      { userId },
    ),
  ]);
}

export async function bansPage(
  place: PagePlace,
  guildId: string | null,
  texts: Texts,
  { moderation }: Services,
): Promise<RenderedMessage> {
  const bans = await reachable(moderation.bans(guildId));
  if (bans.length === 0) return message([texts.say('queue.bans.none')]);
  return page(bans, place, texts, {
    heading: [texts.say(guildId === null ? 'queue_admin.bans.heading' : 'queue.bans.heading')],
    line: ({ userId, by, since, until, reason }, characters) =>
      [
        texts.say('queue.bans.line', { userId, by, since: Math.round(since / 1000) }),
        ...(until === null ? [] : [texts.say('queue.ends', { until: Math.round(until / 1000) })]),
        ...reasonLines(reason, texts, characters),
      ].join(' · '),
  });
}
