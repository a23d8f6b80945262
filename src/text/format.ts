import type { Texts } from './texts.ts';

/** Seconds as `0:12.0` or `1:02:03.5`; tenths only when asked for. */
export function clockTime(seconds: number, tenths = true): string {
  const units = tenths ? Math.round(seconds * 10) : Math.round(seconds) * 10;
  const whole = Math.floor(units / 10);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(rest).padStart(2, '0')}${tenths ? `.${units % 10}` : ''}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** A length of time in words: `42 s`, `3 min 20 s`, `30 min`, `1 h 5 min`. */
export function duration(texts: Texts, seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return texts.say('duration.seconds', { seconds: String(whole) });
  const minutes = String(Math.floor(whole / 60) % 60);
  if (whole < 3600) {
    const rest = String(whole % 60);
    if (rest === '0') return texts.say('duration.whole_minutes', { minutes });
    return texts.say('duration.minutes', { minutes, seconds: rest });
  }
  const hours = String(Math.floor(whole / 3600));
  return minutes === '0'
    ? texts.say('duration.whole_hours', { hours })
    : texts.say('duration.hours', { hours, minutes });
}

/** A bar of characters. @param share 0…1 */
export function bar(share: number, width = 12): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '▰'.repeat(filled) + '▱'.repeat(width - filled);
}

/** The beginning of a text, of at most so many code units of UTF-16, that ends between two characters: Discord takes no half of one. */
export function beginning(text: string, units: number): string {
  return text.slice(0, units).replace(/[\uD800-\uDBFF]$/, '');
}

/** A text on one line, without what turns the direction of writing or runs over the lines above and below. */
function oneLine(text: string): string {
  return (
    text
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim()
      // Marks that are piled up run over the lines above and below. No writing needs more than these on one letter.
      .replaceAll(/(\p{M}{4})\p{M}+/gu, '$1')
      // What turns the direction of writing would turn the rest of the message, too.
      .replaceAll(/[\u202A-\u202E\u2066-\u2069]/gu, '')
  );
}

/**
 * A person's text where nothing is read as markup, such as the description of a file: on one line, whole characters alone.
 *
 * @param units of UTF-16 that it may have, the mark of omission included
 */
export function plain(text: string, units: number): string {
  const line = oneLine(text);
  if (line.length <= units) return line;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (kept.length + segment.length > units - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * A person's text, shortened to one line and harmless inside a message: Discord's markup and mentions are escaped, so
 * that it looks as it was typed. `allowed_mentions` keeps mentions silent; this keeps them from looking like mentions.
 *
 * @param limit characters of the text before escaping
 */
export function quoted(text: string, limit: number): string {
  const line = oneLine(text);
  // A character may be long, too: a family of emoji has eleven code units.
  let units = 0;
  const characters = [...new Intl.Segmenter().segment(line)].map(({ segment }) => segment);
  const fitting = characters.filter((character) => (units += character.length) <= limit * 12);
  const fits = fitting.length === characters.length && characters.length <= limit;
  const shortened = fits ? line : `${fitting.slice(0, limit - 1).join('')}…`;
  return (
    shortened
      .replaceAll(/[\\*_~`|>#[\]()-]/g, String.raw`\$&`)
      // A word joiner after < and @ stops mentions, custom emoji, timestamps and links from being recognised.
      .replaceAll(/[<@]/g, '$&\u2060')
      .replaceAll(/:(?=\/\/)/g, ':\u2060')
  );
}
