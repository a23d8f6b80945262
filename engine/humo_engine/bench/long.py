"""The case `long`: one continuous take of twenty seconds beside a clip of the usual length."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from humo_engine.bench.device import peak, reset_peak
from humo_engine.bench.subject import Bench, Choices
from humo_engine.bench.whole_clip import in_each_precision, make_clip, settings_for, steps_of
from humo_engine.components import Components
from humo_engine.fast import attention_kernel
from humo_engine.pipeline import Clip, Pipeline
from humo_engine.settings import Settings, whole_frames

LONG_SECONDS = 20
LONG_STEPS = 2  # a step costs what every other does; whatever a clip pays once is measured apart


def measure(bench: Bench, choices: Choices) -> None:
    """Emit a line for each precision: one continuous take of `LONG_SECONDS` beside a clip of the usual length, in the same run.

    Seconds per second of video are those of `steps` steps of the published procedure: denoising in proportion to the steps that were made, the
    rest of a clip as it was.
    """
    settings = settings_for(bench.device)
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
    in_each_precision(
        bench, choices.precisions, "long", lambda parts, precision: _measure_long(bench, longer, parts, settings, precision)
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
    steps = steps_of(settings, settings.presets.get("standard", settings.preset()))
    with tempfile.TemporaryDirectory(prefix="humo-bench-") as name:
        folder = Path(name)
        pipeline = Pipeline(parts, settings, bench.device, folder, cache=folder)

        def measured(which: Bench) -> _Measured:
            make_clip(which, pipeline, folder, 1, {})  # what is compiled at the first of a size is no part of the second
            reset_peak(bench.device)
            start = time.perf_counter()
            clip = make_clip(which, pipeline, folder, LONG_STEPS, {})
            step = clip.seconds["denoise"] / LONG_STEPS
            seconds = time.perf_counter() - start + step * (steps - LONG_STEPS)
            return _Measured(clip, step, seconds, seconds / (which.frames / settings.fps), peak(bench.device))

        usual, long = measured(bench), measured(longer)
        windows = pipeline.windows_of(longer.frames, longer.width, longer.height)
    bench.emit(
        case="long", model=bench.family, size=bench.shown_size, precision=bench.shown_precision(precision),
        frames=longer.frames, windows=len(windows), steps=steps, measured_steps=LONG_STEPS,
        seconds_per_step=round(long.seconds_per_step, 3), seconds_per_step_usual=round(usual.seconds_per_step, 3),
        seconds_of_a_clip=round(long.seconds, 1), stages=long.clip.seconds,
        seconds_per_second=round(long.seconds_per_second, 2), seconds_per_second_usual=round(usual.seconds_per_second, 2),
        times_dearer=round(long.seconds_per_second / usual.seconds_per_second, 3),
        peak_gib=long.peak_gib, peak_gib_usual=usual.peak_gib, attention=attention_kernel(bench.device), weights="random",
    )  # fmt: skip
