"""The line protocol between a worker and the engine, version 1: one JSON object a line.

Requests come on stdin, events go to stdout, the log to stderr. README.md beside this package describes every message.
"""

from __future__ import annotations

import json
import os
import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from humo_engine.audio import FPS
from humo_engine.guidance import RULES, TABLES
from humo_engine.prompts import is_empty
from humo_engine.settings import (
    FRAME_STEP,
    MAXIMUM_AUDIO_STRENGTH,
    MAXIMUM_SCALE,
    MAXIMUM_SHIFT,
    MAXIMUM_SIDE,
    MAXIMUM_STEPS,
    MINIMUM_SHIFT,
    SAMPLERS,
    SIZE_MULTIPLE,
    Lora,
    Scales,
    Settings,
)
from humo_engine.shortcuts import Caching, Gating

PROTOCOL_VERSION = 1
FEATURES = ("pieces", "windows")
"""What this engine can do beyond the first form of the protocol, said in `ready`: frames in pieces, and takes of any length."""
NO_GATING = Gating()
MAXIMUM_SEED = 2**63 - 1
MAXIMUM_REFERENCES = 4
MAXIMUM_OFFSET = FPS * 600  # frames: the longest sound that anybody gives
MAXIMUM_PROMPT = 20_000  # characters; far beyond the 512 tokens that are read

FAILURE_CODES = (
    "invalid_input", "unsupported_media", "weights_missing", "out_of_memory", "disk_full", "cancelled", "internal",
)  # fmt: skip


class RequestError(Exception):
    """A request that cannot be done. `code` is the failure code; the message says what to change."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Request:
    """One clip, checked. `images` and `audio` exist where the mode needs them and are empty or None elsewhere.

    `vocals` says whether the voice alone is listened to; "auto": where there is music. `audio_offset` is the frame of the sound at which the clip begins. With `pieces`, frames leave in a file for each decoded piece.
    """

    id: str
    prompt: str
    negative_prompt: str
    mode: str
    images: tuple[Path, ...]
    audio: Path | None
    model: str
    width: int
    height: int
    frames: int
    steps: int
    shift: float
    scales: Scales
    seed: int
    preview: bool
    vocals: bool | Literal["auto"]
    output_dir: Path
    sampler: str = "unipc"
    guidance: str = "full"
    gating: Gating = NO_GATING
    caching: Caching | None = None
    loras: tuple[Lora, ...] = ()
    audio_strength: float = 1.0
    audio_offset: int = 0
    pieces: bool = False
    warnings: tuple[str, ...] = ()


def parse_message(line: str) -> dict[str, Any]:
    """One line of stdin. RequestError if it is not a JSON object with a known `type`."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RequestError("invalid_input", f"the line is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise RequestError("invalid_input", f"a message must be a JSON object, not {type(message).__name__}")
    if message.get("type") not in ("generate", "cancel", "shutdown"):
        kind = _shown(message.get("type"))
        raise RequestError("invalid_input", f"unknown type {kind}; choose from generate, cancel and shutdown")
    if message["type"] in ("generate", "cancel") and not _is_id(message.get("id")):
        raise RequestError("invalid_input", f"`id` must be a string of 1 to 100 characters, not {_shown(message.get('id'))}")
    return message


def message_id(line: str) -> str | None:
    """The id of a line, if it has one, also where `parse_message` refuses it, so that the sender can tell what failed."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message["id"] if isinstance(message, dict) and _is_id(message.get("id")) else None


def parse_request(message: dict[str, Any], settings: Settings, models: tuple[str, ...]) -> Request:
    """A `generate` message. What is absent comes from `generate.yaml`. RequestError lists everything wrong."""
    body = message.get("request")
    if not isinstance(body, dict):
        raise RequestError("invalid_input", "`request` must be a JSON object")
    problems: list[str] = []
    known = {
        "prompt", "negativePrompt", "mode", "images", "audio", "model", "width", "height", "frames", "steps", "shift",
        "scales", "seed", "precision", "preview", "vocals", "sampler", "guidance", "gating", "caching", "loras", "audioStrength", "audioOffset", "pieces",
    }  # fmt: skip
    problems += [f"`{key}` is not known" for key in body if key not in known]

    model = body.get("model", models[0])
    if model not in models:
        problems.append(f"`model` must be one that is loaded ({', '.join(models)}), not {_shown(model)}")
        model = models[0]
    preset = settings.preset()
    default_size = settings.size(preset.lines)
    mode = body.get("mode")
    modes = sorted({known_mode for _, known_mode in RULES})
    if mode not in modes:
        problems.append(f"`mode` must be one of {', '.join(modes)}, not {_shown(mode)}")

    prompt = body.get("prompt")
    if not _is_text(prompt) or is_empty(prompt):
        problems.append(f"`prompt` must be a text of 1 to {MAXIMUM_PROMPT} characters{_half_of_one(prompt)}")
    negative = body.get("negativePrompt", settings.negative_prompt)
    if not _is_text(negative):
        problems.append(f"`negativePrompt` must be a text of at most {MAXIMUM_PROMPT} characters{_half_of_one(negative)}")

    width = _whole(body.get("width", default_size[0]), "width", SIZE_MULTIPLE, MAXIMUM_SIDE, problems)
    height = _whole(body.get("height", default_size[1]), "height", SIZE_MULTIPLE, MAXIMUM_SIDE, problems)
    for name, side in (("width", width), ("height", height)):
        if side % SIZE_MULTIPLE:
            problems.append(f"`{name}` must be a multiple of {SIZE_MULTIPLE}, not {side}")
    frames = _whole(body.get("frames", settings.frames.default), "frames", settings.frames.minimum, settings.longest, problems)
    if frames % FRAME_STEP != 1:
        problems.append(f"`frames` must be 4k + 1, not {frames}: {frames - (frames - 1) % FRAME_STEP} would do")
    most_steps = settings.maximum_steps or MAXIMUM_STEPS
    steps = _whole(body.get("steps", min(preset.steps, most_steps)), "steps", 1, most_steps, problems)
    shift = _number(body.get("shift", settings.sampler.shift), "shift", MINIMUM_SHIFT, MAXIMUM_SHIFT, problems)
    offset = _whole(body.get("audioOffset", 0), "audioOffset", 0, MAXIMUM_OFFSET, problems)
    seed = _whole(body.get("seed", 0), "seed", 0, MAXIMUM_SEED, problems)
    precision = body.get("precision")
    if precision is not None and precision != settings.precision:
        problems.append(f"`precision` must be the one that is loaded, {settings.precision}, not {_shown(precision)}")

    default_scales = settings.models[model].scales
    given = body.get("scales") or {}
    if not isinstance(given, dict) or set(given) - {"audio", "text", "image"}:
        problems.append("`scales` must be an object with audio, text and image")
        given = {}

    def scale(name: str) -> float:
        return _number(given.get(name, getattr(default_scales, name)), f"scales.{name}", 0, MAXIMUM_SCALE, problems)

    scales = Scales(scale("audio"), scale("text"), None if default_scales.image is None else scale("image"))
    sampler = _one_of(body.get("sampler", "unipc"), "sampler", SAMPLERS, problems)
    guidance = _one_of(body.get("guidance", "full"), "guidance", tuple(TABLES), problems)
    shares = _numbers(body.get("gating"), "gating", {"text": (1.0, 0, 1), "audio": (1.0, 0, 1)}, problems)
    cached = _numbers(body.get("caching"), "caching", {"threshold": (0.0, 0, 1), "inARow": (1, 1, MAXIMUM_STEPS)}, problems)
    strength = _number(body.get("audioStrength", 1.0), "audioStrength", 0, MAXIMUM_AUDIO_STRENGTH, problems)
    loras = _loras(body.get("loras") or [], problems)
    flags = {}
    for name, default in (("preview", False), ("pieces", False)):
        flags[name] = body.get(name, default)
        if not isinstance(flags[name], bool):
            problems.append(f"`{name}` must be true or false")

    vocals = body.get("vocals", False)
    if vocals != "auto" and not isinstance(vocals, bool):
        problems.append('`vocals` must be true, false or "auto"')

    images = body.get("images") or []
    if not isinstance(images, list) or not all(isinstance(path, str) for path in images):
        problems.append("`images` must be a list of paths")
        images = []
    audio = body.get("audio")
    if audio is not None and not isinstance(audio, str):
        problems.append("`audio` must be a path")
        audio = None
    if mode in ("TIA", "TI") and not 1 <= len(images) <= MAXIMUM_REFERENCES:
        problems.append(f"mode {mode} needs 1 to {MAXIMUM_REFERENCES} images, not {len(images)}")
    if mode in ("TIA", "TA") and audio is None:
        problems.append(f"mode {mode} needs `audio`")
    image_paths = tuple(Path(path) for path in images) if mode != "TA" else ()
    audio_path = Path(audio) if audio is not None and mode != "TI" else None
    problems += [f"there is no file {path.name}" for path in (*image_paths, audio_path) if path and not os.path.isfile(path)]
    output = message.get("outputDir")
    if not isinstance(output, str) or not output:
        problems.append("`outputDir` must be a path")
        output = "."

    if problems:
        raise RequestError("invalid_input", "; ".join(problems))
    warnings = []
    if settings.frames.warn_above < frames <= settings.frames_at_once(width, height):
        warnings.append(f"{frames} frames: HuMo was trained on {settings.frames.warn_above}, more at once lose quality")
    return Request(
        id=message["id"], prompt=prompt, negative_prompt=negative, mode=mode, images=image_paths, audio=audio_path,
        model=model, width=width, height=height, frames=frames, steps=steps, shift=shift, scales=scales, seed=seed,
        preview=flags["preview"], vocals=vocals, sampler=sampler, guidance=guidance, gating=Gating(**shares),
        caching=None if body.get("caching") is None else Caching(cached["threshold"], int(cached["inARow"])), loras=loras, audio_strength=strength, audio_offset=offset, pieces=flags["pieces"], output_dir=Path(output), warnings=tuple(warnings),
    )  # fmt: skip


_PART = reprlib.Repr()
_PART.maxstring = _PART.maxother = 80


def _shown(value: Any) -> str:
    """A value in a message: short, however large or deep what came in is."""
    return _PART.repr(value)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 100


def _is_text(value: Any) -> bool:
    """Whether a tokenizer can read it: half of a surrogate pair is no character."""
    return isinstance(value, str) and len(value) <= MAXIMUM_PROMPT and not _half_of_one(value)


def _half_of_one(value: Any) -> str:
    """What is wrong with a text that holds half of a surrogate pair, which a byte that is no UTF-8 becomes on a command line; else nothing."""
    is_broken = isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
    return ", and one of its characters is half of one, or is not UTF-8" if is_broken else ""


def _one_of(value: Any, name: str, known: tuple[str, ...], problems: list[str]) -> str:
    if not isinstance(value, str) or value not in known:
        problems.append(f"`{name}` must be one of {', '.join(known)}, not {_shown(value)}")
        return known[0]
    return value


def _numbers(value: Any, name: str, known: dict[str, tuple[float, float, float]], problems: list[str]) -> dict[str, float]:
    """The numbers of an object that may be absent; `known` has the default and the bounds of each."""
    if value is not None and (not isinstance(value, dict) or set(value) - set(known)):
        problems.append(f"`{name}` must be an object with {' and '.join(known)}")
        value = None
    given = value or {}
    return {
        key: _number(given.get(key, default), f"{name}.{key}", least, most, problems)
        for key, (default, least, most) in known.items()
    }


def _loras(value: Any, problems: list[str]) -> tuple[Lora, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) and isinstance(item.get("file"), str) for item in value):
        problems.append("`loras` must be a list of objects with file and strength")
        return ()
    return tuple(Lora(item["file"], _number(item.get("strength", 1), "loras.strength", -10, 10, problems)) for item in value)


def _whole(value: Any, name: str, minimum: int, maximum: int, problems: list[str]) -> int:
    if type(value) is not int or not minimum <= value <= maximum:
        problems.append(f"`{name}` must be a whole number from {minimum} to {maximum}, not {_shown(value)}")
        return minimum
    return value


def _number(value: Any, name: str, minimum: float, maximum: float, problems: list[str]) -> float:
    if type(value) not in (int, float) or not minimum <= value <= maximum:
        problems.append(f"`{name}` must be a number from {minimum:g} to {maximum:g}, not {_shown(value)}")
        return 1.0
    return float(value)
