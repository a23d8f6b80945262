"""From what stands in the form to what the API is asked for."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Form:
    """All that a person chose. `sound`: as web/humo_web/page.js keeps it: path, seconds, start, end. `base`: as `base_of` makes it."""

    prompt: str
    pictures: list[dict[str, Any]] = field(default_factory=list)
    sound: dict[str, Any] | None = None
    words: str = ""
    voice: str = ""
    preset: str = ""
    shape: str = ""
    negative: str = ""
    seconds: float | None = None
    seed: float | None = None
    audio_scale: float | None = None
    text_scale: float | None = None
    clean: str | None = None
    agreed: bool | None = None
    base: dict[str, Any] | None = None


def base_of(made: dict[str, Any], identifier: str) -> dict[str, Any]:
    """What the form has to know of a video whose files are used again; `made` is its `request`."""
    return {"id": identifier, "images": made["images"], "audio": made["audio"], "speech": made["speech"]}


def order_of(form: Form, preset: dict[str, Any]) -> dict[str, Any]:
    """The part `request` of a new generation. What was left as it is, is left out: the API knows what is usual."""
    order: dict[str, Any] = {"prompt": form.prompt, "preset": form.preset, "shape": form.shape}
    if form.negative.strip():
        order["negativePrompt"] = form.negative
    if form.seed is not None:
        order["seed"] = int(form.seed)
    if form.sound is not None:
        order.update(_window(form.sound))
    elif form.words.strip():
        order["say"] = form.words
        if form.voice:
            order["voice"] = form.voice
    if form.seconds and form.sound is None and not form.words.strip():
        order["seconds"] = form.seconds
    wanted = {"audio": form.audio_scale, "text": form.text_scale}
    scales = {name: value for name, value in wanted.items() if value is not None and value != preset["scales"][name]}
    if scales:
        order["scales"] = scales
    if form.clean is not None and form.sound is not None:
        order["clean"] = form.clean
    if form.agreed is not None:
        order["agreed"] = form.agreed
    return order


def sketch_of(form: Form, preset: dict[str, Any]) -> dict[str, Any]:
    """The same, told without its files: for the price. A sentence that is not written yet costs nothing."""
    base = form.base or {}
    images = len(form.pictures) or base.get("images", 0)
    sketch = {**order_of(form, preset), "prompt": form.prompt.strip() or "…", "images": images}
    sketch.pop("agreed", None)
    if form.sound is not None and form.sound.get("seconds"):
        sketch["audioSeconds"] = form.sound["seconds"]
        return sketch
    # Its length is not known (yet): what is used of it is not, either.
    for name in ("audioStart", "audioEnd"):
        sketch.pop(name, None)
    used = base.get("audio")
    if form.sound is None and "say" not in sketch and used:
        sketch.pop("seconds", None)
        sketch |= {"audioSeconds": used["sourceSeconds"], "audioStart": used["startSeconds"], "audioEnd": used["endSeconds"]}
    return sketch


def changes_of(form: Form, preset: dict[str, Any]) -> dict[str, Any]:
    """What is to be different from the video that is edited. Who may use its files was said when they were sent; of new ones it is said now."""
    changes = order_of(form, preset)
    if not form.pictures and form.sound is None:
        changes.pop("agreed", None)
    # Words that stand there as they were are not said once more: their sound is used again.
    before = (form.base or {}).get("speech")
    if before and (changes.get("say"), changes.get("voice")) in {(before["text"], None), (before["text"], before["voice"])}:
        changes.pop("say")
        changes.pop("voice", None)
    return changes


def _window(sound: dict[str, Any]) -> dict[str, float]:
    """Only what cuts something off. To the tenth, as it is shown."""
    start, end, whole = (sound.get(name) for name in ("start", "end", "seconds"))
    used: dict[str, float] = {}
    if start:
        used["audioStart"] = round(float(start), 1)
    if end and whole and end < whole - 0.05:
        used["audioEnd"] = round(float(end), 1)
    return used


def sent_file(given: dict[str, Any], folder: Path) -> Path:
    """A file that the browser says it has uploaded. Raises ValueError for any other: a browser may say anything."""
    path = Path(str(given.get("path", ""))).resolve()
    if not (path.is_relative_to(folder.resolve()) and path.is_file()):
        raise ValueError("not a file that was sent here")
    return path


def clock(seconds: float) -> str:
    """As people read times in a sound: 1:03.2."""
    minutes, tenths = divmod(math.floor(seconds * 10 + 0.5), 600)
    return f"{minutes}:{tenths / 10:04.1f}"
