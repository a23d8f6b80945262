import { RE2JS, RE2JSException } from 're2js';
import { Failure } from '../failure.ts';
import type { Filter } from './moderation.ts';

/**
 * A pattern's steps per character are at most the size of its compiled program, so these two bound the time that a text takes:
 * 4,000 characters against a guild's full allowance take about half a second on one core, in the worst case there is.
 */
const largestPattern = 1_000;
const largestSum = 5_000;

/** Marks that stand on letters of any script. The two Japanese ones make another letter. */
const accents = /[[\p{Script=Inherited}&&\p{Mn}]--[\u{3099}\u{309a}]]/gv;
const invisible = /\p{Default_Ignorable_Code_Point}/gu;
const wordCharacter = /^[\p{L}\p{M}\p{N}_]$/u;
/** Scripts that set no spaces between words: a word may begin and end anywhere in them. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;

/**
 * Text in the form in which words are compared: without case, accents, invisible characters and differences of form (full width,
 * ligatures), with single spaces. Vowel signs of Indic and other scripts are no accents and stay.
 */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(accents, '')
    .replace(invisible, '')
    .toUpperCase()
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** Whether a word may begin or end between these two characters. */
function isBoundary(left: string, right: string): boolean {
  if (!wordCharacter.test(left) || !wordCharacter.test(right)) return true;
  return unspaced.test(left) || unspaced.test(right);
}

function characterBefore(text: string, index: number): string {
  const code = text.charCodeAt(index - 1);
  return code >= 0xdc00 && code <= 0xdfff && index > 1
    ? text.slice(index - 2, index)
    : text.charAt(index - 1);
}

function characterAt(text: string, index: number): string {
  return index < text.length ? String.fromCodePoint(text.codePointAt(index) ?? 0) : '';
}

function hasWord(folded: string, word: string): boolean {
  const first = characterAt(word, 0);
  const last = characterBefore(word, word.length);
  for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + 1)) {
    const end = at + word.length;
    if (isBoundary(characterBefore(folded, at), first) && isBoundary(last, characterAt(folded, end)))
      return true;
  }
  return false;
}

function compilePattern(text: string): RE2JS {
  try {
    return RE2JS.compile(text, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const reason = error.message.replace('(?i)', '').replace(/^error parsing regexp: /, '');
    throw new Failure('invalid_input', 'filter_pattern', { pattern: text, reason }, { cause: error });
  }
}

/**
 * @throws Failure `invalid_input`: `filter_pattern` (what cannot be understood, in `reason`), `filter_pattern_size` (needs more steps
 *   per character than are left for the guild), `filter_word` (nothing that can be seen)
 */
export function checkFilter(
  filter: Pick<Filter, 'kind' | 'text'>,
  others: readonly Pick<Filter, 'kind' | 'text'>[],
): void {
  if (filter.kind === 'word') {
    if (fold(filter.text) === '') throw new Failure('invalid_input', 'filter_word');
    return;
  }
  const size = compilePattern(filter.text).programSize();
  const used = others
    .filter(({ kind }) => kind === 'pattern')
    .reduce((sum, { text }) => sum + compilePattern(text).programSize(), 0);
  const maximum = Math.min(largestPattern, largestSum - used);
  if (size > maximum) throw new Failure('invalid_input', 'filter_pattern_size', { size, maximum });
}

/** @returns a function that finds the first filter which a text meets */
export function compileFilters(filters: readonly Filter[]): (text: string) => Filter | null {
  const tests = filters.map((filter) => {
    if (filter.kind === 'word') {
      const word = fold(filter.text);
      return { filter, meets: (_text: string, folded: string) => hasWord(folded, word) };
    }
    const pattern = compilePattern(filter.text);
    return { filter, meets: (text: string) => pattern.test(text) };
  });
  return (text) => {
    const visible = text.normalize('NFC').replace(invisible, '');
    const folded = fold(text);
    return tests.find(({ meets }) => meets(visible, folded))?.filter ?? null;
  };
}
