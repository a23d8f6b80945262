import { Failure } from '../../failure.ts';
import { changing, reachable } from '../../queue/reachable.ts';
import type { Filter } from '../../queue/moderation/moderation.ts';
import { Refusal } from '../../refusal.ts';
import { quoted } from '../../text/format.ts';
import type { Texts } from '../../text/texts.ts';
import { message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import type { Services } from '../support/services.ts';
import type { Governing } from './command-context.ts';
import { page } from './pages.ts';
import type { PagePlace } from './pages.ts';

/** What a guild's moderators have set, or the owners (null). */
export function filtersOf(
  guildId: string | null,
  { moderation }: Pick<Services, 'moderation'>,
): Promise<{ readonly filters: readonly Filter[] }> {
  return guildId === null ? moderation.deployment() : moderation.guild(guildId);
}

function values({ kind, text }: Filter, texts: Texts, characters = 120) {
  return { kind: texts.say(`queue.filter.${kind}`), text: quoted(text, characters) };
}

export async function addFilter({
  interaction,
  texts,
  services,
  guildId,
  actorId,
}: Governing): Promise<RenderedMessage> {
  const kind = interaction.options.getString('kind') === 'pattern' ? 'pattern' : 'word';
  const text = interaction.options.getString('text', true);
  const filter = await changing(services.moderation.addFilter(guildId, { kind, text }, actorId)).catch(
    harmless,
  );
  return message([texts.say('queue.filter.added', values(filter, texts))]);
}

/** What cannot be understood about a pattern repeats the pattern. */
function harmless(error: unknown): never {
  if (!(error instanceof Failure) || error.identifier !== 'filter_pattern') throw error;
  throw new Refusal('failure.filter_pattern', { reason: quoted(String(error.context['reason']), 200) });
}

export async function removeFilter({
  interaction,
  texts,
  services,
  guildId,
  actorId,
}: Governing): Promise<RenderedMessage> {
  const given = interaction.options.getString('filter', true).trim();
  // A suggestion brings the id; who types has the text before their eyes.
  const { filters } = await reachable(filtersOf(guildId, services));
  const found = filters.find(({ id, text }) => id === given || text === given);
  const removed =
    found === undefined ? null : await changing(services.moderation.removeFilter(guildId, found.id, actorId));
  if (removed === null) throw new Refusal('queue.filter.unknown');
  return message([texts.say('queue.filter.removed', values(removed, texts))]);
}

export async function testFilters({
  interaction,
  texts,
  services,
  guildId,
}: Governing): Promise<RenderedMessage> {
  const text = interaction.options.getString('text', true);
  const met = await reachable(services.moderation.filtered(guildId, text));
  return message([
    met === null ? texts.say('queue.filter.passes') : texts.say('queue.filter.meets', values(met, texts)),
  ]);
}

export async function filtersPage(
  place: PagePlace,
  guildId: string | null,
  texts: Texts,
  services: Services,
): Promise<RenderedMessage> {
  const { filters } = await reachable(filtersOf(guildId, services));
  if (filters.length === 0) return message([texts.say('queue.filter.none')]);
  return page(filters, place, texts, {
    heading: [texts.say('queue.filter.heading')],
    line: (filter, characters) =>
      texts.say('queue.filter.line', {
        ...values(filter, texts, Math.min(120, characters)),
        by: filter.addedBy,
        time: Math.round(filter.addedAt / 1000),
      }),
  });
}
