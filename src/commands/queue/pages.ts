import { ButtonStyle, ComponentType } from 'discord.js';
import type { APIButtonComponent } from 'discord.js';
import type { Texts } from '../../text/texts.ts';
import { buttonRows, listed, message } from '../render/message.ts';
import type { RenderedMessage } from '../render/message.ts';
import { customId } from '../support/definition.ts';

export const pageSize = 8;

/** What is kept is at most so much; a forged button asks for no more. */
const mostPages = 200;

/** The page in a `custom_id`'s argument. */
export function pageOf(text: string | undefined): number {
  return Math.min(mostPages, Math.max(0, Math.trunc(Number(text)) || 0));
}

/** Which list, and which of its pages. */
export interface PagePlace {
  /** the button handler's name */
  readonly button: string;
  /** what the handler knows the list by */
  readonly list: string;
  /** from 0 */
  readonly page: number;
}

/**
 * One page of a list, with buttons to the others. The buttons say which page they lead to, so that they need no memory.
 *
 * @param items all, or at least one more than the page ends with when there are more
 * @param content.line an entry in which people's words have so many characters at most
 * @param content.action a button for an entry; its number on the page is `index` + 1
 */
export function page<T>(
  items: readonly T[],
  { button, list, page: asked }: PagePlace,
  texts: Texts,
  {
    heading,
    line,
    action: actionOf,
  }: {
    heading: readonly (string | null)[];
    line: (item: T, characters: number, index: number) => string;
    action?: (item: T, index: number) => APIButtonComponent | null;
  },
): RenderedMessage {
  // What stood on a page may have gone meanwhile: the last page that has something is shown in its place.
  const at = Math.min(asked, Math.max(0, Math.ceil(items.length / pageSize) - 1));
  const shown = items.slice(at * pageSize, (at + 1) * pageSize);
  const turn = (to: number, label: string) => ({
    type: ComponentType.Button as const,
    style: ButtonStyle.Secondary as const,
    label,
    custom_id: customId(button, `${list}:${to}`),
  });
  const buttons = [
    ...(at > 0 ? [turn(at - 1, '◀')] : []),
    ...(items.length > (at + 1) * pageSize ? [turn(at + 1, '▶')] : []),
  ];
  const number = buttons.length === 0 ? null : texts.say('queue.page', { page: at + 1 });
  const lines = listed(shown, line, [...heading, number]);
  return message([...heading, ...lines, number], {
    components: [
      ...buttonRows(shown.flatMap((item, index) => actionOf?.(item, index) ?? [])),
      ...buttonRows(buttons),
    ],
  });
}
