"""What a person reads, in five languages: a file each in `catalogue/`. What the API says comes in the same language from there."""

import json
import re
from collections.abc import ItemsView, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es", "ja")
_CATALOGUE = Path(__file__).with_name("catalogue")
_SPACES = re.compile(r"(?<=\S) (?=[:;!?»])|(?<=«) ")


class Texts:
    """The words of one language."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self._words = words

    def say(self, key: str, **values: object) -> str:
        """The text of a key, its `{names}` replaced. Raises KeyError where there is no such key or value: a fault of the page's."""
        return self._words[key].format(**values)

    def maybe(self, key: str, otherwise: str) -> str:
        """The text of a key that somebody else chose, such as a preset that an owner has named."""
        return self._words.get(key, otherwise)

    def items(self) -> ItemsView[str, str]:
        return self._words.items()

    def duration(self, seconds: float) -> str:
        whole = max(0, round(seconds))
        if whole < 60:
            return self.say("time.seconds", seconds=whole)
        if whole < 3600:
            minutes, rest = divmod(whole, 60)
            return (
                self.say("time.minutes", minutes=minutes) if rest == 0 else self.say("time.both", minutes=minutes, seconds=rest)
            )
        return self.say("time.hours", hours=whole // 3600, minutes=whole // 60 % 60)

    def roughly(self, seconds: float) -> str:
        """A length for a choice: minutes from a minute and a half on."""
        if seconds < 90:
            return self.say("time.seconds", seconds=max(1, round(seconds)))
        return self.say("time.minutes", minutes=round(seconds / 60))

    def ago(self, moment: datetime, now: datetime | None = None) -> str:
        """How long ago something was: the page does not know where its visitors are, so it names no time of day."""
        minutes = max(0, round(((now or datetime.now(UTC)) - moment).total_seconds() / 60))
        if minutes == 0:
            return self.say("ago.now")
        if minutes < 60:
            return self.say("ago.minutes", count=minutes)
        if minutes < 48 * 60:
            return self.say("ago.hours", count=round(minutes / 60))
        return self.say("ago.days", count=round(minutes / 60 / 24))


@cache
def texts_for(language: str) -> Texts:
    """`language`: one of LANGUAGES. French puts a space before some signs and inside its quotation marks, at which no line may break."""
    words = json.loads((_CATALOGUE / f"{language}.json").read_text(encoding="utf-8"))
    if language == "fr":
        words = {key: _SPACES.sub("\u00a0", text) for key, text in words.items()}
    return Texts(language, words)


def language_of(accepted: str | None) -> str:
    """The first of LANGUAGES by the weights of an Accept-Language header (RFC 9110, 12.5.4); English where none is wanted."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accepted or "").split(",")):
        tag, _, parameters = part.strip().partition(";")
        weight = 1.0
        if parameters.strip().startswith("q="):
            try:
                weight = float(parameters.strip()[2:])
            except ValueError:
                weight = 0.0
        short = tag.split("-")[0].lower()
        if short in LANGUAGES and weight > 0:
            wanted.append((-weight, place, short))
    return min(wanted)[2] if wanted else LANGUAGES[0]
