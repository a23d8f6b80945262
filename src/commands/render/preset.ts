import type { GenerateSettings } from '../../config/generate.ts';
import { textsFor } from '../../text/texts.ts';
import type { Texts } from '../../text/texts.ts';

/** The presets that generate.yaml comes with: their words are in all languages. */
const shipped = ['draft', 'fast', 'standard', 'final'] as const;

/** The title of a preset as the reader's language has it, or its name where the settings no longer have it. */
export function presetTitle(settings: GenerateSettings, name: string, texts: Texts): string {
  return settings.presetNames.includes(name)
    ? presetWords(settings.preset(name, settings.defaultShape).title, texts)
    : name;
}

/** A title or description of the presets that generate.yaml comes with, in the reader's language; what an owner wrote stays as it is. */
export function presetWords(written: string, texts: Texts): string {
  const keys = shipped.flatMap((name) => [`preset.${name}`, `preset.${name}.description`] as const);
  const key = keys.find((one) => textsFor('en').say(one) === written);
  return key === undefined ? written : texts.say(key);
}
