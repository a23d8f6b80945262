"""The benchmark: cases by models and sizes, one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import torch

from humo_engine.bench.device import forget
from humo_engine.bench.registry import CASES
from humo_engine.bench.subject import TOY_FRAMES, TOY_SIZE, Bench, Choices, toy
from humo_engine.fast import keep_compiled_code
from humo_engine.load import effective_settings
from humo_engine.model import SIZES

LIMITS_GIB = (24, 48)


def run_bench(
    models: Iterable[str],
    lines: Iterable[int] | None,
    precisions: Iterable[str],
    cases: Iterable[str],
    limits: Iterable[int] = LIMITS_GIB,
    write: Callable[[str], None] = print,
    budget: float | None = None,
) -> bool:
    """Measure and write one JSON line per case; False if any case failed (its line says why).

    `lines`: which sizes of `generate.yaml`; None: all. ValueError for a case or a size that does not exist. `budget` is that of `Choices`.
    """
    cases = tuple(cases)
    if unknown := [case for case in cases if case not in CASES]:
        raise ValueError(f"--case {unknown[0]} does not exist; choose from {', '.join(CASES)}")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    settings = effective_settings(None, "official")
    sizes = [settings.size(count) for count in (settings.sizes if lines is None else lines)]
    frames = settings.frames.default
    if device.type != "cuda":
        sizes, frames = [TOY_SIZE for _ in sizes], TOY_FRAMES
    choices = Choices(tuple(sizes), tuple(precisions), tuple(limits), write, budget)
    keep_compiled_code()
    about = {"device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU", "torch": torch.__version__}
    good = True

    def emit(**fields: Any) -> None:
        write(json.dumps({**fields, **about}, ensure_ascii=False, default=str))

    for family in models:
        for name in cases:
            case = CASES[name]
            for width, height in choices.sizes[:1] if case.once else choices.sizes:
                size = SIZES[family] if device.type == "cuda" else toy(family)
                bench = Bench(device, family, width, height, frames, size, emit)
                try:
                    case.measure(bench, choices)
                except Exception as error:  # one case that fails must not cost the others
                    good = False
                    emit(case=name, model=family, size=bench.shown_size, error=f"{type(error).__name__}: {error}"[:800])
                forget(device)
    return good
