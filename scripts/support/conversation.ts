import { styleText } from 'node:util';
import type { Message, MessageEvent } from '../../sandbox/start.ts';

/** A message as it stood at the end, for programs that read the demo's last line. */
export interface ConversationMessage {
  readonly author: string;
  readonly text: string;
  readonly edits: number;
  readonly ephemeral: boolean;
  readonly repliesTo: string | null;
  readonly id: string;
  readonly attachments: readonly { readonly filename: string; readonly bytes: number }[];
}

const columns = 9;

/** Shows a conversation as it goes: what is new in each message, beside the seconds since the start. */
export class Conversation {
  readonly #print: (line: string) => void;
  readonly #start = performance.now();
  readonly #shown = new Map<
    string,
    { message: Message; text: string; files: string; buttons: string; edits: number }
  >();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Something a person does. */
  person(name: string, what: string): void {
    this.#entry(styleText('green', name), [what]);
  }

  /** Takes what happened to a message of the bot's. */
  take(event: MessageEvent, message: Message): void {
    if (!message.fromBot) return;
    const before = this.#shown.get(message.id);
    const files = message.attachments
      .map(({ filename, size }) => `📎 ${filename}, ${kilobytes(size)}`)
      .join('  ');
    const text = message.loading ? 'is thinking…' : message.text;
    const edits = (before?.edits ?? 0) + (event === 'edited' ? 1 : 0);
    const buttons = message.buttons.map(({ label }) => `[${label}]`).join(' ');
    this.#shown.set(message.id, { message, text, files, buttons, edits });
    if (event === 'deleted') {
      this.#entry(bot(), ['(deletes its message)']);
      return;
    }
    const known = new Set(before?.text.split('\n'));
    const news = text.split('\n').filter((line) => line !== '' && !known.has(line));
    // The file of a preview has the same name each time; what is said beside it is news enough.
    if (files !== '' && files.replaceAll(/[\d.]+ kB/g, '') !== before?.files.replaceAll(/[\d.]+ kB/g, ''))
      news.push(files);
    // A button that has gone is told by what the message says then.
    if (buttons !== '' && buttons !== before?.buttons) news.push(buttons);
    if (news.length === 0) return;
    const what = event === 'edited' ? `${bot()} ${styleText('dim', '(edits)')}` : bot();
    this.#entry(message.repliesTo === undefined ? what : `${what} ${styleText('dim', '(replies)')}`, news);
  }

  /** All messages of the bot as they stand. */
  messages(): ConversationMessage[] {
    return [...this.#shown.values()].map(({ message, edits }) => ({
      id: message.id,
      author: 'HuMo',
      text: message.text,
      edits,
      ephemeral: message.ephemeral,
      repliesTo: message.repliesTo ?? null,
      attachments: message.attachments.map(({ filename, size }) => ({ filename, bytes: size })),
    }));
  }

  #entry(who: string, lines: readonly string[]): void {
    const at = `${((performance.now() - this.#start) / 1000).toFixed(1)} s`.padStart(columns - 2);
    this.#print(`${styleText('dim', at)}  ${who}`);
    for (const line of lines) this.#print(`${' '.repeat(columns)}${readable(line)}`);
  }
}

function bot(): string {
  return styleText('cyan', 'HuMo');
}

/** Discord's marks as a terminal can show them. */
function readable(line: string): string {
  return line
    .replace(/^-# (.*)$/, (_, small: string) => styleText('dim', small))
    .replaceAll(/\*\*(.+?)\*\*/g, (_, bold: string) => styleText('bold', bold))
    .replaceAll(/<t:(\d+):\w>/g, (_, seconds: string) => inWords(Number(seconds) - Date.now() / 1000))
    .replaceAll(/<@\d+>/g, '@ada');
}

function inWords(seconds: number): string {
  const rounded = Math.round(seconds);
  if (Math.abs(rounded) < 2) return 'now';
  return rounded > 0 ? `in ${rounded} seconds` : `${-rounded} seconds ago`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
