import { RE2JS, RE2JSException } from 're2js';
import { Failure } from '../../failure.ts';
import type { Filter } from './moderation.ts';

/**
 * A pattern's steps per character are at most the size of its compiled program, so these two bound the time that a text takes:
 * 4,000 characters against a guild's full allowance take about half a second on one core, in the worst case there is, and twice
 * that where the text is disguised and read a second time.
 */
const largestPattern = 1_000;
const largestSum = 5_000;
/** Compatibility forms can be eighteen times as long when they are taken apart: no more of a text than this is read again. */
const longestRead = 4_000;

/** Marks that stand on letters of any script. The two Japanese ones make another letter. */
const accents = /[[\p{Script=Inherited}&&\p{Mn}]--[\u{3099}\u{309a}]]/gv;
const invisible = /\p{Default_Ignorable_Code_Point}/gu;
const wordCharacter = /^[\p{L}\p{M}\p{N}_]$/u;
/** Scripts that set no spaces between words: a word may begin and end anywhere in them. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;

/**
 * Letters that common fonts draw as they draw a Latin one, from the confusables of Unicode Technical Standard 39: first the foreign
 * letters, then the Latin ones that they stand for.
 */
const lookalikes: ReadonlyMap<string, string> = new Map(
  (
    [
      ['авсԁеһіјӏорԛѕԝхуѵ', 'abcdehijlopqswxyv'],
      ['АВСԀЕНІЈКМОРԚЅТԜХУѴҮ', 'ABCDEHIJKMOPQSTWXYVY'],
      ['αγικνορυχϳ', 'ayikvopuxj'],
      ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧͿ', 'ABEZHIKMNOPTYXJ'],
      // ɡ, as in phonetic writing
      ['ɡ', 'g'],
    ] as const
  ).flatMap(([foreign, latin]) =>
    Array.from(foreign, (letter, index) => [letter, latin[index] ?? letter] as const),
  ),
);
const foreignLetters = /[\p{Script=Cyrillic}\p{Script=Greek}]/gu;
const words = /[\p{L}\p{M}\p{N}_]+/gu;

/** Without accents, invisible characters and differences of form (full width, ligatures). */
function undressed(text: string): string {
  return text.normalize('NFKD').replace(accents, '').replace(invisible, '');
}

/**
 * Foreign letters in a Latin word as the Latin letters that they are drawn like: nobody writes a word in two scripts but to hide it.
 * A text in which no letter is unmistakably Cyrillic or Greek is taken for a disguise as a whole; real Russian or Greek stays as it is.
 *
 * @param text as {@link undressed} returns it
 * @param isWhole false for a filter's word, which a person typed to be found as it is
 */
function unmasked(text: string, isWhole: boolean): string {
  const isDisguise = isWhole && (text.match(foreignLetters) ?? []).every((letter) => lookalikes.has(letter));
  return text.replace(words, (word) =>
    isDisguise || /\p{Script=Latin}/u.test(word)
      ? word.replace(/./gsu, (letter) => lookalikes.get(letter) ?? letter)
      : word,
  );
}

/** Without case, with single spaces. Upper case can bring marks along, which go again. */
function caseless(text: string): string {
  return text
    .toUpperCase()
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim();
}

/**
 * Text in the form in which words are compared: without case, accents, invisible characters and differences of form (full width,
 * ligatures), with single spaces. Vowel signs of Indic and other scripts are no accents and stay.
 */
function fold(text: string): string {
  return caseless(undressed(text));
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

/** A text in the forms in which filters look at it. */
interface Reading {
  /** for patterns: as it was written, without what cannot be seen */
  readonly visible: string;
  /** for patterns: also without accents, differences of form and lookalikes; null when that is the same */
  readonly bare: string | null;
  /** for words */
  readonly folded: string;
  /** for words: also without lookalikes; null when that is the same */
  readonly revealed: string | null;
}

function readingOf(text: string): Reading {
  const visible = text.normalize('NFC').replace(invisible, '');
  const plain = undressed(text);
  const shown = unmasked(plain, true);
  const bare = shown.normalize('NFC').slice(0, longestRead);
  return {
    visible,
    bare: bare === visible ? null : bare,
    folded: caseless(plain),
    revealed: shown === plain ? null : caseless(shown),
  };
}

/** @returns a function that finds the first filter which a text meets */
export function compileFilters(filters: readonly Filter[]): (text: string) => Filter | null {
  const tests = filters.map((filter) => {
    if (filter.kind === 'word') {
      const plain = fold(filter.text);
      const word = caseless(unmasked(undressed(filter.text), false));
      const meets = ({ folded, revealed }: Reading) =>
        hasWord(folded, plain) ||
        (revealed !== null && hasWord(revealed, word)) ||
        (word !== plain && hasWord(folded, word));
      return { filter, meets };
    }
    const pattern = compilePattern(filter.text);
    const meets = ({ visible, bare }: Reading) =>
      pattern.test(visible) || (bare !== null && pattern.test(bare));
    return { filter, meets };
  });
  return (text) => {
    const reading = readingOf(text);
    return tests.find(({ meets }) => meets(reading))?.filter ?? null;
  };
}
