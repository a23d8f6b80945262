"""The case `request`: from the arrival of a request to its first pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from PIL import Image

from humo_engine.audio import SAMPLES_PER_FEATURE_PAIR, audio_features, audio_windows, whisper_states
from humo_engine.bench.device import forget, peak, reset_peak, wait
from humo_engine.bench.measure import seconds_of
from humo_engine.bench.random_parts import random_components
from humo_engine.bench.subject import Bench, Choices, forward, make_fast
from humo_engine.components import Components
from humo_engine.conditions import prepare_conditions
from humo_engine.guidance import TI, TIA, I
from humo_engine.images import letterbox
from humo_engine.memory.plan import Plan
from humo_engine.text import encode_text
from humo_engine.units import GIB
from humo_engine.vae import decode_pieces, encode
from humo_engine.vae_fast import speed_up_decoder


def measure(bench: Bench, choices: Choices) -> None:
    """Emit the line of this case."""
    measure_request(bench, None, "bf16")


def measure_request(bench: Bench, plan: Plan | None, precision: str) -> None:
    """From a request's arrival to its first denoising pass, the second time round; with a plan, every stage within it."""
    parts = random_components(bench, plan, precision)
    passes = (TIA, TI, I)
    forget(bench.device)  # what drawing the weights left in the allocator is not part of a request
    reset_peak(bench.device)
    times: list[float] = []
    for _ in range(2):
        wait(bench.device)
        start = time.perf_counter()
        conditions, latents = encode_request(bench, parts, passes)
        wait(bench.device)
        times.append(time.perf_counter() - start)
    make_fast(bench, parts.transformer)
    forward(bench, parts.transformer, latents, conditions)
    seconds = seconds_of(lambda: forward(bench, parts.transformer, latents, conditions), bench.device)
    denoise_peak = peak(bench.device)
    reset_peak(bench.device)
    fields: dict[str, Any] = {}
    if plan is not None:
        speed_up_decoder(parts.vae)
        parts.vae.use_tiling = plan.tiles(plan.demand.work)

        def decode() -> None:
            for piece in decode_pieces(parts.vae, latents[:, :-1]):
                piece.cpu()

        fields = {
            "decode_seconds": round(seconds_of(decode, bench.device, repeats=1), 3),
            "decode_peak_gib": peak(bench.device),
            "limit_gib": (plan.limit or 0) / GIB,
            "resident_blocks": plan.resident[bench.family],
            "planned_peaks_gib": {stage: round(size / GIB, 2) for stage, size in plan.peaks.items()},
        }
    bench.emit(
        case="request" if plan is None else "limit",
        model=bench.family,
        size=bench.shown_size,
        precision=bench.shown_precision(precision),
        seconds_to_first_pass=round(times[1], 3),
        first_request_seconds=round(times[0], 3),
        seconds_per_pass=round(seconds, 4),
        peak_gib=denoise_peak,
        **fields,
    )


def encode_request(
    bench: Bench, parts: Components, passes: Iterable[Any], prepare: Callable[..., Any] | None = None
) -> tuple[Any, torch.Tensor]:
    """All that comes before denoising: prompt, negative prompt, sound and image to prepared conditions, and noise.

    `prepare` makes the conditions from the passes and their inputs; unless given, it is `prepare_conditions`.
    """
    device, shape = bench.device, bench.latent_shape
    prompt = "A woman with short grey hair speaks to the camera in a bright kitchen, smiling now and then. " * 2
    text, negative = (
        encode_text(words, parts.text_encoder, parts.tokenizer, bench.size.text_length) for words in (prompt, "blurred")
    )
    samples = torch.randn(bench.frames * SAMPLES_PER_FEATURE_PAIR, generator=torch.Generator().manual_seed(0)) * 0.1
    windows = audio_windows(audio_features(whisper_states(samples, parts.whisper, parts.extractor)), bench.frames).to(device)
    windows = torch.cat([windows, torch.zeros_like(windows[:1])])
    reference = encode(parts.vae, letterbox(Image.new("RGB", (600, 800), (90, 120, 60)), bench.width, bench.height).to(device))
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
    conditions = (prepare or partial(prepare_conditions, parts.transformer))(
        passes,
        text=text.to(device),
        negative_text=negative.to(device),
        audio=windows,
        references=reference,
        zero_video=torch.zeros(shape, device=device),
    )
    return conditions, latents
