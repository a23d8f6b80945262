"""A device waited for, and its memory."""

from __future__ import annotations

import gc

import torch

from humo_engine.units import GIB


def wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def forget(device: torch.device) -> None:
    """Give back what is held no more, compiled code included."""
    gc.collect()
    torch.compiler.reset()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def reset_peak(device: torch.device) -> None:
    """Begin a new peak."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak(device: torch.device) -> float | None:
    """GiB held by the allocator at its peak since the last reset, what fragments it included."""
    return round(torch.cuda.max_memory_reserved(device) / GIB, 2) if device.type == "cuda" else None
