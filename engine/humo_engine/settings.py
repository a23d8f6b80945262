"""`generate.yaml`: every number and choice of a generation, read once and checked completely.

The file is shared with the bot, which validates the same rules in TypeScript. Nothing here has a default: a key that is
missing is a mistake in the file, and all mistakes are listed together, each with its path.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

FILE_NAME = "generate.yaml"
ENVIRONMENT_VARIABLE = "HUMO_GENERATE_YAML"
MODELS = ("17b", "1_7b")
LINES = (480, 720)
SHAPES = ("landscape", "portrait", "square")
PRECISIONS = ("bf16", "fp8", "fp32")
SIZE_MULTIPLE = 16  # VAE stride 8 × patch 2
# Nobody wants more; far beyond, latents overflow and the clip is black.
MINIMUM_SHIFT, MAXIMUM_SHIFT = 0.01, 100.0
MAXIMUM_SCALE = 100.0
MAXIMUM_SIDE = 2048
MAXIMUM_STEPS = 200
MAXIMUM_PRESETS = 25
WEIGHTS = ("official", "mini", "random")
TAKES = ("auto", "one", "shots")
SAMPLERS = ("unipc", "lcm")
GUIDANCE = ("full", "audio", "none")
SHORTCUTS = ("sampler", "guidance", "gating", "caching", "audioStrength")
MAXIMUM_AUDIO_STRENGTH = 4.0
MAXIMUM_LORAS = 8
LONGEST = 600  # seconds: the longest sound that is taken
FRAME_STEP = 4  # the VAE packs frames 4k + 1 into k + 1 latents


class SettingsError(ValueError):
    """`generate.yaml` is absent or wrong. `problems` holds one line for each mistake, as `path: what is wrong`."""

    def __init__(self, source: str, problems: list[str]):
        self.source = source
        self.problems = list(problems)
        super().__init__("\n".join([f"{source} cannot be used:", *(f"  - {problem}" for problem in problems)]))


@dataclass(frozen=True)
class Frames:
    """What goes through the model at once, in frames of the form 4k + 1. Above `warn_above` quality drops.

    `maximum` is by number of lines: larger pictures were trained with longer clips.
    """

    default: int
    minimum: int
    maximum: Mapping[int, int]
    warn_above: int


@dataclass(frozen=True)
class Length:
    """How long a video may be, in seconds: until moderators say otherwise, and at all."""

    default: float
    maximum: float


@dataclass(frozen=True)
class Takes:
    """How a video is made that is longer than the model sees at once.

    `take` is one of TAKES. `window` (4k + 1), `overlap` and `pre_roll` (4k) are frames; `continuous`, up to which `auto` makes one
    continuous take, and the bounds of a shot are seconds.
    """

    take: str
    window: int
    overlap: int
    continuous: float
    shot_minimum: float
    shot_maximum: float
    pre_roll: int


@dataclass(frozen=True)
class Sampler:
    """`shift` of the flow schedule, and the largest sigma before shifting."""

    shift: float
    first_sigma: float


@dataclass(frozen=True)
class Scales:
    """Guidance scales. `image` is set for models with a pass that drops only the image (1.7B)."""

    audio: float
    text: float
    image: float | None


@dataclass(frozen=True)
class ModelSettings:
    """`passes` is the number of forward passes of a TIA step; `seconds_per_pass` maps lines to a first guess."""

    title: str
    parameters: int
    scales: Scales
    passes: int
    seconds_per_pass: Mapping[int, float]


@dataclass(frozen=True)
class Lora:
    """A file, relative to the weights folder unless absolute, and how strongly it counts."""

    file: str
    strength: float = 1.0


@dataclass(frozen=True)
class Preset:
    """What a person chooses by name. `lines` is a key of `Settings.sizes`; `shortcuts` are those of SHORTCUTS that are given."""

    title: str
    description: str
    model: str
    lines: int
    steps: int
    shortcuts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    loras: tuple[Lora, ...] = ()

    @property
    def request(self) -> dict[str, Any]:
        """What it does otherwise than the published procedure, as fields of a request."""
        loras = [{"file": lora.file, "strength": lora.strength} for lora in self.loras]
        return {**self.shortcuts, **({"loras": loras} if loras else {})}


@dataclass(frozen=True)
class Settings:
    """The whole of `generate.yaml` with one profile applied. Mappings are read-only.

    `sizes[lines][shape]` is (width, height) in pixels. `weights` is "official", "mini" or "random"; `maximum_steps` caps the
    steps of any request (None: no cap).
    """

    source: str
    profile: str
    fps: int
    frames: Frames
    length: Length
    takes: Takes
    sampler: Sampler
    guidance_switch_timestep: int
    models: Mapping[str, ModelSettings]
    sizes: Mapping[int, Mapping[str, tuple[int, int]]]
    presets: Mapping[str, Preset]
    default_preset: str
    default_shape: str
    precision: str
    memory_limit_gib: float | None
    preview_every_steps: int
    negative_prompt: str
    weights: str
    maximum_steps: int | None

    def preset(self, name: str | None = None) -> Preset:
        """The named preset, or the default one. ValueError names the presets there are."""
        name = name or self.default_preset
        if name not in self.presets:
            raise ValueError(f"preset {name!r} does not exist; there are {', '.join(self.presets)}")
        return self.presets[name]

    def lora_sets(self, model: str) -> list[tuple[Lora, ...]]:
        """The LoRAs that presets of a model run with, each choice once."""
        return list(dict.fromkeys(preset.loras for preset in self.presets.values() if preset.model == model and preset.loras))

    def size(self, lines: int, shape: str | None = None) -> tuple[int, int]:
        """(width, height) for a number of lines and a shape. ValueError names the sizes there are."""
        shape = shape or self.default_shape
        if lines not in self.sizes or shape not in self.sizes[lines]:
            known = ", ".join(f"{known_lines} {name}" for known_lines, row in self.sizes.items() for name in row)
            raise ValueError(f"size {lines} {shape} does not exist; there are {known}")
        return self.sizes[lines][shape]

    def frames_at_once(self, width: int, height: int) -> int:
        """The most frames that go through the model at once in pictures of that size, or of the nearest size there is."""

        def distance(lines: int) -> int:
            return min(abs(width * height - w * h) + abs(width - w) + abs(height - h) for w, h in self.sizes[lines].values())

        return self.frames.maximum[min(sorted(self.sizes), key=distance)]

    @property
    def longest(self) -> int:
        """The most frames that a video may have, 4k + 1: `length.maximum`, or what goes through the model at once if that is more."""
        return max(whole_frames(self.length.maximum * self.fps), *self.frames.maximum.values())


def load_settings(path: str | os.PathLike[str] | None = None, profile: str = "official") -> Settings:
    """Read and check `generate.yaml`, with `profile` applied.

    `path` wins over the variable HUMO_GENERATE_YAML, which wins over the nearest `generate.yaml` in the current
    folder or one above it. SettingsError if there is none, or lists everything wrong in it.
    """
    file = find_settings_file(path)
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), [f"it cannot be read: {error}"]) from error
    except yaml.YAMLError as error:
        raise SettingsError(str(file), [f"it is not YAML: {error}"]) from error
    return parse_settings(document, profile=profile, source=str(file))


def whole_frames(frames: float) -> int:
    """As few frames of the form 4k + 1 as hold `frames`."""
    return math.ceil((frames - 1) / FRAME_STEP) * FRAME_STEP + 1


def find_settings_file(path: str | os.PathLike[str] | None = None, start: Path | None = None) -> Path:
    """Where `generate.yaml` is; see `load_settings` for the order. SettingsError says where it was looked for."""
    for given, origin in ((path, "--config"), (os.environ.get(ENVIRONMENT_VARIABLE) or None, ENVIRONMENT_VARIABLE)):
        if given is not None:
            if not Path(given).is_file():
                raise SettingsError(str(given), [f"{origin} names it, but there is no such file"])
            return Path(given)
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise SettingsError(
        FILE_NAME,
        [f"not found in {start} or any folder above it; name it with --config FILE or {ENVIRONMENT_VARIABLE}=FILE"],
    )


def parse_settings(document: Any, profile: str = "official", source: str = FILE_NAME) -> Settings:
    """Check a parsed document and apply a profile to it. Pure. SettingsError lists every problem with its path."""
    problems: list[str] = []
    root = _Reader(document, "", problems)
    if not root.is_mapping():
        raise SettingsError(source, problems)
    if root.integer("version", minimum=1) not in (1, None):
        problems.append(f"version: {document['version']!r} is not supported; this program reads version 1")
    # All of them are checked, whichever is used: the file is either right or wrong, here and in the bot.
    profiles = {name: _profile(reader, problems) for name, reader in root.child("profiles").items(allow_empty=True)}
    if profile not in profiles and isinstance(root.get("profiles"), Mapping) and profile not in root.get("profiles"):
        problems.append(f"profiles: there is no profile {profile!r}; there are {', '.join(map(str, profiles))}")
    chosen = profiles.get(profile, _Profile())
    reader = root

    frames = _frames(reader.child("frames"), problems)
    length = _length(reader.child("length"), problems)
    takes = _takes(reader.child("takes"), problems)

    sampler_reader = reader.child("sampler")
    sampler = Sampler(
        shift=sampler_reader.number("shift", minimum=MINIMUM_SHIFT, maximum=MAXIMUM_SHIFT),
        first_sigma=sampler_reader.number("firstSigma", above=0, maximum=1),
    )
    sampler_reader.only("shift", "firstSigma")

    sizes = _sizes(reader.child("sizes"), problems)
    models = _models(reader.child("models"), problems)
    presets = _presets(reader.child("presets"), models, sizes, problems)
    default_preset = reader.text("defaultPreset")
    if default_preset is not None and presets and default_preset not in presets:
        problems.append(f"defaultPreset: {default_preset!r} is not one of the presets {', '.join(presets)}")

    precision = reader.choice("precision", PRECISIONS)
    preview_every_steps = reader.integer("previewEverySteps", minimum=1)
    presets = {name: _without(preset, chosen) for name, preset in presets.items()}
    if chosen.seconds_per_pass is not None:
        models = {name: replace(model, seconds_per_pass=chosen.seconds_per_pass) for name, model in models.items()}
    if chosen.scales is not None:
        models = {name: replace(model, scales=chosen.scales.get(name, model.scales)) for name, model in models.items()}
    settings = Settings(
        source=source,
        profile=profile,
        fps=reader.integer("fps", minimum=1),
        frames=frames,
        length=chosen.length or length,
        takes=chosen.takes or takes,
        sampler=sampler,
        guidance_switch_timestep=reader.integer("guidanceSwitchTimestep", minimum=0, maximum=1000),
        models=MappingProxyType(models),
        sizes=MappingProxyType(sizes if chosen.sizes is None else chosen.sizes),
        presets=MappingProxyType(presets),
        default_preset=default_preset,
        default_shape=reader.choice("defaultShape", SHAPES),
        precision=chosen.precision or precision,
        memory_limit_gib=reader.number("memoryLimitGiB", above=0, optional=True),
        preview_every_steps=chosen.preview_every_steps or preview_every_steps,
        negative_prompt=reader.text("negativePrompt", longest=2000),
        weights=chosen.weights or "official",
        maximum_steps=chosen.maximum_steps,
    )
    reader.only(
        "version",
        "fps",
        "frames",
        "length",
        "takes",
        "sampler",
        "guidanceSwitchTimestep",
        "models",
        "sizes",
        "presets",
        "defaultPreset",
        "defaultShape",
        "precision",
        "memoryLimitGiB",
        "previewEverySteps",
        "negativePrompt",
        "profiles",
    )
    if problems:
        raise SettingsError(source, problems)
    return settings


@dataclass(frozen=True)
class _Profile:
    """What a profile replaces; None stands for what it leaves as it is."""

    weights: str | None = None
    precision: str | None = None
    maximum_steps: int | None = None
    preview_every_steps: int | None = None
    loras: bool | None = None
    gating: bool | None = None
    caching: bool | None = None
    seconds_per_pass: Mapping[int, float] | None = None
    length: Length | None = None
    takes: Takes | None = None
    sizes: Mapping[int, Mapping[str, tuple[int, int]]] | None = None
    scales: Mapping[str, Scales] | None = None


def _without(preset: Preset, profile: _Profile) -> Preset:
    """The preset less what the profile refuses: LoRAs of weights that it has not, and shortcuts not measured for its steps."""
    refused = {name for name in ("gating", "caching") if getattr(profile, name) is False}
    kept = {name: value for name, value in preset.shortcuts.items() if name not in refused}
    return replace(preset, shortcuts=MappingProxyType(kept), loras=() if profile.loras is False else preset.loras)


def _profile_scales(reader: _Reader) -> Mapping[str, Scales]:
    """Scales of every model, in place of the models' own."""
    if not reader.is_mapping():
        return MappingProxyType({})
    reader.exactly(MODELS)
    return MappingProxyType({name: _scales(reader.child(name), name) for name in MODELS if name in reader.value})


def _scales(reader: _Reader, model: str) -> Scales:
    scales = Scales(
        audio=reader.number("audio", minimum=0, maximum=MAXIMUM_SCALE),
        text=reader.number("text", minimum=0, maximum=MAXIMUM_SCALE),
        # Only 1.7B combines a pass with and one without the image; for 17B the scale would do nothing.
        image=reader.number("image", minimum=0, maximum=MAXIMUM_SCALE) if model == "1_7b" else None,
    )
    reader.only("audio", "text", *(("image",) if model == "1_7b" else ()))
    return scales


def _profile(reader: _Reader, problems: list[str]) -> _Profile:
    reader.only(
        "weights",
        "precision",
        "maximumSteps",
        "previewEverySteps",
        "loras",
        "gating",
        "caching",
        "secondsPerPass",
        "length",
        "takes",
        "sizes",
        "scales",
    )
    given = reader.value
    return _Profile(
        weights=reader.choice("weights", WEIGHTS) if "weights" in given else None,
        precision=reader.choice("precision", PRECISIONS) if "precision" in given else None,
        maximum_steps=reader.integer("maximumSteps", minimum=1) if "maximumSteps" in given else None,
        preview_every_steps=reader.integer("previewEverySteps", minimum=1) if "previewEverySteps" in given else None,
        loras=reader.boolean("loras") if "loras" in given else None,
        gating=reader.boolean("gating") if "gating" in given else None,
        caching=reader.boolean("caching") if "caching" in given else None,
        seconds_per_pass=MappingProxyType(_seconds_per_pass(reader)) if "secondsPerPass" in given else None,
        length=_length(reader.child("length"), problems) if "length" in given else None,
        takes=_takes(reader.child("takes"), problems) if "takes" in given else None,
        scales=_profile_scales(reader.child("scales")) if "scales" in given else None,
        sizes=MappingProxyType(_sizes(reader.child("sizes"), problems)) if "sizes" in given else None,
    )


def _frames(reader: _Reader, problems: list[str]) -> Frames:
    counts = {name: reader.integer(name, minimum=1) for name in ("default", "minimum", "warnAbove")}
    most = reader.child("maximum")
    if isinstance(reader.value, Mapping) and most.is_mapping():
        most.exactly(LINES)
    maximum = {
        lines: most.integer(lines, minimum=1) for lines in LINES if isinstance(most.value, Mapping) and lines in most.value
    }
    reader.only("default", "minimum", "maximum", "warnAbove")
    named = [*counts.items(), *((f"maximum.{lines}", count) for lines, count in maximum.items())]
    for name, count in named:
        if count is not None and count % FRAME_STEP != 1:
            problems.append(f"frames.{name}: {count} is not of the form 4k + 1, as the VAE needs")
    least, usual = counts["minimum"], counts["default"]
    lowest = min(maximum.values()) if maximum and None not in maximum.values() else None
    if None not in (least, usual, lowest) and not least <= usual <= lowest:
        problems.append(f"frames: minimum {least} ≤ default {usual} ≤ maximum {lowest} is not so")
    return Frames(usual, least, MappingProxyType(maximum), counts["warnAbove"])


def _length(reader: _Reader, problems: list[str]) -> Length:
    length = Length(*(reader.number(name, minimum=1, maximum=LONGEST) for name in ("default", "maximum")))
    reader.only("default", "maximum")
    if None not in (length.default, length.maximum) and length.default > length.maximum:
        problems.append(f"{reader.path}: default {length.default:g} is more than maximum {length.maximum:g}")
    return length


def _takes(reader: _Reader, problems: list[str]) -> Takes:
    shot = reader.child("shot")
    takes = Takes(
        take=reader.choice("take", TAKES),
        window=reader.integer("window", minimum=FRAME_STEP + 1, maximum=1001),
        overlap=reader.integer("overlap", minimum=FRAME_STEP, maximum=1000),
        continuous=reader.number("continuous", minimum=1, maximum=LONGEST),
        shot_minimum=shot.number("minimum", minimum=0.5, maximum=LONGEST) if isinstance(reader.value, Mapping) else None,
        shot_maximum=shot.number("maximum", minimum=1, maximum=LONGEST) if isinstance(reader.value, Mapping) else None,
        pre_roll=reader.integer("preRoll", minimum=0, maximum=100),
    )
    reader.only("take", "window", "overlap", "continuous", "shot", "preRoll")
    shot.only("minimum", "maximum")
    if takes.window is not None and takes.window % FRAME_STEP != 1:
        problems.append(f"{reader.path}.window: {takes.window} is not of the form 4k + 1, as the VAE needs")
    for name, count in (("overlap", takes.overlap), ("preRoll", takes.pre_roll)):
        if count is not None and count % FRAME_STEP:
            problems.append(f"{reader.path}.{name}: {count} is not a multiple of 4: the VAE packs four frames into one")
    if None not in (takes.window, takes.overlap) and takes.overlap >= takes.window - 1:
        problems.append(f"{reader.path}: overlap {takes.overlap} must be less than window {takes.window} - 1")
    # A pause may lie just beyond the longest shot: halves of what is left have to be long enough.
    if None not in (takes.shot_minimum, takes.shot_maximum) and takes.shot_maximum < 2 * takes.shot_minimum:
        problems.append(f"{shot.path}: maximum {takes.shot_maximum:g} must be at least twice minimum {takes.shot_minimum:g}")
    return takes


def _sizes(reader: _Reader, problems: list[str]) -> dict[int, Mapping[str, tuple[int, int]]]:
    sizes: dict[int, Mapping[str, tuple[int, int]]] = {}
    reader.exactly(LINES)
    for lines, row in reader.items():
        if lines not in LINES:
            continue
        shapes: dict[str, tuple[int, int]] = {}
        for shape in SHAPES:
            value = row.get(shape)
            path = row.path_of(shape)
            if value is None:
                problems.append(f"{path}: is missing")
            elif not (isinstance(value, list) and len(value) == 2 and all(_is_whole(side) and side > 0 for side in value)):
                problems.append(f"{path}: must be [width, height] in whole pixels, not {value!r}")
            elif any(side % SIZE_MULTIPLE or side > MAXIMUM_SIDE for side in value):
                problems.append(f"{path}: {value[0]}×{value[1]} must be multiples of {SIZE_MULTIPLE} up to {MAXIMUM_SIDE}")
            else:
                shapes[shape] = (int(value[0]), int(value[1]))
        row.only(*SHAPES)
        sizes[lines] = MappingProxyType(shapes)
    return sizes


def _models(reader: _Reader, problems: list[str]) -> dict[str, ModelSettings]:
    models: dict[str, ModelSettings] = {}
    reader.exactly(MODELS)
    for name, model in reader.items():
        if name not in MODELS:
            continue
        models[name] = ModelSettings(
            title=model.text("title"),
            parameters=model.integer("parameters", minimum=1),
            scales=_scales(model.child("scales"), name),
            passes=model.integer("passes", minimum=2, maximum=4),
            seconds_per_pass=MappingProxyType(_seconds_per_pass(model)),
        )
        model.only("title", "parameters", "scales", "passes", "secondsPerPass")
    return models


def _presets(reader: _Reader, models: Mapping[str, Any], sizes: Mapping[int, Any], problems: list[str]) -> dict[str, Preset]:
    presets: dict[str, Preset] = {}
    for name, preset in reader.items():
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9-]{1,32}", name):
            problems.append(f"presets.{name}: the name must have 1 to 32 of a-z, 0-9 and -")
            continue
        entry = Preset(
            title=preset.text("title", longest=100),
            description=preset.text("description", longest=100),
            model=preset.choice("model", tuple(models) or MODELS),
            lines=preset.integer("lines", minimum=1),
            steps=preset.integer("steps", minimum=1, maximum=MAXIMUM_STEPS),
        )
        entry = replace(entry, shortcuts=MappingProxyType(_shortcuts(preset)), loras=_loras(preset, problems))
        presets[name] = entry
        preset.only("title", "description", "model", "lines", "steps", *SHORTCUTS, "loras")
        if entry.lines is not None and entry.lines not in LINES:
            problems.append(f"presets.{name}.lines: {entry.lines} is not one of the sizes {', '.join(map(str, LINES))}")
    if len(presets) > MAXIMUM_PRESETS:
        problems.append(f"presets: at most {MAXIMUM_PRESETS}: Discord shows no more choices")
    return presets


def _shortcuts(preset: _Reader) -> dict[str, Any]:
    """What a preset does otherwise than published, as the request has it."""
    given, found = preset.value, {}
    if "sampler" in given:
        found["sampler"] = preset.choice("sampler", SAMPLERS)
    if "guidance" in given:
        found["guidance"] = preset.choice("guidance", GUIDANCE)
    if "gating" in given and (gating := preset.child("gating")).is_mapping():
        found["gating"] = {
            name: gating.number(name, minimum=0, maximum=1) if name in gating.value else 1.0 for name in ("text", "audio")
        }
        gating.only("text", "audio")
    if "caching" in given and (caching := preset.child("caching")).is_mapping():
        in_a_row = caching.integer("inARow", minimum=1, maximum=MAXIMUM_STEPS) if "inARow" in caching.value else 1
        found["caching"] = {"threshold": caching.number("threshold", minimum=0, maximum=1), "inARow": in_a_row}
        caching.only("threshold", "inARow")
    if "audioStrength" in given:
        found["audioStrength"] = preset.number("audioStrength", minimum=0, maximum=MAXIMUM_AUDIO_STRENGTH)
    return found


def _loras(preset: _Reader, problems: list[str]) -> tuple[Lora, ...]:
    if "loras" not in preset.value:
        return ()
    given, path = preset.get("loras"), preset.path_of("loras")
    if not isinstance(given, list) or len(given) > MAXIMUM_LORAS:
        problems.append(f"{path}: must be a list of at most {MAXIMUM_LORAS}, not {given!r}")
        return ()
    loras = []
    for index, value in enumerate(given):
        reader = _Reader(value, f"{path}.{index}", problems)
        if reader.is_mapping():
            strength = reader.number("strength", minimum=-10, maximum=10) if "strength" in value else 1.0
            loras.append(Lora(reader.text("file", longest=500), strength))
            reader.only("file", "strength")
    return tuple(loras)


def _seconds_per_pass(parent: _Reader) -> dict[int, float]:
    reader = parent.child("secondsPerPass")
    if not reader.is_mapping():
        return {}
    reader.exactly(LINES)
    return {lines: reader.number(lines, above=0) for lines in LINES if lines in reader.value}


def _is_whole(value: Any) -> bool:
    """Whether a YAML value is a whole number; 97.0 is one, as it is for the bot. NaN, infinity and true are not."""
    return type(value) is int or (type(value) is float and value.is_integer())


class _Reader:
    """One mapping of the document, its path, and the list that problems go to. A bad value reads as None."""

    def __init__(self, value: Any, path: str, problems: list[str]):
        self.value, self.path, self._problems = value, path, problems

    def path_of(self, key: Any) -> str:
        return f"{self.path}.{key}" if self.path else str(key)

    def get(self, key: Any) -> Any:
        return self.value.get(key) if isinstance(self.value, Mapping) else None

    def is_mapping(self) -> bool:
        if isinstance(self.value, Mapping):
            return True
        what = "is missing" if self.value is None else f"must be a mapping, not {self.value!r}"
        self._problems.append(f"{self.path or 'the document'}: {what}")
        return False

    def child(self, key: Any) -> _Reader:
        return _Reader(self.get(key), self.path_of(key), self._problems)

    def items(self, allow_empty: bool = False) -> Iterable[tuple[Any, _Reader]]:
        if not self.is_mapping():
            return
        if not self.value and not allow_empty:
            self._problems.append(f"{self.path}: must not be empty")
        for key in self.value:
            child = self.child(key)
            if child.is_mapping():
                yield key, child

    def only(self, *known: str) -> None:
        """Report keys that nothing reads: most are spelling mistakes, and would be ignored without a word."""
        if isinstance(self.value, Mapping):
            for key in self.value:
                if key not in known:
                    self._problems.append(f"{self.path_of(key)}: is not a known setting")

    def exactly(self, known: tuple[Any, ...]) -> None:
        """Report which of `known` are missing, and keys that are none of them."""
        if isinstance(self.value, Mapping):
            self._problems += [f"{self.path_of(key)}: is missing" for key in known if key not in self.value]
            self._problems += [
                f"{self.path_of(key)}: is not one of {', '.join(map(str, known))}" for key in self.value if key not in known
            ]

    def text(self, key: str, longest: int | None = None) -> Any:
        def fits(value: Any) -> bool:
            return isinstance(value, str) and value.strip() != "" and (longest is None or _utf16_length(value) <= longest)

        return self._checked(key, fits, "a text that is not empty" + (f", of at most {longest} characters" if longest else ""))

    def boolean(self, key: str) -> Any:
        return self._checked(key, lambda value: isinstance(value, bool), "true or false")

    def choice(self, key: str, options: tuple[str, ...]) -> Any:
        return self._checked(key, lambda value: isinstance(value, str) and value in options, f"one of {', '.join(options)}")

    def integer(self, key: Any, minimum: int, maximum: int | None = None) -> Any:
        def fits(value: Any) -> bool:
            return _is_whole(value) and value >= minimum and (maximum is None or value <= maximum)

        value = self._checked(key, fits, f"a whole number {_range(minimum, None, maximum)}")
        return None if value is None else int(value)

    def number(
        self,
        key: Any,
        minimum: float | None = None,
        above: float | None = None,
        maximum: float | None = None,
        optional: bool = False,
    ) -> Any:
        def fits(value: Any) -> bool:
            if value is None:
                return optional and isinstance(self.value, Mapping) and key in self.value
            return (
                type(value) in (int, float)
                and value == value
                and abs(value) != float("inf")
                and (minimum is None or value >= minimum)
                and (above is None or value > above)
                and (maximum is None or value <= maximum)
            )

        value = self._checked(key, fits, f"a number {_range(minimum, above, maximum)}{' or null' if optional else ''}")
        return None if value is None else float(value)

    def _checked(self, key: Any, fits: Callable[[Any], bool], expected: str) -> Any:
        value = self.get(key)
        if fits(value):
            return value
        # A whole missing section was reported once already; its keys would only repeat it.
        if isinstance(self.value, Mapping):
            missing = key not in self.value
            self._problems.append(f"{self.path_of(key)}: " + ("is missing" if missing else f"must be {expected}, not {value!r}"))
        elif self.value is None and not any(problem.startswith(f"{self.path}: ") for problem in self._problems):
            self._problems.append(f"{self.path}: is missing")
        elif not any(problem.startswith(f"{self.path}: ") for problem in self._problems):
            self._problems.append(f"{self.path}: must be a mapping, not {self.value!r}")
        return None


def _utf16_length(text: str) -> int:
    """How long the bot, and Discord, take a text to be."""
    return len(text.encode("utf-16-le")) // 2


def _range(minimum: float | None, above: float | None, maximum: float | None) -> str:
    parts = [f"≥ {minimum}"] if minimum is not None else []
    parts += [f"> {above}"] if above is not None else []
    parts += [f"≤ {maximum}"] if maximum is not None else []
    return " and ".join(parts)


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice; YAML forbids it and PyYAML keeps the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (str, int, float, bool)):
                if key in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
                seen.add(key)
        return super().construct_mapping(node, deep)
