"""What a benchmark divides by: the arithmetic of a pass, and what this device can do at most, measured beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from humo_engine.fast import fastest_attention
from humo_engine.flash import flash_attention, flash_attention_works
from humo_engine.functional import attention


def token_count(frames: int, width: int, height: int, references: int = 1) -> int:
    """Tokens of a clip: patches of 16×16 pixels in (frames − 1)/4 + 1 latent frames and each reference frame."""
    return ((frames - 1) // 4 + 1 + references) * (width // 16) * (height // 16)


def pass_arithmetic(
    tokens: int, dim: int, ffn_dim: int, layers: int, text_tokens: int = 512, audio_tokens: int = 16
) -> tuple[float, float]:
    """(linear, attention) floating-point operations of one forward pass, what is done once per clip left out.

    Linear: q, k, v, o of self-attention, q and o of both cross-attentions, and the two of the feed-forward.
    """
    linear = 2.0 * tokens * dim * (8 * dim + 2 * ffn_dim) * layers
    attention = 4.0 * tokens * dim * (tokens + text_tokens + audio_tokens) * layers
    return linear, attention


def seconds_of(work: Callable[[], Any], device: torch.device, repeats: int = 3, warm_up: int = 1) -> float:
    """Median seconds of `work`, after warming up, waiting for the device each time."""
    for _ in range(warm_up):
        work()
    times = []
    for _ in range(repeats):
        _wait(device)
        start = time.perf_counter()
        work()
        _wait(device)
        times.append(time.perf_counter() - start)
    return median(times)


def matrix_ceiling(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """FLOP per second of one large matrix product on random values (zeros would run faster than real data)."""
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2.0 * size**3 / seconds_of(lambda: a @ b, device, repeats=10, warm_up=3)


def attention_ceiling(device: torch.device, dtype: torch.dtype, tokens: int, heads: int, head_dim: int = 128) -> float:
    """FLOP per second of the quickest attention kernel at `tokens`, laid out as the model does."""
    q, k, v = (torch.randn(1, tokens, heads, head_dim, device=device, dtype=dtype) for _ in range(3))
    kernel = flash_attention if dtype == torch.bfloat16 and flash_attention_works(device) else attention
    with fastest_attention(device, dtype), torch.no_grad():
        seconds = seconds_of(lambda: kernel(q, k, v), device, repeats=5, warm_up=2)
    return 4.0 * tokens * tokens * heads * head_dim / seconds


def relative_error(out: torch.Tensor, reference: torch.Tensor) -> float:
    """‖out − reference‖ / ‖reference‖."""
    return ((out.float() - reference.float()).norm() / reference.float().norm()).item()


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
