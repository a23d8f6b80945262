import { ApplicationCommandOptionType, Locale } from 'discord.js';
import type {
  APIApplicationCommandBasicOption,
  APIApplicationCommandSubcommandGroupOption,
  APIApplicationCommandSubcommandOption,
  LocalizationMap,
} from 'discord.js';
import { catalogues, languageOf, textsFor } from '../../text/texts.ts';
import type { TextKey, Texts } from '../../text/texts.ts';

type Described = Extract<TextKey, `command.${string}.description`>;
export type DescribedPath = Described extends `${infer Path}.description` ? Path : never;

/** Every locale of Discord's that a catalogue other than the English one covers. */
const locales = Object.values(Locale).filter(
  (locale) => languageOf(locale) !== 'en' && Object.hasOwn(catalogues, languageOf(locale)),
);

/**
 * Name and description of a command or an option in all languages. `name` is what the program knows it by; English shows
 * the same.
 *
 * @param path keys `<path>.name` and `<path>.description` of the catalogue
 */
export function localised(name: string, path: DescribedPath) {
  return {
    name,
    name_localizations: localizations((texts) => texts.say(`${path}.name` as TextKey)),
    description: textsFor('en').say(`${path}.description` as TextKey),
    description_localizations: localizations((texts) => texts.say(`${path}.description` as TextKey)),
  };
}

/** A subcommand in all languages. */
export function subcommand(
  name: string,
  path: DescribedPath,
  options: readonly APIApplicationCommandBasicOption[] = [],
): APIApplicationCommandSubcommandOption {
  return { type: ApplicationCommandOptionType.Subcommand, ...localised(name, path), options: [...options] };
}

/** Subcommands that belong together, in all languages. */
export function subcommandGroup(
  name: string,
  path: DescribedPath,
  subcommands: readonly APIApplicationCommandSubcommandOption[],
): APIApplicationCommandSubcommandGroupOption {
  return {
    type: ApplicationCommandOptionType.SubcommandGroup,
    ...localised(name, path),
    options: [...subcommands],
  };
}

/** Name of an entry in a message's menu in all languages; such entries have no description. */
export function localisedMenu(key: Extract<TextKey, `menu.${string}`>) {
  return inAllLanguages((texts) => texts.say(key));
}

/** A name that `say` makes in each language. */
export function inAllLanguages(say: (texts: Texts) => string) {
  return { name: say(textsFor('en')), name_localizations: localizations(say) };
}

/** A choice in all languages. */
export function localisedChoice(value: string, key: TextKey) {
  return { ...inAllLanguages((texts) => texts.say(key)), value };
}

/** With plain spaces: whether Discord keeps others in what is registered is not known, and a difference would be registered at each start. */
function localizations(say: (texts: Texts) => string): LocalizationMap {
  return Object.fromEntries(
    locales.map((locale) => [locale, say(textsFor(locale)).replaceAll('\u00a0', ' ')]),
  );
}
