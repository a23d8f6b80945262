"""The list of who can speak typed words."""

from collections.abc import Iterable
from typing import Any

from .texts import Texts


def voice_choices(voices: Iterable[dict[str, Any]], texts: Texts) -> list[tuple[str, str]]:
    """What a person reads of each voice, and its name: by language, and nobody at all first."""
    choices = [(_title(voice, texts), voice["name"]) for voice in voices]
    return [(texts.say("voice.any"), ""), *sorted(choices, key=lambda choice: [*choice[0].split(" · ")[1:], choice[0]])]


def _title(voice: dict[str, Any], texts: Texts) -> str:
    language = texts.maybe(f"language.{voice['language']}", voice["language"])
    kind = texts.maybe(f"voice.{voice['kind']}", voice["kind"])
    return f"{voice['name'].capitalize()} · {language} ({voice['region']}) · {kind}"
