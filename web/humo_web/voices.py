"""The list of who can speak typed words."""

from collections.abc import Iterable
from typing import Any

from . import wording


def voice_choices(voices: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """What a person reads of each voice, and its name: by language, and nobody at all first."""
    choices = [(_title(voice), voice["name"]) for voice in voices]
    return [(wording.VOICE_ANY, ""), *sorted(choices, key=lambda choice: [*choice[0].split(" · ")[1:], choice[0]])]


def _title(voice: dict[str, Any]) -> str:
    language = wording.LANGUAGES.get(voice["language"], voice["language"])
    return f"{voice['name'].capitalize()} · {language} ({voice['region']}) · {wording.VOICE_KINDS[voice['kind']]}"
