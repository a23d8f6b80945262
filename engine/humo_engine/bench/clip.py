"""The case `clip`: whole clips, from the request to the frames, as the presets `fast` and `standard` make them, beside the published procedure.

Random weights cost what others do: a LoRA is fused into them and makes no pass dearer, so none is loaded. Only caching depends on
what the weights are; rows with it say so.
"""

from __future__ import annotations

import tempfile
import time
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


def rows(settings: Settings) -> dict[str, tuple[int, dict[str, Any]]]:
    """Steps and shortcuts of each way: the presets that are shipped, and the published procedure, which may be one of them."""
    presets = {name: settings.presets[name] for name in PRESETS if name in settings.presets}
    ways = {name: (steps_of(settings, preset), dict(preset.shortcuts)) for name, preset in presets.items()}
    exact = settings.presets.get("standard", settings.preset())
    return {**ways, EXACT: (steps_of(settings, exact), {})}


def _measure(bench: Bench, parts: Components, settings: Settings, precision: str, end: float | None) -> None:
    ways = rows(settings)
    exact_steps, _ = ways[EXACT]
    exact_passes = expected_passes(bench.family, "TIA", exact_steps, "full", None)
    with tempfile.TemporaryDirectory(prefix="humo-bench-") as name:
        folder = Path(name)
        pipeline = Pipeline(parts, settings, bench.device, folder, cache=folder)
        # What is compiled or kept at the first clip of a size is no part of the second.
        make_clip(bench, pipeline, folder, 1, {})
        done: dict[tuple[int, str], str] = {}
        per_pass: float | None = None
        for way, (steps, shortcuts) in ways.items():
            about = {
                "case": "clip", "model": bench.family, "preset": way, "size": bench.shown_size,
                "frames": bench.frames, "precision": bench.shown_precision(precision), "steps": steps, **shortcuts,
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
            clip = make_clip(bench, pipeline, folder, steps, shortcuts)
            seconds = time.perf_counter() - start
            made = passes if clip.spared is None else clip.spared.passes
            per_pass = clip.seconds["denoise"] / made
            exact = exact_passes * per_pass + seconds - clip.seconds["denoise"]
            bench.emit(
                **about, seconds=round(seconds, 2), stages=clip.seconds, passes=made, seconds_per_pass=round(per_pass, 4),
                exact_passes=exact_passes, exact_seconds_by_these_passes=round(exact, 2), times_faster=round(exact / seconds, 2),
                peak_gib=peak(bench.device), attention=attention_kernel(bench.device), weights="random",
            )  # fmt: skip
            done[steps, str(shortcuts)] = way
