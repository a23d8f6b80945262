"""Whole clips, from the request to the frames: as the presets `fast` and `standard` make them, beside the published procedure; and
a take of twenty seconds beside a clip of the usual length.

Random weights cost what others do: a LoRA is fused into them and makes no pass dearer, so none is loaded. Only caching depends on
what the weights are; rows with it say so.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
import wave
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from humo_engine.bench import Bench, _forget, _make_fast, _peak, _precision, _reset_peak, random_components
from humo_engine.components import Components
from humo_engine.fast import attention_kernel
from humo_engine.fp8 import supports_float8
from humo_engine.load import effective_settings
from humo_engine.pipeline import Clip, Pipeline, Silent
from humo_engine.protocol import parse_request
from humo_engine.settings import Preset, Settings, whole_frames
from humo_engine.shortcuts import expected_passes

PRESETS = ("fast", "standard")
LONG_SECONDS = 20
LONG_STEPS = 2  # a step costs what every other does; whatever a clip pays once is measured apart
EXACT = "exact"  # the steps of `standard`, and nothing left out


def measure_clips(benches: Sequence[Bench], precisions: Iterable[str], budget: float | None = None) -> None:
    """Emit a line for each precision, size and way of `rows`: of one model, on one device, until `budget` s would be passed."""
    end = None if budget is None else time.perf_counter() + budget
    settings = _settings(benches[0])

    def measure(parts: Components, precision: str) -> None:
        for bench in benches:
            _measure(bench, parts, settings, precision, end)

    _in_each_precision(benches[0], precisions, "clip", measure)


def _settings(bench: Bench) -> Settings:
    return effective_settings(None, "official" if bench.device.type == "cuda" else "tiny")


def _in_each_precision(bench: Bench, precisions: Iterable[str], case: str, measure: Callable[[Components, str], None]) -> None:
    """Measure with fast parts in every precision that the device has; what it has not is a line that says so."""
    for precision in precisions:
        if precision == "fp8" and not supports_float8(bench.device):
            bench.emit(case=case, model=bench.family, precision="fp8", skipped="this device does not multiply e4m3")
            continue
        measure(_parts(bench, precision), precision)
        _forget(bench.device)


def _parts(bench: Bench, precision: str) -> Components:
    parts = random_components(bench, None, precision)
    _make_fast(bench, parts.transformer)
    if bench.device.type == "cuda":
        from humo_engine.vae_fast import speed_up_decoder

        speed_up_decoder(parts.vae)
    return parts


def measure_long_takes(bench: Bench, precisions: Iterable[str]) -> None:
    """Emit a line for each precision: one continuous take of `LONG_SECONDS` beside a clip of the usual length, in the same run.

    Seconds per second of video are those of `steps` steps of the published procedure: denoising in proportion to the steps that were made, the
    rest of a clip as it was.
    """
    settings = _settings(bench)
    if bench.device.type == "cuda":
        longer = dataclasses.replace(bench, frames=whole_frames(LONG_SECONDS * settings.fps))
    else:  # windows at toy size, too
        longer = dataclasses.replace(bench, frames=4 * bench.frames - 3)
        at_once = dict.fromkeys(settings.frames.maximum, bench.frames)
        settings = dataclasses.replace(
            settings,
            frames=dataclasses.replace(settings.frames, maximum=at_once),
            takes=dataclasses.replace(settings.takes, window=bench.frames, overlap=4),
        )
    _in_each_precision(
        bench, precisions, "long", lambda parts, precision: _measure_long(bench, longer, parts, settings, precision)
    )


@dataclass(frozen=True)
class _Measured:
    """A clip of few steps, and what one of all steps costs by it."""

    clip: Clip
    seconds_per_step: float
    seconds: float
    seconds_per_second: float
    peak_gib: float


def _measure_long(bench: Bench, longer: Bench, parts: Components, settings: Settings, precision: str) -> None:
    steps = _steps(settings, settings.presets.get("standard", settings.preset()))
    with tempfile.TemporaryDirectory(prefix="humo-bench-") as name:
        folder = Path(name)
        pipeline = Pipeline(parts, settings, bench.device, folder, cache=folder)

        def measured(which: Bench) -> _Measured:
            _clip(which, pipeline, folder, 1, {})  # what is compiled at the first of a size is no part of the second
            _reset_peak(bench.device)
            start = time.perf_counter()
            clip = _clip(which, pipeline, folder, LONG_STEPS, {})
            step = clip.seconds["denoise"] / LONG_STEPS
            seconds = time.perf_counter() - start + step * (steps - LONG_STEPS)
            return _Measured(clip, step, seconds, seconds / (which.frames / settings.fps), _peak(bench.device))

        usual, long = measured(bench), measured(longer)
        windows = pipeline.windows_of(longer.frames, longer.width, longer.height)
    bench.emit(
        case="long", model=bench.family, size=f"{bench.width}×{bench.height}", precision=_precision(bench, precision),
        frames=longer.frames, windows=len(windows), steps=steps, measured_steps=LONG_STEPS,
        seconds_per_step=round(long.seconds_per_step, 3), seconds_per_step_usual=round(usual.seconds_per_step, 3),
        seconds_of_a_clip=round(long.seconds, 1), stages=long.clip.seconds,
        seconds_per_second=round(long.seconds_per_second, 2), seconds_per_second_usual=round(usual.seconds_per_second, 2),
        times_dearer=round(long.seconds_per_second / usual.seconds_per_second, 3),
        peak_gib=long.peak_gib, peak_gib_usual=usual.peak_gib, attention=attention_kernel(bench.device), weights="random",
    )  # fmt: skip


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

    picture, sound = folder / "face.png", folder / f"speech-{bench.frames}.wav"
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
    clip = pipeline.generate(request, Silent())
    if clip.path is not None:
        clip.path.unlink()
    return dataclasses.replace(clip, path=None)
