"""Whole clips, from the request to the frames, as the presets `fast` and `standard` make them, beside the published procedure.

Random weights cost what others do: a LoRA is fused into them and makes no pass dearer, so none is loaded. Only caching depends on
what the weights are; rows with it say so.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from humo_engine.bench import Bench, _forget, _make_fast, _peak, _precision, random_components
from humo_engine.components import Components
from humo_engine.fast import attention_kernel
from humo_engine.fp8 import supports_float8
from humo_engine.load import effective_settings
from humo_engine.pipeline import Clip, Pipeline
from humo_engine.protocol import parse_request
from humo_engine.settings import Preset, Settings
from humo_engine.shortcuts import expected_passes

PRESETS = ("fast", "standard")
EXACT = "exact"  # the steps of `standard`, and nothing left out


@dataclass
class _Silent:
    """Listens to a clip, and tells nobody."""

    def progress(self, *arguments: Any) -> None:
        pass

    def preview(self, *arguments: Any) -> None:
        pass

    def frames(self, *arguments: Any) -> None:
        pass

    def check(self) -> None:
        pass


def measure_clips(benches: Sequence[Bench], precisions: Iterable[str], budget: float | None = None) -> None:
    """Emit a line for each precision, size and way of `rows`: of one model, on one device, until `budget` s would be passed."""
    end = None if budget is None else time.perf_counter() + budget
    first = benches[0]
    on_gpu = first.device.type == "cuda"
    settings = effective_settings(None, "official" if on_gpu else "tiny")
    for precision in precisions:
        if precision == "fp8" and not supports_float8(first.device):
            first.emit(case="clip", model=first.family, precision="fp8", skipped="this device does not multiply e4m3")
            continue
        parts = random_components(first, None, precision)
        _make_fast(first, parts.transformer)
        if on_gpu:
            from humo_engine.vae_fast import speed_up_decoder

            speed_up_decoder(parts.vae)
        for bench in benches:
            _measure(bench, parts, settings, precision, end)
        del parts
        _forget(first.device)


def rows(settings: Settings) -> dict[str, tuple[int, dict[str, Any]]]:
    """Steps and shortcuts of each way: the presets that are shipped, and the published procedure, which may be one of them."""
    presets = {name: settings.presets[name] for name in PRESETS if name in settings.presets}
    ways = {name: (_steps(settings, preset), dict(preset.shortcuts)) for name, preset in presets.items()}
    exact = settings.presets.get("standard", settings.preset())
    return {**ways, EXACT: (_steps(settings, exact), {})}


def _steps(settings: Settings, preset: Preset) -> int:
    return min(preset.steps, settings.maximum_steps or preset.steps)


def _measure(bench: Bench, parts: Components, settings: Settings, precision: str, end: float | None) -> None:
    ways = rows(settings)
    exact_steps, _ = ways[EXACT]
    exact_passes = expected_passes(bench.family, "TIA", exact_steps, "full", None)
    with tempfile.TemporaryDirectory(prefix="humo-bench-") as name:
        folder = Path(name)
        pipeline = Pipeline(parts, settings, bench.device, folder, cache=folder)
        # What is compiled or kept at the first clip of a size is no part of the second.
        _clip(bench, pipeline, folder, 1, {})
        done: dict[tuple[int, str], str] = {}
        per_pass: float | None = None
        for way, (steps, shortcuts) in ways.items():
            about = {
                "case": "clip", "model": bench.family, "preset": way, "size": f"{bench.width}×{bench.height}",
                "frames": bench.frames, "precision": _precision(bench, precision), "steps": steps, **shortcuts,
            }  # fmt: skip
            if (same := done.get((steps, str(shortcuts)))) is not None:
                bench.emit(**about, same_as=same)
                continue
            passes = expected_passes(bench.family, "TIA", steps, shortcuts.get("guidance", "full"), shortcuts.get("gating"))
            if end is not None and time.perf_counter() + passes * (per_pass or 0.0) > end:
                bench.emit(
                    **about,
                    skipped="it would pass the budget",
                    passes=passes,
                    seconds_expected=round(passes * (per_pass or 0), 1),
                )
                continue
            start = time.perf_counter()
            clip = _clip(bench, pipeline, folder, steps, shortcuts)
            seconds = time.perf_counter() - start
            made = passes if clip.spared is None else clip.spared.passes
            per_pass = clip.seconds["denoise"] / made
            exact = exact_passes * per_pass + seconds - clip.seconds["denoise"]
            bench.emit(
                **about, seconds=round(seconds, 2), stages=clip.seconds, passes=made, seconds_per_pass=round(per_pass, 4),
                exact_passes=exact_passes, exact_seconds_by_these_passes=round(exact, 2), times_faster=round(exact / seconds, 2),
                peak_gib=_peak(bench.device), attention=attention_kernel(bench.device), weights="random",
            )  # fmt: skip
            done[steps, str(shortcuts)] = way


def _clip(bench: Bench, pipeline: Pipeline, folder: Path, steps: int, shortcuts: dict[str, Any]) -> Clip:
    """One clip of speech and a picture, to raw frames on the disk."""
    from PIL import Image

    picture, sound = folder / "face.png", folder / "speech.wav"
    if not sound.exists():
        Image.new("RGB", (600, 800), (90, 120, 60)).save(picture)
        samples = torch.randn(bench.frames * 640, generator=torch.Generator().manual_seed(0)).mul(3000).clamp(-32768, 32767)
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(samples.to(torch.int16).numpy().tobytes())
    body = {
        "prompt": "A woman with short grey hair speaks to the camera in a bright kitchen.", "mode": "TIA",
        "images": [str(picture)], "audio": str(sound), "model": bench.family, "width": bench.width, "height": bench.height,
        "frames": bench.frames, "steps": steps, **shortcuts,
    }  # fmt: skip
    request = parse_request(
        {"id": "bench", "request": body, "outputDir": str(folder / "out")}, pipeline.settings, (bench.family,)
    )
    clip = pipeline.generate(request, _Silent())
    if clip.path is not None:
        clip.path.unlink()
    return dataclasses.replace(clip, path=None)
