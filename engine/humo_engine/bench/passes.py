"""The case `pass`: one forward pass."""

from __future__ import annotations

import time
from typing import Any

import torch

from humo_engine.bench.device import peak, reset_peak, wait
from humo_engine.bench.measure import attention_ceiling, matrix_ceiling, pass_arithmetic, relative_error, seconds_of
from humo_engine.bench.random_parts import random_conditions, random_transformer
from humo_engine.bench.subject import Bench, Choices, forward, make_fast
from humo_engine.fast import attention_kernel
from humo_engine.fp8 import supports_float8, use_float8


def measure(bench: Bench, choices: Choices) -> None:
    """Seconds of one TIA pass in each precision, beside the ceilings; fp8 with its error against bf16, all layers."""
    ceilings = _ceilings(bench)
    model = random_transformer(bench.size, bench.dtype, bench.device)
    conditions, latents = random_conditions(bench, model)
    reference: torch.Tensor | None = None
    for precision in choices.precisions:
        if precision == "fp8":
            if not supports_float8(bench.device):
                bench.emit(case="pass", model=bench.family, precision="fp8", skipped="this device does not multiply e4m3")
                continue
            use_float8(model.blocks)
        make_fast(bench, model)
        start = time.perf_counter()
        out = forward(bench, model, latents, conditions)
        wait(bench.device)
        first = time.perf_counter() - start
        reset_peak(bench.device)
        again = torch.empty(0)

        def once() -> None:
            nonlocal again
            again = forward(bench, model, latents, conditions)

        seconds = seconds_of(once, bench.device, warm_up=0)
        error = relative_error(out, reference) if precision == "fp8" and reference is not None else None
        bench.emit(
            case="pass",
            model=bench.family,
            size=bench.shown_size,
            precision=bench.shown_precision(precision),
            tokens=bench.tokens,
            seconds_per_pass=round(seconds, 4),
            **_shares(bench, seconds, ceilings),
            peak_gib=peak(bench.device),
            identical_again=bool(torch.equal(out, again)),
            first_pass_seconds=round(first, 2),
            error_to_bf16=error,
            attention=attention_kernel(bench.device),
        )
        reference = out if reference is None else reference


def _ceilings(bench: Bench) -> dict[str, float]:
    """FLOP per second of the device in a large product and in attention at this model's size."""
    on_gpu = bench.device.type == "cuda"
    return {
        "matrix": matrix_ceiling(bench.device, bench.dtype, 8192 if on_gpu else 512),
        "attention": attention_ceiling(bench.device, bench.dtype, bench.tokens, bench.size.heads),
    }


def _shares(bench: Bench, seconds: float, ceilings: dict[str, float]) -> dict[str, Any]:
    size = bench.size
    linear, attention = pass_arithmetic(bench.tokens, size.dim, size.ffn_dim, size.layers, size.text_length, size.audio_tokens)
    floor = linear / ceilings["matrix"] + attention / ceilings["attention"]
    return {
        "tflops": round((linear + attention) / seconds / 1e12, 3),
        "matrix_ceiling_tflops": round(ceilings["matrix"] / 1e12, 3),
        "attention_ceiling_tflops": round(ceilings["attention"] / 1e12, 3),
        "share_of_ceiling": round(floor / seconds, 3),
    }
