"""Which seconds of a sound a video uses. The API decides; this foretells it while a person moves the start."""

from html import escape
from pathlib import Path
from typing import Any

import mutagen


def sound_seconds(path: Path) -> float | None:
    """None where the length cannot be told without decoding; the API takes such files all the same."""
    try:
        found = mutagen.File(path)
    except mutagen.MutagenError:
        return None
    return None if found is None or found.info is None else float(found.info.length)


def used_seconds(start: float, length: float, presets: dict[str, Any]) -> tuple[float, float]:
    """From and to, in seconds: all of the sound, up to the longest video that the API makes for its callers."""
    left = max(0.0, length - start)
    return start, start + min(left, presets["length"]["default"])


def clock(seconds: float) -> str:
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def track_html(text: str, begin: float = 0, end: float = 0) -> str:
    """The sound as a line, with what is used of it marked from `begin` to `end`, both from 0 to 1; without an end, the text alone."""
    line = "" if end == 0 else f'<div class="track"><span style="left:{begin:.2%};width:{end - begin:.2%}"></span></div>'
    return f"{line}<p>{escape(text)}</p>"
