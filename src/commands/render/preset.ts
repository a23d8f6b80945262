import { titleOfPreset } from '../../config/generate.ts';
import type { GenerateSettings } from '../../config/generate.ts';
import { catalogues } from '../../text/texts.ts';
import type { TextKey, Texts } from '../../text/texts.ts';

/** Of the presets that generate.yaml comes with, by their English words, the keys that have them in all languages. */
const keys: ReadonlyMap<string, TextKey> = new Map(
  (['draft', 'fast', 'standard', 'final'] as const)
    .flatMap((name) => [`preset.${name}`, `preset.${name}.description`] as const)
    .map((key) => [catalogues.en[key], key]),
);

/** The title of a preset as the reader's language has it, or its name where the settings no longer have it. */
export function presetTitle(settings: GenerateSettings, name: string, texts: Texts): string {
  return presetWords(titleOfPreset(settings, name), texts);
}

/** A title or description of the presets that generate.yaml comes with, in the reader's language; what an owner wrote stays as it is. */
export function presetWords(written: string, texts: Texts): string {
  const key = keys.get(written);
  return key === undefined ? written : texts.say(key);
}
