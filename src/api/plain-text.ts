import type { Texts } from '../text/texts.ts';

/**
 * A text of the catalogue for readers outside of Discord: without bold, without the marks that keep a quotation from being read as markup
 * there, and with `<t:seconds:style>`, which only Discord shows in the reader's own zone, as a time in UTC.
 */
export function withoutMarkup(text: string, { language }: Texts): string {
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return text
    .replaceAll(/<t:(\d+)(?::\w)?>/g, (_, seconds) => `${format.format(Number(seconds) * 1000)} UTC`)
    .replaceAll(/(?<!\\)\*\*/g, '')
    .replaceAll(/\\([\\*_~`|>#[\]()-])/g, '$1')
    .replaceAll('\u2060', '');
}
