"""FlashAttention's kernels for Hopper, where the optional package `flash-attn-4` is installed.

Self-attention is most of a pass, and these kernels run it faster than cuDNN's on an H100 or H200. The package compiles its
kernels when they are first used and keeps them on disk.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

# How the package's kernel works through heads of 128 channels (decision 0112). By itself it takes 128 queries by 128 keys at a time. With 192 queries
# the same keys serve more of them, and each row sums as before: the same bits, 2 to 4% quicker on an H200. The two switches belong to it: with the
# package's own, 192 queries take nearly twice the time.
SETTINGS = {"tile_mn": (192, 128), "mma_pv_is_rs": True, "intra_wg_overlap": False}
_WORKING: dict[torch.device, bool] = {}
# bf16 has eight bits: two exact kernels differ by less than this on values of size one.
_AGREEMENT = 0.02


def flash_attention_works(device: torch.device) -> bool:
    """Whether the package is there and computes attention on `device`; tried once, with small inputs."""
    if device not in _WORKING:
        _WORKING[device] = _try(device)
    return _WORKING[device]


def _try(device: torch.device) -> bool:
    if device.type != "cuda" or torch.cuda.get_device_capability(device) != (9, 0):
        return False
    if not _is_installed():
        return False
    try:
        generator = torch.Generator(device).manual_seed(0)
        with torch.no_grad():
            q, k, v = (torch.randn(1, 300, 2, 128, device=device, generator=generator).bfloat16() for _ in range(3))
            expected = F.scaled_dot_product_attention(*(x.float().transpose(1, 2) for x in (q, k, v)))
            difference = (flash_attention(q, k, v).float() - expected.transpose(1, 2).flatten(2)).abs().max().item()
    except Exception as error:  # a package that does not fit this torch or driver must not stop the engine
        logging.getLogger(__name__).warning("flash-attn-4 does not work here, so cuDNN's attention is used: %s", error)
        return False
    if difference > _AGREEMENT:
        logging.getLogger(__name__).warning("flash-attn-4 computes something else here (by %.3g); it is not used", difference)
        return False
    return True


def _is_installed() -> bool:
    """Whether the package can be imported. One that is there and cannot says why in the log: without it passes take a tenth longer."""
    try:
        import flash_attn.cute  # noqa: F401
    except Exception as error:  # with a torch that is too old for it, its packages raise more than ImportError
        if not isinstance(error, ModuleNotFoundError) or error.name not in ("flash_attn", "flash_attn.cute"):
            logging.getLogger(__name__).warning(
                "flash-attn-4 is installed and cannot be imported, so cuDNN's attention is used: %s", error
            )
        return False
    return True


@functools.cache
def _forward() -> Callable[..., Any]:
    """The package's kernel with our settings, where its own function takes all of them; else its public one, which takes none."""
    import flash_attn.cute as package

    with contextlib.suppress(ImportError, TypeError, ValueError):
        from flash_attn.cute.interface import _flash_attn_fwd as own

        if SETTINGS.keys() <= inspect.signature(own).parameters.keys():
            return functools.partial(own, **SETTINGS)
    return package.flash_attn_func


@torch.library.custom_op("humo::flash_attention", mutates_args=())
def flash_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax attention without a mask, as `math.attention`. q (B, L, H, D), k and v (B, S, H, D) bf16 → (B, L, H·D)."""
    out = _forward()(q, k, v)
    return (out[0] if isinstance(out, tuple) else out).flatten(2)


@flash_attention.register_fake
def _(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return q.new_empty(q.shape[0], q.shape[1], q.shape[2] * q.shape[3])
