"""Three fused steps of a block that the compiler leaves apart, for bf16 on a GPU. Same arithmetic, fewer trips to memory.

Norm and rotation of q and k; the GELU at the end of a product; GELU and quantisation in one. `use_fused_kernels` puts
them into blocks; without it the plain code of `layers` runs, which is also what the tests compare with.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from humo_engine.flash import flash_attention, flash_attention_works
from humo_engine.fp8 import FLOAT8, LARGEST, Float8Linear, quantize_rows
from humo_engine.functional import attention
from humo_engine.layers import Attention


def use_fused_kernels(blocks: Iterable[nn.Module], device: torch.device) -> None:
    """Let transformer blocks use the kernels below on `device`. In place; before compiling."""
    global _attend
    _attend = flash_attention if flash_attention_works(device) else attention
    for block in blocks:
        block.self_attn.forward = types.MethodType(_self_attention, block.self_attn)
        block.ffn.forward = types.MethodType(_feed_forward, block.ffn)
        # What the other layers take comes out of a compiled kernel that quantises on its way; attention's output does not.
        for layer in (block.self_attn.o, block.cross_attn.o, block.audio_cross_attn_wrapper.audio_cross_attn.o):
            if isinstance(layer, Float8Linear):
                layer.forward = types.MethodType(_quantized_product, layer)


def _self_attention(layer: Attention, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    heads = layer.heads
    q = norm_rotate(layer.q(x), layer.norm_q.weight, *rope, heads, layer.norm_q.eps)
    k = norm_rotate(layer.k(x), layer.norm_k.weight, *rope, heads, layer.norm_k.eps)
    return layer.o(_attend(q, k, layer.v(x).unflatten(-1, (heads, -1))))


# Which kernel self-attention uses, decided before blocks are compiled.
_attend = attention


def self_attention_kernel() -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The kernel that `use_fused_kernels` has chosen for self-attention."""
    return _attend


def _feed_forward(layers: nn.Sequential, x: Tensor) -> Tensor:
    first, _, last = layers
    if isinstance(last, Float8Linear):
        return last.product(*quantize(first(x), True))
    return last(linear_gelu(x, first.weight, first.bias))


def _quantized_product(layer: Float8Linear, x: Tensor) -> Tensor:
    return layer.product(*quantize(x, False))


@torch.library.custom_op("humo::norm_rotate", mutates_args=())
def norm_rotate(
    x: Tensor, weight: Tensor, cosine: Tensor, sine: Tensor, heads: int, eps: float, ranks: int = 1, chunks: int = 1
) -> Tensor:
    """RMS norm over the full width, then rotary positions. x (1, L, dim) bf16 → (chunks·ranks, L, heads/(chunks·ranks), head_dim).

    Where heads go to several ranks, each in several chunks, head number (r·chunks + c)·n + i is (c·ranks + r, :, i) of the
    result: what one exchange sends lies together, and costs no copy. Rounds where `layers.RMSNorm` rounds: the normed value and its product with the weight are bf16.
    """
    out = torch.empty_like(x)
    length, dim = x.shape[1], x.shape[2]
    kernel, block = _kernels().norm_rotate, _power_of_two(dim)
    kernel[(length,)](
        x, weight, cosine, sine, out, length, dim, eps, HEAD=dim // heads, RANKS=ranks, CHUNKS=chunks, BLOCK=block,
        num_warps=min(16, max(1, block // 512)),
    )  # fmt: skip
    return out.view(ranks * chunks, length, heads // (ranks * chunks), -1)


@norm_rotate.register_fake
def _(x: Tensor, weight: Tensor, cosine: Tensor, sine: Tensor, heads: int, eps: float, ranks: int = 1, chunks: int = 1) -> Tensor:
    return x.new_empty(ranks * chunks, x.shape[1], heads // (ranks * chunks), x.shape[2] // heads)


@torch.library.custom_op("humo::linear_gelu", mutates_args=())
def linear_gelu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """GELU (tanh form) of a linear layer, taken on the product's fp32 sums. x (…, in) → (…, out)."""
    out = torch._addmm_activation(bias, x.reshape(-1, x.shape[-1]), weight.t(), use_gelu=True)
    return out.view(*x.shape[:-1], weight.shape[0])


@linear_gelu.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return x.new_empty(*x.shape[:-1], weight.shape[0])


@torch.library.custom_op("humo::quantize", mutates_args=())
def quantize(x: Tensor, gelu: bool) -> tuple[Tensor, Tensor]:
    """e4m3 with one scale a row, of x or of its GELU (tanh form). x (…, n) bf16 → ((…, n) e4m3, (…, 1) fp32)."""
    rows = x.reshape(-1, x.shape[-1])
    out, scale = torch.empty_like(rows, dtype=FLOAT8), rows.new_empty(rows.shape[0], 1, dtype=torch.float32)
    block = _power_of_two(rows.shape[1])
    _kernels().quantize[(rows.shape[0],)](
        rows, out, scale, rows.shape[1], LARGEST, GELU=gelu, BLOCK=block, num_warps=min(16, max(1, block // 512))
    )
    return out.view(x.shape), scale.view(*x.shape[:-1], 1)


@quantize.register_fake
def _(x: Tensor, gelu: bool) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x, dtype=FLOAT8), x.new_empty(*x.shape[:-1], 1, dtype=torch.float32)


def plain_quantize(x: Tensor, gelu: bool) -> tuple[Tensor, Tensor]:
    """What `quantize` computes, without its kernel."""
    return quantize_rows(F.gelu(x.float(), approximate="tanh") if gelu else x)


def _power_of_two(number: int) -> int:
    return 1 << (number - 1).bit_length()


def _kernels() -> types.ModuleType:
    # Triton is there only where a GPU build of torch is.
    from humo_engine import triton_kernels

    return triton_kernels
