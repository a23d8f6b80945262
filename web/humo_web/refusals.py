"""Which part of the form a refusal is about, so that it is said there and the cursor goes there."""

from .client import ApiError

#: The parts, from top to bottom: focus goes to the first that has something to say.
PARTS = ("prompt", "pictures", "sound", "words", "agreed", "more")

_BY_FIELD = {
    "prompt": "prompt",
    "audio": "sound",
    "audioStart": "sound",
    "audioEnd": "sound",
    "clean": "sound",
    "say": "words",
    "voice": "words",
    "language": "words",
    "agreed": "agreed",
}
_BY_CODE = {
    "prompt_alone": "pictures",
    "say_and_audio": "words",
    "voice_without_say": "words",
    "audio_start_without_audio": "sound",
    "content_blocked": "prompt",
    "blocked_words": "prompt",
}
#: Fields of the API that stand in the part `more`, and what they are called on the page.
_REST = {
    "negativePrompt": "negative",
    "seconds": "seconds",
    "seed": "seed",
    "scales": "audio_scale",
    "preset": "preset",
    "shape": "shape",
}


def placed(error: ApiError) -> tuple[dict[str, str], str]:
    """What to say at which part, and what is about none of them: ("", or all of it)."""
    parts: dict[str, list[str]] = {}
    for field, text in error.fields.items():
        part = _part_of(field)
        if part is not None and text not in parts.setdefault(part, []):
            parts[part].append(text)
    by_code = _part_by_code(error.code)
    if not parts and by_code is not None:
        parts[by_code] = [str(error)]
    said = {part: "\n".join(texts) for part, texts in parts.items()}
    return said, "" if said else str(error)


def field_of(error: ApiError) -> str:
    """Which field of the part `more` a refusal is about: the first that has something to say."""
    names = (field.removeprefix("request.").split(".")[0] for field in error.fields)
    return next((_REST[name] for name in names if name in _REST), "more")


def _part_of(field: str) -> str | None:
    name = field.removeprefix("request.").split(".")[0]
    if name.startswith("image"):
        return "pictures"
    return _BY_FIELD.get(name) or ("more" if name in _REST else None)


def _part_by_code(code: str) -> str | None:
    return "agreed" if "agree" in code or "consent" in code else _BY_CODE.get(code)
