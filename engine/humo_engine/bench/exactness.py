"""The case `exactness`: the error of the fast path."""

from __future__ import annotations

from dataclasses import replace

import torch

from humo_engine.bench.measure import relative_error
from humo_engine.bench.random_parts import random_conditions, random_transformer
from humo_engine.bench.subject import Bench, Choices, forward, make_fast
from humo_engine.checkpoint import lower_precision
from humo_engine.guidance import TIA

EXACT_LAYERS = 2


def measure(bench: Bench, choices: Choices) -> None:
    """The fast path against the plain one in fp32, at full width and full length with few layers."""
    size = replace(bench.size, layers=min(EXACT_LAYERS, bench.size.layers))
    model = random_transformer(size, torch.float32, bench.device)
    conditions, latents = random_conditions(bench, model)
    timestep = torch.full((1,), 900, device=bench.device)
    with torch.no_grad():
        plain = model(latents, timestep, conditions[TIA]).cpu()
    del conditions
    lower_precision(model, torch.bfloat16)
    conditions, latents = random_conditions(bench, model)
    make_fast(bench, model)
    fast = forward(bench, model, latents, conditions).cpu()
    bench.emit(
        case="exactness",
        model=bench.family,
        size=bench.shown_size,
        layers=size.layers,
        error_of_fast_bf16_to_plain_fp32=relative_error(fast, plain),
        limit=1e-2,
    )
