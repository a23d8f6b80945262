import type { Generation } from '../../queue/contract.ts';
import type { Texts } from '../../text/texts.ts';
import type { Services } from '../support/services.ts';

/** https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-choice-structure */
const choiceCharacters = 100;
const mostChoices = 25;

/** Looked through for what is typed; older ones have to be pasted. */
const mostSearched = 200;

interface Choice {
  readonly name: string;
  readonly value: string;
}

/** This guild's generations that an id option can mean: what waits or runs, with the start of the prompt. */
export async function suggestGenerations(
  guildId: string,
  typed: string,
  which: 'open' | 'waiting' | 'all',
  texts: Texts,
  { queue }: Pick<Services, 'queue'>,
  nameOf: NameOf,
): Promise<Choice[]> {
  const statuses = { open: ['running', 'queued'], waiting: ['queued'], all: undefined } as const;
  const wanted = statuses[which];
  const found = await queue.list({
    guildId,
    limit: mostSearched,
    ...(wanted === undefined ? {} : { statuses: wanted }),
  });
  return choices(found, typed, texts, nameOf);
}

/** A person's name, where it is known. */
type NameOf = (userId: string) => string | undefined;

/** Generations as choices, those that have what is typed in their id, the person's name or the start of their prompt. */
export function choices(
  found: readonly Generation[],
  typed: string,
  texts: Texts,
  nameOf: NameOf = () => undefined,
): Choice[] {
  const needle = typed.trim().toLowerCase();
  return found
    .map((generation) => {
      const { id, status, request, reply, userId } = generation;
      const prompt = reply.private ? texts.say('queue.private') : request.prompt;
      const person = nameOf(userId);
      const name = [texts.say(`queue.status.${status}`), ...(person === undefined ? [] : [person]), prompt]
        .map(oneLine)
        .join(' · ');
      return { name: shortened(name), value: id };
    })
    .filter(({ name, value }) => `${value} ${name}`.toLowerCase().includes(needle))
    .slice(0, mostChoices);
}

/** A guild's filters, those that have what is typed in them. */
export async function suggestFilters(
  guildId: string,
  typed: string,
  texts: Texts,
  { moderation }: Pick<Services, 'moderation'>,
): Promise<Choice[]> {
  const needle = typed.trim().toLowerCase();
  const { filters } = await moderation.guild(guildId);
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
