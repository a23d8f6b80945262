"""A whole clip with random parts, from a request to raw frames: what the cases `clip` and `long` time."""

from __future__ import annotations

import dataclasses
import math
import wave
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from humo_engine.audio import SAMPLE_RATE, SAMPLES_PER_FEATURE_PAIR
from humo_engine.bench.device import forget
from humo_engine.bench.random_parts import random_components
from humo_engine.bench.subject import Bench, make_fast
from humo_engine.components import Components
from humo_engine.fp8 import supports_float8
from humo_engine.load import effective_settings
from humo_engine.pipeline import Clip, Pipeline, Silent
from humo_engine.protocol import parse_request
from humo_engine.settings import Preset, Settings
from humo_engine.vae_fast import speed_up_decoder


def settings_for(device: torch.device) -> Settings:
    """`generate.yaml` as shipped on a GPU, and its profile for toy sizes elsewhere."""
    return effective_settings(None, "official" if device.type == "cuda" else "tiny")


def in_each_precision(bench: Bench, precisions: Iterable[str], case: str, measure: Callable[[Components, str], None]) -> None:
    """Measure with fast parts in every precision that the device has; what it has not is a line that says so."""
    for precision in precisions:
        if precision == "fp8" and not supports_float8(bench.device):
            bench.emit(case=case, model=bench.family, precision="fp8", skipped="this device does not multiply e4m3")
            continue
        measure(_parts(bench, precision), precision)
        forget(bench.device)


def _parts(bench: Bench, precision: str) -> Components:
    parts = random_components(bench, None, precision)
    make_fast(bench, parts.transformer)
    if bench.device.type == "cuda":
        speed_up_decoder(parts.vae)
    return parts


def steps_of(settings: Settings, preset: Preset) -> int:
    """The steps of a preset, or the most that the profile makes."""
    return min(preset.steps, settings.maximum_steps or preset.steps)


def make_clip(
    bench: Bench, pipeline: Pipeline, folder: Path, steps: int, shortcuts: dict[str, Any], skip_all: bool = False
) -> Clip:
    """One clip of speech and a picture, to raw frames on the disk; `skip_all` skips every step that caching may."""
    picture, sound = folder / "face.png", folder / f"speech-{bench.frames}.wav"
    if not sound.exists():
        Image.new("RGB", (600, 800), (90, 120, 60)).save(picture)
        samples = (
            torch.randn(bench.frames * SAMPLES_PER_FEATURE_PAIR, generator=torch.Generator().manual_seed(0))
            .mul(3000)
            .clamp(-32768, 32767)
        )
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(samples.to(torch.int16).numpy().tobytes())
    body = {
        "prompt": "A woman with short grey hair speaks to the camera in a bright kitchen.", "mode": "TIA",
        "images": [str(picture)], "audio": str(sound), "model": bench.family, "width": bench.width, "height": bench.height,
        "frames": bench.frames, "steps": steps, **shortcuts,
    }  # fmt: skip
    request = parse_request(
        {"id": "bench", "request": body, "outputDir": str(folder / "out")}, pipeline.settings, (bench.family,)
    )
    if skip_all and request.caching is not None:  # a request cannot ask for this
        request = dataclasses.replace(request, caching=dataclasses.replace(request.caching, threshold=math.inf))
    clip = pipeline.generate(request, Silent())
    if clip.path is not None:
        clip.path.unlink()
    return dataclasses.replace(clip, path=None)
