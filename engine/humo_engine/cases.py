"""Several clips from one file, in the form of upstream's `examples/test_case.json`, and `key=value` overrides.

{"case_1": {"img_paths": ["./examples/man.png"], "audio_path": "./examples/audio.wav", "prompt": "…"}}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humo_engine.prompts import is_empty
from humo_engine.settings import MODELS, PRECISIONS

# What a key of upstream's configuration, or its short form, sets; and the type of its value.
KEYS: dict[str, tuple[str, type]] = {
    "generation.positive_prompt": ("cases", str),
    "generation.output.dir": ("output", str),
    "generation.mode": ("mode", str),
    "generation.frames": ("frames", int),
    "generation.width": ("width", int),
    "generation.height": ("height", int),
    "generation.seed": ("seed", int),
    "generation.scale_a": ("audio_scale", float),
    "generation.scale_t": ("text_scale", float),
    "generation.scale_i": ("image_scale", float),
    "generation.sample_neg_prompt": ("negative_prompt", str),
    "diffusion.timesteps.sampling.steps": ("steps", int),
    "diffusion.timesteps.sampling.shift": ("shift", float),
    "model": ("model", str),
    "preset": ("preset", str),
    "precision": ("precision", str),
}
SHORT = {key.rsplit(".", 1)[-1]: key for key in KEYS} | {"cases": "generation.positive_prompt", "output": "generation.output.dir"}
# Upstream's settings for several GPUs in one job. They change speed, never the result, and have no counterpart here.
WITHOUT_EFFECT = ("dit.sp_size", "generation.sequence_parallel", "generation.batch_size")
MODES = {"TA": (False, True), "TIA": (True, True), "TI": (True, False)}
LONGEST_NAME = 200  # bytes; file systems take 255, and what is written beside the clip needs some
CHOICES: dict[str, tuple[str, ...]] = {"mode": tuple(MODES), "model": MODELS, "precision": PRECISIONS}


class CasesError(ValueError):
    """A case file or an override is wrong. `code` is the protocol's failure code; the message names the spot."""

    code = "invalid_input"


@dataclass(frozen=True)
class Case:
    """One clip to make. Paths exist."""

    name: str
    prompt: str
    images: tuple[Path, ...]
    audio: Path | None


def read_cases(file: Path, mode: str) -> list[Case]:
    """The cases of a file that `mode` (TA, TIA, TI) can make; what the mode does not use is left out, as upstream does.

    Relative paths are looked for from the current folder, then from the file's folder and the one above it (upstream's
    own file is written from the repository's root). CasesError lists everything wrong.
    """
    if mode not in MODES:
        raise CasesError(f"mode {mode!r} does not exist; choose from {', '.join(MODES)}")
    problems: list[str] = []
    try:
        document = json.loads(
            file.read_text(encoding="utf-8-sig"), object_pairs_hook=lambda pairs: _without_doubles(pairs, problems)
        )
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CasesError(f"{file}: {error}") from error
    if not isinstance(document, dict) or not document:
        raise CasesError(f'{file}: must map names to cases, such as {{"case_1": {{"prompt": …}}}}')
    cases = [_read_case(file, str(name), value, mode, problems) for name, value in document.items()]
    if problems:
        raise CasesError("\n".join(f"{file}: {problem}" for problem in problems))
    return cases


def _without_doubles(pairs: list[tuple[str, Any]], problems: list[str]) -> dict[str, Any]:
    """What JSON makes of an object, with a problem for each name that stands twice: only the last would be made, without a word."""
    names = [name for name, _ in pairs]
    problems += [f"{name}: stands twice; give each a name of its own" for name in dict.fromkeys(names) if names.count(name) > 1]
    return dict(pairs)


def _read_case(file: Path, name: str, value: Any, mode: str, problems: list[str]) -> Case:
    wants_image, wants_audio = MODES[mode]
    if not isinstance(value, dict):
        problems.append(f"{name}: must be a mapping, not {value!r}")
        return Case(name, "", (), None)
    # The clip's file is named after its case, and belongs into the folder that was asked for.
    if (
        not name.strip()
        or len(name.encode()) > LONGEST_NAME
        or any(letter in "/\\" or not letter.isprintable() for letter in name)
    ):
        problems.append(
            f"{name!r}: names the clip's file, too: it must have 1 to {LONGEST_NAME} bytes, and no / or \\ among them"
        )
    prompt = as_upstream_reads(value["prompt"]) if isinstance(value.get("prompt"), str) else ""
    if is_empty(prompt):
        problems.append(f"{name}.prompt: must be a text that is not empty")
    images: list[Path] = []
    if wants_image:
        paths = value.get("img_paths")
        if not isinstance(paths, list) or not paths:
            problems.append(f"{name}.img_paths: mode {mode} needs a list of at least one path")
        else:
            images = [
                path for spot, text in enumerate(paths) if (path := _find(file, text, f"{name}.img_paths[{spot}]", problems))
            ]
    audio = _find(file, value.get("audio_path"), f"{name}.audio_path", problems) if wants_audio else None
    return Case(name, prompt, tuple(images), audio)


def as_upstream_reads(prompt: str) -> str:
    """A prompt of a case file as upstream's own reader hands it on, so that the same file and seed mean the same clip."""
    return prompt.strip().replace("_", " ").strip('"')


def _find(file: Path, text: Any, spot: str, problems: list[str]) -> Path | None:
    if not isinstance(text, str) or not text:
        problems.append(f"{spot}: must be a path")
        return None
    for folder in (Path.cwd(), file.resolve().parent, file.resolve().parent.parent):
        if (folder / text).is_file():
            return folder / text
    problems.append(f"{spot}: {text} does not exist")
    return None


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """`key=value` arguments, by upstream's names or their last part, as values for a run. CasesError names a wrong one."""
    values: dict[str, Any] = {}
    for argument in arguments:
        key, equals, text = argument.partition("=")
        full = key if key in KEYS else SHORT.get(key)
        if key in WITHOUT_EFFECT and equals:
            continue
        if not equals or full is None:
            raise CasesError(f"{argument!r} is not key=value with a known key; the keys are {', '.join(sorted(SHORT))}")
        name, kind = KEYS[full]
        try:
            values[name] = kind(text)
        except ValueError as error:
            raise CasesError(f"{key}: {text!r} is not {'a whole number' if kind is int else 'a number'}") from error
        if name == "model":
            values[name] = text.lower().replace(".", "_")  # people write 1.7b
        if name in CHOICES and values[name] not in CHOICES[name]:
            raise CasesError(f"{key}: {text!r} does not exist; choose from {', '.join(CHOICES[name])}")
    return values
