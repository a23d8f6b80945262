import { ButtonStyle, ComponentType } from 'discord.js';
import type { APIActionRowComponent, APIButtonComponent, APIComponentInMessageActionRow } from 'discord.js';
import type { Generation } from '../../queue/contract/generation.ts';
import type { Texts } from '../../text/texts.ts';
import { customId, ownedArgument } from '../support/definition.ts';
import { beginning } from '../../text/format.ts';

/** What a renderer makes: the JSON of a message, without its files. */
export interface RenderedMessage {
  readonly content: string;
  readonly components: APIActionRowComponent<APIComponentInMessageActionRow>[];
  /** Only the person who asked is ever notified, and only where a renderer says so. */
  readonly allowed_mentions: { readonly parse: []; readonly users?: string[] };
}

/** https://discord.com/developers/docs/resources/message#create-message */
const contentLimit = 2000;

/**
 * A message of lines; null ones are left out. Where Discord's limit is met, the longest lines give way, all to the same length, so
 * that the others (what to do, the id) stay whole.
 */
export function message(
  lines: readonly (string | null)[],
  options: { mention?: string; components?: RenderedMessage['components'] } = {},
): RenderedMessage {
  const kept = lines.filter((line) => line !== null);
  const longest = longestLine(kept);
  return {
    content: kept
      .map((line) => (line.length <= longest ? line : `${wholeCharacters(line, longest - 1)}…`))
      .join('\n'),
    components: options.components ?? [],
    allowed_mentions: options.mention === undefined ? { parse: [] } : { parse: [], users: [options.mention] },
  };
}

/** What people wrote is shown in so many characters, or in fewer where many entries have to fit. */
const textSizes = [200, 120, 60, 30, 15, 8, 4] as const;

/**
 * The entries of a list, with as much of what people wrote as fits beside the other lines of the message: who, when, where and
 * the id stay whole.
 *
 * @param render an entry in which people's words have so many characters at most
 */
export function listed<T>(
  items: readonly T[],
  render: (item: T, characters: number, index: number) => string,
  others: readonly (string | null)[],
): string[] {
  const taken = others.reduce((sum, line) => sum + (line === null ? 0 : line.length + 1), 0);
  let lines: string[] = [];
  for (const characters of textSizes) {
    lines = items.map((item, index) => render(item, characters, index));
    if (taken + lines.reduce((sum, line) => sum + line.length + 1, 0) <= contentLimit) break;
  }
  return lines;
}

/** The length that lines may have so that all of them together fit: what short ones leave is shared among the long ones. */
function longestLine(lines: readonly string[]): number {
  let left = contentLimit - Math.max(0, lines.length - 1);
  const lengths = lines.map(({ length }) => length).toSorted((one, other) => one - other);
  for (const [index, length] of lengths.entries()) {
    const share = Math.floor(left / (lengths.length - index));
    if (length > share) return share;
    left -= length;
  }
  return contentLimit;
}

/** The beginning of a text, of at most so many code units, that ends between two code points and not within an escape. */
function wholeCharacters(text: string, units: number): string {
  const cut = beginning(text, units);
  return /(?<!\\)(?:\\\\)*\\$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** Buttons in rows of five, as Discord wants them. */
export function buttonRows(buttons: readonly APIButtonComponent[]): RenderedMessage['components'] {
  const rows: RenderedMessage['components'] = [];
  for (let at = 0; at < buttons.length; at += 5) {
    rows.push({ type: ComponentType.ActionRow, components: buttons.slice(at, at + 5) });
  }
  return rows;
}

/** What stops a generation that waits or runs. */
export function stopRow(texts: Texts, generationId: string): RenderedMessage['components'] {
  return buttonRows([action('cancel', '❌', texts.say('button.stop'), generationId)]);
}

/** What can be done with a generation that has ended: the same as by reaction. */
export function actionRow(
  texts: Texts,
  generation: Pick<Generation, 'id' | 'userId'>,
  which: { readonly better: boolean; readonly remove: boolean; readonly claim?: boolean },
): RenderedMessage['components'] {
  const generationId = generation.id;
  return buttonRows([
    action('again', '🔁', texts.say('button.again'), generationId),
    ...(which.better ? [action('better', '⬆️', texts.say('button.better'), generationId)] : []),
    action('edit', '✏️', texts.say('button.edit'), generationId),
    ...(which.remove ? [deleteAction(texts, generation)] : []),
    ...(which.claim === true ? [claimAction(texts, generationId)] : []),
  ]);
}

/** For whom a result shows. */
export function claimAction(texts: Texts, generationId: string): APIButtonComponent {
  return action('me', '🙋', texts.say('button.me'), generationId);
}

/** Deletes a result, also when nothing but its message is left. */
export function deleteAction(
  texts: Texts,
  generation: Pick<Generation, 'id' | 'userId'>,
): APIButtonComponent {
  return action('delete', '❌', texts.say('button.delete'), ownedArgument(generation));
}

/** A button that does something with a generation. */
export function action(name: string, emoji: string, label: string, generationId: string): APIButtonComponent {
  return {
    type: ComponentType.Button,
    style: ButtonStyle.Secondary,
    emoji: { name: emoji },
    label,
    custom_id: customId(name, generationId),
  };
}

/**
 * Whether the final message is one that only the person sees, once: Discord keeps it until they reload, and no link leads there.
 */
export function isPassing({ reply }: Generation): boolean {
  return reply.private && reply.finalChannelId === reply.channelId;
}

/** The address at which clients open a generation's final message; null where there is none that lasts. */
export function finalLink(generation: Generation): string | null {
  const { finalChannelId: channelId, finalMessageId: messageId } = generation.reply;
  if (channelId === null || messageId === null || isPassing(generation)) return null;
  return messageLink(
    channelId === generation.reply.channelId ? generation.guildId : null,
    channelId,
    messageId,
  );
}

/** The address at which clients open a message. Direct messages stand under `@me`. */
export function messageLink(guildId: string | null, channelId: string, messageId: string): string {
  return `https://discord.com/channels/${guildId ?? '@me'}/${channelId}/${messageId}`;
}
