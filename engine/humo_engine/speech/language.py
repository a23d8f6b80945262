"""Which language words are written in, out of those that there are voices for: by script, letters and the commonest words."""

from __future__ import annotations

import re
import unicodedata

LANGUAGES = ("en", "de", "fr", "es", "ja")
# The commonest words of each language that are none, or rare ones, in the others.
COMMON_WORDS = {
    "en": """the and you are your this that with have for not was what hello hi we they my it's i'm don't will be from our is of to
        it there here can how thanks thank please today who when where just like would""",
    "de": """der die das und ist nicht ich du wir ihr sie ein eine einen mit für auf von zu dem den auch heute hallo danke bitte wie was
        wer wo dass wird sind war haben habe bin euch mein dein guten kann aber oder""",
    "fr": """le la les des et est je tu nous vous ils elle une un du dans pour pas que qui avec sur bonjour merci salut c'est j'ai aujourd'hui
        mon ma mes votre notre suis sont être très bien ce cette mais ou où au aux""",
    "es": """el la los las y es yo tú nosotros ustedes una un del en para no que con por hola gracias buenos días hoy soy son está
        están mi su muy bien esto esta pero más cómo qué quién al lo se me te""",
}
_WORDS = {language: frozenset(words.split()) for language, words in COMMON_WORDS.items()}
# Letters and signs that one language alone uses.
_LETTERS = {"de": "ßäöü", "fr": "çèêëîïôùûœàâ", "es": "ñ¿¡áíóú", "en": ""}
_LETTER_WEIGHT = 1.5
_JAPANESE = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def find_language(text: str, default: str = "en") -> str | None:
    """The language of `text`: one of `LANGUAGES`, `default` where words give no hint, None for a script that nobody here reads.

    A tie goes to `default`, which is the language that the person uses Discord in.
    """
    if _JAPANESE.search(text):
        return "ja"
    letters = [letter for letter in text if letter.isalpha()]
    if _HAN.search(text):
        return "ja" if default == "ja" else None  # without kana it is Chinese as well as not
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    if letters and latin * 2 < len(letters):
        return None
    lowered = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    words = _WORD.findall(lowered)
    scores = {
        language: sum(word in known for word in words) + _LETTER_WEIGHT * sum(letter in _LETTERS[language] for letter in lowered)
        for language, known in _WORDS.items()
    }
    best = max(scores.values())
    if best == 0 or scores.get(default) == best:
        return default if default != "ja" else "en"
    return max(scores, key=lambda language: scores[language])
