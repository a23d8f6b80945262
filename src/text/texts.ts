import { IntlMessageFormat } from 'intl-messageformat';
import type { FailureCode, FailureContext } from '../failure.ts';
import { de } from './catalogue/de.ts';
import { en } from './catalogue/en.ts';
import { es } from './catalogue/es.ts';
import { fr } from './catalogue/fr.ts';
import { ja } from './catalogue/ja.ts';

export type TextKey = keyof typeof en;
export type Catalogue = Readonly<Record<TextKey, string>>;
export type TextValues = Readonly<Record<string, string | number>>;

/** All languages, by the first part of their BCP 47 name. English stands in for every other. */
export const catalogues = { en, de, es, fr, ja } as const satisfies Record<string, Catalogue>;
export type Language = keyof typeof catalogues;

/** What a person reads, in one language. */
export interface Texts {
  readonly language: Language;
  /** @throws Error if the text has a placeholder without a value: a mistake in the program, found by its tests */
  say(key: TextKey, values?: TextValues): string;
}

/** The language for a locale as Discord names it: `de`, `en-GB`, `es-ES`. */
export function languageOf(locale: string): Language {
  const language = locale.split('-')[0] ?? '';
  return isLanguage(language) ? language : 'en';
}

/** The texts for a locale. Each message is parsed once per process. */
export function textsFor(locale: string): Texts {
  return all[languageOf(locale)];
}

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}

/**
 * The text for a failure: that of its identifier, else that of its code, else a general one.
 *
 * @param reference shown to the person so that the log can be searched for it
 */
export function failureText(
  texts: Texts,
  failure: { readonly code: FailureCode; readonly identifier: string; readonly context: FailureContext },
  reference: string,
): string {
  for (const key of [`failure.${failure.identifier}`, `failure.${failure.code}`]) {
    if (!isTextKey(key)) continue;
    try {
      return texts.say(key, { ...failure.context, reference });
    } catch {
      // Stored by another version of the program, with other values: a more general answer beats none.
    }
  }
  return texts.say('failure.unknown', { reference });
}

function isLanguage(language: string): language is Language {
  return Object.hasOwn(catalogues, language);
}

/**
 * French puts a space before these signs and inside its quotation marks, at which no line may break. It is made here: in the catalogue
 * nobody would see which space it is. What stands after a comma belongs to the message format (`{n, number, ::.00}`).
 */
const spaces: Partial<Record<Language, (text: string) => string>> = {
  fr: (text) => text.replaceAll(/(?<=[^\s,]) (?=[:;!?»](?!:))|(?<=«) /g, '\u00a0'),
};

function createTexts(language: Language): Texts {
  const catalogue: Catalogue = catalogues[language];
  const spaced = spaces[language] ?? ((text: string) => text);
  const parsed = new Map<TextKey, IntlMessageFormat>();
  return {
    language,
    say(key, values = {}) {
      let message = parsed.get(key);
      if (message === undefined) {
        // `ignoreTag`: Discord's `<@id>` and `<t:…:R>` are not markup of the message format.
        message = new IntlMessageFormat(spaced(catalogue[key]), language, undefined, { ignoreTag: true });
        parsed.set(key, message);
      }
      return String(message.format({ ...values }));
    },
  };
}

const all: Record<Language, Texts> = {
  en: createTexts('en'),
  de: createTexts('de'),
  es: createTexts('es'),
  fr: createTexts('fr'),
  ja: createTexts('ja'),
};
