import type { Voice } from '../../queue/jobs/speech.ts';
import type { Texts } from '../../text/texts.ts';
import { beginning } from '../../text/format.ts';

/** https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-choice-structure */
const mostChoices = 25;
const choiceCharacters = 100;

/** A voice's name as people write it. */
export function voiceTitle(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Voices as choices: name, language and kind, those that have what is typed in any of them. The person's own language first. */
export function voiceChoices(
  voices: readonly Voice[],
  typed: string,
  texts: Texts,
): { readonly name: string; readonly value: string }[] {
  const needle = typed.trim().toLowerCase();
  const languages = new Intl.DisplayNames(texts.language, { type: 'language' });
  const isOwn = ({ language }: Voice): boolean => language === texts.language;
  return [...voices.filter(isOwn), ...voices.filter((voice) => !isOwn(voice))]
    .map(({ name, language, region, kind }) => {
      const spoken = languages.of(`${language}-${region}`) ?? language;
      const title = [voiceTitle(name), spoken, texts.say(`voice.${kind}`)].join(' · ');
      return { name: beginning(title, choiceCharacters), value: name };
    })
    .filter(({ name }) => name.toLowerCase().includes(needle))
    .slice(0, mostChoices);
}
