"""Persons and voices of the project's own, and what the small model made of them: examples/make.py makes them all."""

from dataclasses import dataclass
from pathlib import Path

from .texts import Texts

FOLDER = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True)
class Example:
    """`name` is that of its video and of its prompt in the catalogue."""

    name: str
    picture: str
    sound: str


EXAMPLES = (
    Example("person", "person.png", "voice-alpha.ogg"),
    Example("person-curls", "person-curls.png", "voice-joe.ogg"),
    Example("person-glasses", "person-glasses.png", "speech.ogg"),
)


def shown_examples(texts: Texts) -> list[dict[str, str]]:
    return [
        {
            "name": one.name,
            "prompt": texts.say(f"example.{one.name}"),
            "video": f"/examples/{one.name}.mp4",
        }
        for one in EXAMPLES
    ]
