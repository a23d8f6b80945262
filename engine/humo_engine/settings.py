"""`generate.yaml`: every number and choice of a generation, read once and checked completely.

The bot reads the same file, and both hold it against the same grammar. Nothing here has a default: a key that is missing is a
mistake in the file, and all mistakes are listed together, each with its path.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from humo_engine.grammar import completed, part, problems_of

FILE_NAME = "generate.yaml"
ENVIRONMENT_VARIABLE = "HUMO_GENERATE_YAML"
MODELS = tuple(part("models")["properties"])
LINES = tuple(part("presets", "*", "lines")["enum"])
PRECISIONS = tuple(part("precision")["enum"])
SAMPLERS = tuple(part("presets", "*", "sampler")["enum"])
GUIDANCE = tuple(part("presets", "*", "guidance")["enum"])
SHORTCUTS = ("sampler", "guidance", "gating", "caching", "audioStrength")
MAXIMUM_STEPS = part("presets", "*", "steps")["maximum"]
MAXIMUM_SCALE = part("models", "17b", "scales", "audio")["maximum"]
MAXIMUM_AUDIO_STRENGTH = part("presets", "*", "audioStrength")["maximum"]
MINIMUM_SHIFT, MAXIMUM_SHIFT = (part("sampler", "shift")[bound] for bound in ("minimum", "maximum"))
_SIDE = part("sizes", "*", "landscape")["prefixItems"][0]
SIZE_MULTIPLE, MAXIMUM_SIDE = _SIDE["multipleOf"], _SIDE["maximum"]  # VAE stride 8 × patch 2
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
    """Strengths of guidance. `image` is set for models with a pass that drops only the image (1.7B)."""

    audio: float
    text: float
    image: float | None = None


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
            raise ValueError(f"preset {name!r} does not exist; choose from {', '.join(self.presets)}")
        return self.presets[name]

    def lora_sets(self, model: str) -> list[tuple[Lora, ...]]:
        """The LoRAs that presets of a model run with, each choice once."""
        return list(dict.fromkeys(preset.loras for preset in self.presets.values() if preset.model == model and preset.loras))

    def size(self, lines: int, shape: str | None = None) -> tuple[int, int]:
        """(width, height) for a number of lines and a shape. ValueError names the sizes there are."""
        shape = shape or self.default_shape
        if lines not in self.sizes or shape not in self.sizes[lines]:
            known = ", ".join(f"{known_lines} {name}" for known_lines, row in self.sizes.items() for name in row)
            raise ValueError(f"size {lines} {shape} does not exist; choose from {known}")
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
    document = _with_text_keys(document)
    problems = problems_of(document)
    if problems:
        raise SettingsError(source, problems)
    file = completed(document)
    if profile not in file["profiles"]:
        raise SettingsError(source, [f"profiles: there is no profile {profile!r}; choose from {', '.join(file['profiles'])}"])
    chosen = file["profiles"][profile]
    file |= {name: value for name, value in chosen.items() if name in file}
    return Settings(
        source=source,
        profile=profile,
        fps=file["fps"],
        frames=_frames(file["frames"]),
        length=Length(**file["length"]),
        takes=_takes(file["takes"]),
        sampler=Sampler(file["sampler"]["shift"], file["sampler"]["firstSigma"]),
        guidance_switch_timestep=file["guidanceSwitchTimestep"],
        models=MappingProxyType({name: _model(name, model, chosen) for name, model in file["models"].items()}),
        sizes=_by_lines({lines: _sizes(shapes) for lines, shapes in file["sizes"].items()}),
        presets=MappingProxyType({name: _preset(preset, chosen) for name, preset in file["presets"].items()}),
        default_preset=file["defaultPreset"],
        default_shape=file["defaultShape"],
        precision=file["precision"],
        memory_limit_gib=file["memoryLimitGiB"],
        preview_every_steps=file["previewEverySteps"],
        negative_prompt=file["negativePrompt"],
        weights=chosen["weights"],
        maximum_steps=chosen.get("maximumSteps"),
    )


def _with_text_keys(value: Any) -> Any:
    """YAML reads `480:` as a number; JSON, and the grammar, have text for keys."""
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(below) for key, below in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _by_lines(values: Mapping[str, Any]) -> Mapping[int, Any]:
    return MappingProxyType({int(lines): value for lines, value in values.items()})


def _frames(given: Mapping[str, Any]) -> Frames:
    return Frames(given["default"], given["minimum"], _by_lines(given["maximum"]), given["warnAbove"])


def _takes(given: Mapping[str, Any]) -> Takes:
    return Takes(
        take=given["take"],
        window=given["window"],
        overlap=given["overlap"],
        continuous=given["continuous"],
        shot_minimum=given["shot"]["minimum"],
        shot_maximum=given["shot"]["maximum"],
        pre_roll=given["preRoll"],
    )


def _sizes(shapes: Mapping[str, list[int]]) -> Mapping[str, tuple[int, ...]]:
    return MappingProxyType({shape: tuple(sides) for shape, sides in shapes.items()})


def _model(name: str, given: Mapping[str, Any], profile: Mapping[str, Any]) -> ModelSettings:
    scales = profile.get("scales", {}).get(name, given["scales"])
    return ModelSettings(
        title=given["title"],
        parameters=given["parameters"],
        scales=Scales(scales["audio"], scales["text"], scales.get("image")),
        passes=given["passes"],
        seconds_per_pass=_by_lines(profile.get("secondsPerPass", given["secondsPerPass"])),
    )


def _preset(given: Mapping[str, Any], profile: Mapping[str, Any]) -> Preset:
    # A profile may refuse some: LoRAs of weights that it has not, and shortcuts that were not measured for its steps.
    kept = {name: value for name, value in given.items() if profile.get(name) is not False}
    return Preset(
        title=given["title"],
        description=given["description"],
        model=given["model"],
        lines=given["lines"],
        steps=given["steps"],
        shortcuts=MappingProxyType({name: kept[name] for name in SHORTCUTS if name in kept}),
        loras=tuple(Lora(**lora) for lora in kept.get("loras", [])),
    )


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
