import type { Generation } from '../../queue/contract/generation.ts';
import type { GenerationQueue } from '../../queue/interfaces.ts';
import type { Texts } from '../../text/texts.ts';
import type { Services } from '../support/services.ts';
import { idIn } from './command-context.ts';
import { filtersOf } from './filters.ts';

/** https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-choice-structure */
const choiceCharacters = 100;
const mostChoices = 25;

/** Looked through for what is typed: a full queue, and what has ended lately; what is older has to be pasted. */
const mostSearched = 2_000;
const mostEndedSearched = 500;

interface Choice {
  readonly name: string;
  readonly value: string;
}

/** This guild's generations that an id option can mean: what runs, then what waits, the next one first; then what has ended. */
export async function suggestGenerations(
  guildId: string,
  typed: string,
  which: 'open' | 'waiting' | 'all',
  texts: Texts,
  { queue }: { readonly queue: Pick<GenerationQueue, 'list' | 'order' | 'get'> },
  nameOf: NameOf,
): Promise<Choice[]> {
  const pasted = idIn(typed);
  const statuses = which === 'waiting' ? (['queued'] as const) : (['running', 'queued'] as const);
  const [named, open, ended] = await Promise.all([
    pasted === null ? null : queue.get(pasted),
    queue.list({ guildId, limit: mostSearched, statuses }),
    which === 'all'
      ? queue.list({
          guildId,
          limit: mostEndedSearched,
          statuses: ['delivering', 'delivered', 'failed', 'cancelled'],
        })
      : [],
  ]);
  if (named !== null && named.guildId === guildId) return choices([named], '', texts, nameOf);
  const running = open.filter(({ status }) => status === 'running');
  const waiting = new Map(
    open.filter(({ status }) => status === 'queued').map((generation) => [generation.id, generation]),
  );
  const inOrder = (await queue.order([...waiting.keys()])).flatMap((id) => waiting.get(id) ?? []);
  return choices([...running, ...inOrder, ...ended], typed, texts, nameOf);
}

/** A person's name, where it is known. */
type NameOf = (userId: string) => string | undefined;

/** Generations as choices, those that have every word that is typed in their id, the person's name or their prompt. */
export function choices(
  found: readonly Generation[],
  typed: string,
  texts: Texts,
  nameOf: NameOf = () => undefined,
): Choice[] {
  const words = oneLine(typed).toLowerCase().split(' ');
  const chosen: Choice[] = [];
  for (const { id, status, request, reply, userId } of found) {
    if (chosen.length >= mostChoices) break;
    const prompt = reply.private ? texts.say('queue.private') : request.prompt;
    const person = nameOf(userId);
    const name = [texts.say(`queue.status.${status}`), ...(person === undefined ? [] : [person]), prompt]
      .map(oneLine)
      .join(' · ');
    const text = `${id} ${name}`.toLowerCase();
    if (words.every((word) => text.includes(word))) chosen.push({ name: shortened(name), value: id });
  }
  return chosen;
}

/** A guild's filters, those that have what is typed in them. */
export async function suggestFilters(
  guildId: string | null,
  typed: string,
  texts: Texts,
  services: Pick<Services, 'moderation'>,
): Promise<Choice[]> {
  const needle = typed.trim().toLowerCase();
  const { filters } = await filtersOf(guildId, services);
  return filters
    .filter(({ id, text }) => `${id} ${text}`.toLowerCase().includes(needle))
    .slice(0, mostChoices)
    .map(({ id, kind, text }) => ({
      name: shortened(`${texts.say(`queue.filter.${kind}`)} · ${oneLine(text)}`),
      value: id,
    }));
}

/** Choices show no markup; only what breaks the line, turns its direction or runs over its neighbours goes. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/[\u202A-\u202E\u2066-\u2069]/gu, '')
    .replaceAll(/(\p{M}{4})\p{M}+/gu, '$1')
    .trim();
}

function shortened(name: string): string {
  if (name.length <= choiceCharacters) return name;
  return `${name.slice(0, choiceCharacters - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
