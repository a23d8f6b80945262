"""The case `clip`: whole clips, from the request to the frames, as the presets `fast` and `standard` make them, beside the published procedure.

Random weights cost what others do: a LoRA is fused into them and makes no pass dearer, so none is loaded. Only caching depends on
what the weights are, and random ones let it skip nothing: so a preset with caching is also made with every step skipped that may be,
as the small model's clips come out.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from humo_engine.bench.device import peak
from humo_engine.bench.subject import Bench, Choices
from humo_engine.bench.whole_clip import in_each_precision, make_clip, settings_for, steps_of
from humo_engine.components import Components
from humo_engine.fast import attention_kernel
from humo_engine.pipeline import Pipeline
from humo_engine.settings import Settings
from humo_engine.shortcuts import expected_passes

PRESETS = ("fast", "standard")
EXACT = "exact"  # the steps of `standard`, and nothing left out


def measure(bench: Bench, choices: Choices) -> None:
    """Emit a line for each precision, size and way of `rows`, until the budget would be passed."""
    end = None if choices.budget is None else time.perf_counter() + choices.budget
    settings = settings_for(bench.device)
    benches = [bench.at(size) for size in dict.fromkeys(choices.sizes)]

    def measure_each(parts: Components, precision: str) -> None:
        for of_size in benches:
            _measure(of_size, parts, settings, precision, end)

    in_each_precision(bench, choices.precisions, "clip", measure_each)


@dataclass(frozen=True)
class Way:
    """One row: how a clip is made. `skip_all`: every step is skipped that caching may skip."""

    steps: int
    shortcuts: dict[str, Any]
    skip_all: bool = False


def rows(settings: Settings) -> dict[str, Way]:
    """The presets that are shipped, with caching also at its most, and the published procedure, which may be one of them."""
    ways: dict[str, Way] = {}
    for name in PRESETS:
        if (preset := settings.presets.get(name)) is None:
            continue
        way = Way(steps_of(settings, preset), dict(preset.shortcuts))
        if "caching" in way.shortcuts:
            ways[f"{name}, all skipped that may be"] = replace(way, skip_all=True)
        ways[name] = way
    exact = settings.presets.get("standard", settings.preset())
    return {**ways, EXACT: Way(steps_of(settings, exact), {})}


def _measure(bench: Bench, parts: Components, settings: Settings, precision: str, end: float | None) -> None:
    ways = rows(settings)
    exact_passes = expected_passes(bench.family, "TIA", ways[EXACT].steps, "full", None)
    with tempfile.TemporaryDirectory(prefix="humo-bench-") as scratch:
        folder = Path(scratch)
        pipeline = Pipeline(parts, settings, bench.device, folder, cache=folder)
        # What is compiled or kept at the first clip of a size is no part of the second.
        make_clip(bench, pipeline, folder, 1, {})
        done: dict[str, str] = {}
        per_pass: float | None = None
        for name, way in ways.items():
            steps, shortcuts = way.steps, way.shortcuts
            about = {
                "case": "clip", "model": bench.family, "preset": name, "size": bench.shown_size,
                "frames": bench.frames, "precision": bench.shown_precision(precision), "steps": steps, **shortcuts,
            }  # fmt: skip
            if (same := done.get(str(way))) is not None:
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
            clip = make_clip(bench, pipeline, folder, steps, shortcuts, way.skip_all)
            seconds = time.perf_counter() - start
            made = passes if clip.spared is None else clip.spared.passes
            per_pass = clip.seconds["denoise"] / made
            exact = exact_passes * per_pass + seconds - clip.seconds["denoise"]
            bench.emit(
                **about, seconds=round(seconds, 2), stages=clip.seconds, passes=made, seconds_per_pass=round(per_pass, 4),
                exact_passes=exact_passes, exact_seconds_by_these_passes=round(exact, 2), times_faster=round(exact / seconds, 2),
                peak_gib=peak(bench.device), attention=attention_kernel(bench.device), weights="random",
            )  # fmt: skip
            done[str(way)] = name
