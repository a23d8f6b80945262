import { reachable } from '../../queue/reachable.ts';
import type { Report } from '../../queue/moderation/moderation.ts';
import type { Texts } from '../../text/texts.ts';
import { action, finalLink, message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';
import { recordRetentionDays } from '../../retention.ts';

/** With more who reported one result, the first of them are named. */
const mostNamed = 5;

/** What was reported in this guild, and by whom: those who report often are seen, too. */
export async function reportsPage(
  place: PagePlace,
  guildId: string,
  texts: Texts,
  { moderation }: Services,
): Promise<RenderedMessage> {
  const reports = await reachable(moderation.reports(guildId));
  if (reports.length === 0) return message([texts.say('queue.reports.none', { days: recordRetentionDays })]);
  return page(reports, place, texts, {
    heading: [texts.say('queue.reports.heading', { days: recordRetentionDays })],
    line: (report, _characters, index) => line(report, index + 1, texts),
    action: ({ generation }, index) =>
      generation.result === null || generation.deletedAt !== null
        ? null
        : action('look', '👀', texts.say('button.look_number', { number: index + 1 }), generation.id),
  });
}

function line({ generation, by }: Report, number: number, texts: Texts): string {
  const { id, userId, hiddenAt, deletedAt } = generation;
  const state = deletedAt !== null ? 'deleted' : hiddenAt !== null ? 'hidden' : 'shown';
  const people = by
    .slice(0, mostNamed)
    .map((one) => texts.say('queue.reports.reporter', { userId: one.userId, count: one.reports }));
  const more = by.length > mostNamed ? [`+${by.length - mostNamed}`] : [];
  const text = texts.say('queue.reports.line', {
    number,
    time: Math.round((by.at(-1)?.at ?? generation.createdAt) / 1000),
    userId,
    id,
    state: texts.say(`queue.reports.${state}`),
    count: by.length,
    people: new Intl.ListFormat(texts.language).format([...people, ...more]),
  });
  const link = deletedAt === null ? finalLink(generation) : null;
  return link === null ? text : `${text} ${link}`;
}
