"""Written text to text as people speak it: abbreviations, amounts, times, years, marks, line breaks. Pure.

What the phonemiser reads well by itself stays as it is: whole numbers, decimals, ordinals in digits (1st, 3. Mai).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

SENTENCE_PAUSE = 0.25  # seconds of silence after a sentence, on top of what the voice itself leaves
LINE_PAUSE = 0.45
LONGEST_PIECE = 280  # characters that are spoken in one go; longer sentences are cut at a comma, or between words


@dataclass(frozen=True)
class Piece:
    """Words that are spoken in one go, and the seconds of silence after them."""

    text: str
    pause: float


# Regular expressions and what they are read as, per language. The first ones see the text first.
ABBREVIATIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (r"\bMr\.", "Mister"), (r"\bMrs\.", "Missis"), (r"\bMs\.", "Miz"), (r"\bDr\.", "Doctor"), (r"\bProf\.", "Professor"),
        (r"\bSt\. (?=[A-Z])", "Saint "), (r"\bvs\.?(?=\s)", "versus"), (r"\be\.\s?g\.", "for example"), (r"\bi\.\s?e\.", "that is"),
        (r"\betc\.", "et cetera"), (r"\bapprox\.", "approximately"), (r"\bNo\. ?(?=\d)", "number "), (r"\ba\.m\.", "A M"),
        (r"\bp\.m\.", "P M"), (r"\bw/o\b", "without"), (r"\bw/(?=\s)", "with"), (r"\bbtw\b", "by the way"), (r"\basap\b", "A S A P"),
    ),
    "de": (
        (r"\bz\.\s?B\.", "zum Beispiel"), (r"\bd\.\s?h\.", "das heißt"), (r"\bu\.\s?a\.", "unter anderem"), (r"\busw\.", "und so weiter"),
        (r"\bbzw\.", "beziehungsweise"), (r"\bca\.", "circa"), (r"\bDr\.", "Doktor"), (r"\bProf\.", "Professor"), (r"\bHr\.", "Herr"),
        (r"\bFr\. (?=[A-ZÄÖÜ])", "Frau "), (r"\bNr\. ?(?=\d)", "Nummer "), (r"(?<=\w)str\.", "straße"), (r"\betc\.", "et cetera"),
        (r"\bevtl\.", "eventuell"), (r"\bggf\.", "gegebenenfalls"), (r"\binkl\.", "inklusive"),
    ),
    "fr": (
        (r"\bM\. (?=[A-ZÉÈ])", "Monsieur "), (r"\bMme\b\.?", "Madame"), (r"\bMlle\b\.?", "Mademoiselle"), (r"\bDr\b\.?", "Docteur"),
        (r"\bp\.\s?ex\.", "par exemple"), (r"\betc\.", "et cetera"), (r"\bn° ?(?=\d)", "numéro "), (r"\bc\.-à-d\.", "c'est-à-dire"),
        (r"\bSt(?=[- ][A-Z])", "Saint"), (r"\bstp\b", "s'il te plaît"), (r"\bsvp\b", "s'il vous plaît"),
    ),
    "es": (
        (r"\bSr\.", "Señor"), (r"\bSra\.", "Señora"), (r"\bSrta\.", "Señorita"), (r"\bDr\.", "Doctor"), (r"\bDra\.", "Doctora"),
        (r"\bUds\.", "ustedes"), (r"\bUd\.", "usted"), (r"\bp\.\s?ej\.", "por ejemplo"), (r"\betc\.", "etcétera"),
        (r"\b[Nn]\.?º ?(?=\d)", "número "), (r"\bEE\.\s?UU\.", "Estados Unidos"),
    ),
    "ja": (),
}  # fmt: skip

# Marks and units: what stands for each, in the order of LANGUAGE_ORDER.
LANGUAGE_ORDER = ("en", "de", "fr", "es")
MARKS: dict[str, tuple[str, str, str, str]] = {
    "&": ("and", "und", "et", "y"),
    "%": ("percent", "Prozent", "pour cent", "por ciento"),
    "+": ("plus", "plus", "plus", "más"),
    "=": ("equals", "gleich", "égale", "igual a"),
    "@": ("at", "ätt", "arobase", "arroba"),
    "°C": ("degrees Celsius", "Grad Celsius", "degrés Celsius", "grados Celsius"),
    "°F": ("degrees Fahrenheit", "Grad Fahrenheit", "degrés Fahrenheit", "grados Fahrenheit"),
    "°": ("degrees", "Grad", "degrés", "grados"),
    "km/h": ("kilometres per hour", "Kilometer pro Stunde", "kilomètres à l'heure", "kilómetros por hora"),
    "km": ("kilometres", "Kilometer", "kilomètres", "kilómetros"),
    "kg": ("kilograms", "Kilogramm", "kilos", "kilos"),
    "cm": ("centimetres", "Zentimeter", "centimètres", "centímetros"),
    "mm": ("millimetres", "Millimeter", "millimètres", "milímetros"),
    "GB": ("gigabytes", "Gigabyte", "gigaoctets", "gigabytes"),
    "MB": ("megabytes", "Megabyte", "mégaoctets", "megabytes"),
}
_UNITS = ("km/h", "km", "kg", "cm", "mm", "GB", "MB", "°C", "°F", "°", "%")
# singular and plural of a currency's name; the number alone decides which
CURRENCIES: dict[str, tuple[tuple[str, str], ...]] = {
    "$": (("dollar", "dollars"), ("Dollar", "Dollar"), ("dollar", "dollars"), ("dólar", "dólares")),
    "€": (("euro", "euros"), ("Euro", "Euro"), ("euro", "euros"), ("euro", "euros")),
    "£": (("pound", "pounds"), ("Pfund", "Pfund"), ("livre", "livres"), ("libra", "libras")),
    "¥": (("yen", "yen"), ("Yen", "Yen"), ("yen", "yens"), ("yen", "yenes")),
}
_RANGE = ("to", "bis", "à", "a")
_GERMAN_MONTHS = "Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
_GERMAN_DAYS = (
    "ersten", "zweiten", "dritten", "vierten", "fünften", "sechsten", "siebten", "achten", "neunten", "zehnten", "elften", "zwölften",
)  # fmt: skip
_AND_CENTS = " and "
_HOUR = {"de": "Uhr", "fr": "heures", "es": "y", "en": ""}
_NUMBER = r"\d+(?:[.,]\d+)?"
_ENDINGS = ".!?…。！？"
_EMOJI = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U000e0000-\U000e007f]")


def pieces(text: str, language: str) -> list[Piece]:
    """The text in pieces to be spoken one after another; empty where there is nothing to speak."""
    found: list[Piece] = []
    for line in _plain(text).splitlines():
        spoken = spoken_form(line, language)
        sentences = [sentence for sentence in _sentences(spoken) if any(letter.isalnum() for letter in sentence)]
        for index, sentence in enumerate(sentences):
            pause = LINE_PAUSE if index == len(sentences) - 1 else SENTENCE_PAUSE
            parts = _parts(sentence)
            found += [Piece(part, 0.0) for part in parts[:-1]] + [Piece(parts[-1], pause)]
    return found


def spoken_form(line: str, language: str) -> str:
    """One line, written as it is spoken in `language`. Ends with a mark that ends a sentence."""
    line = re.sub(r"https?://(?:www\.)?([^\s/]+)\S*", r"\1", line)
    for pattern, words in ABBREVIATIONS[language]:
        line = re.sub(pattern, words, line)
    if language in LANGUAGE_ORDER:
        line = _amounts(line, language)
    line = re.sub(r"\s+", " ", line).strip()
    if line and line[-1] not in _ENDINGS:
        line = line.rstrip(",;:-–— ") + ("。" if language == "ja" else ".")
    return line


def _plain(text: str) -> str:
    """Without what is not spoken: Discord's and Markdown's marks, emoji, invisible characters."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"<a?:(\w+):\d+>", " ", text)  # an emoji of a server's own
    text = re.sub(r"<[@#][!&]?\d+>|</?[^>\d]*:\d+>", " ", text)  # mentions: an id says nothing to anybody
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    text = re.sub(r"^\s*(?:[-*•>]|#{1,6})\s+", "", text, flags=re.MULTILINE)
    text = re.sub(r"[*_~`|]{1,3}(?=\S)|(?<=\S)[*_~`|]{1,3}", "", text)
    text = _EMOJI.sub(" ", text)
    return "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co"))


def _amounts(line: str, language: str) -> str:
    at = LANGUAGE_ORDER.index(language)
    if language in ("en", "de"):
        line = re.sub(
            r"(?<![\d.,$€£¥])(1[1-9]|20)(\d\d)(?![.,]?\d|\s?[$€£¥%°]|\s?k?[mg]\b)",
            lambda found: _year(found[1], found[2], language),
            line,
        )
    thousands = {"en": r"(?<=\d),(?=\d{3}\b)", "de": r"(?<=\d)\.(?=\d{3}\b)", "es": r"(?<=\d)\.(?=\d{3}\b)"}
    grouped = thousands.get(language, r"(?<=\d)[\u00a0\u202f ](?=\d{3}\b)")
    line = re.sub(grouped, "", line)
    for sign, names in CURRENCIES.items():
        mark = re.escape(sign)
        line = re.sub(
            rf"{mark}\s?({_NUMBER})|({_NUMBER})\s?{mark}",
            lambda found, names=names: _price(found[1] or found[2], names[at], language),
            line,
        )
    if language == "de":
        line = re.sub(rf"\b(\d{{1,2}})\. ?(?=(?:{_GERMAN_MONTHS})\b)", lambda found: _german_day(int(found[1])) + " ", line)
    line = re.sub(r"\b([01]?\d|2[0-3]):([0-5]\d)\b(?: Uhr\b)?", lambda found: _time(found[1], found[2], language), line)
    line = re.sub(r"(?<=\d)\s?[-–](?=\d)", f" {_RANGE[at]} ", line)
    for unit in _UNITS:
        line = re.sub(rf"(?<=\d)\s?{re.escape(unit)}(?!\w)", f" {MARKS[unit][at]}", line)
    for mark in ("&", "+", "=", "@"):
        line = line.replace(mark, f" {MARKS[mark][at]} ")
    return line


def _price(number: str, names: tuple[str, str], language: str) -> str:
    whole, _, part = number.replace(",", ".").partition(".")
    name = names[0] if int(whole) == 1 and not part.strip("0") else names[1]
    if not part.strip("0"):
        return f"{whole} {name}"
    cents = part.ljust(2, "0")[:2].lstrip("0")
    return f"{whole} {name}{_AND_CENTS if language == 'en' else ' '}{cents}"


def _time(hours: str, minutes: str, language: str) -> str:
    hour, minute = str(int(hours)), int(minutes)
    word = _HOUR[language]
    if minute == 0:
        return f"{hour} o'clock" if language == "en" else f"{hour}" if language == "es" else f"{hour} {word}"
    spoken = f"oh {minute}" if language == "en" and minute < 10 else str(minute)
    return " ".join(part for part in (hour, word, spoken) if part)


def _german_day(day: int) -> str:
    """The phonemiser takes the point of 3. Mai for the end of a sentence. Days after the twelfth are made of their number."""
    return _GERMAN_DAYS[day - 1] if 1 <= day <= len(_GERMAN_DAYS) else f"{day}{'ten' if day < 20 else 'sten'}"


def _year(century: str, rest: str, language: str) -> str:
    """1999 is nineteen ninety-nine, 2008 two thousand and eight: a number of four digits that stands alone is a year most often."""
    if century == "20" and rest.startswith("0"):
        return f"{century}{rest}"
    if language == "de":
        return f"{century}{rest}" if century == "20" else f"{century}hundert{'' if rest == '00' else rest}"
    if rest == "00":
        return f"{century} hundred"
    return f"{century} {'oh ' + rest[1] if rest.startswith('0') else rest}"


def _sentences(line: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?…])\s+(?=\S)|(?<=[。！？])", line) if part.strip()]


def _parts(sentence: str) -> list[str]:
    """A sentence in parts of at most `LONGEST_PIECE` characters."""
    parts = []
    while len(sentence) > LONGEST_PIECE:
        head = sentence[:LONGEST_PIECE]
        cut = max(head.rfind(mark) for mark in (", ", "; ", ": ", "、", " – "))
        cut = cut + 1 if cut > LONGEST_PIECE // 3 else head.rfind(" ")
        cut = cut if cut > 0 else LONGEST_PIECE
        parts.append(sentence[:cut].strip())
        sentence = sentence[cut:].strip()
    return [*parts, sentence] if sentence else parts
