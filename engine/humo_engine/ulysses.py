"""One pass on several ranks: each computes a part of the tokens, and self-attention a part of the heads (DeepSpeed-Ulysses).

Tokens meet in self-attention alone, so nothing else is exchanged: queries, keys and values on the way in, the result on the
way out, each as bf16 in one all-to-all. Keys and values travel while the next product runs; heads can go in chunks, so
that one travels while another attends. Source: DeepSpeed-Ulysses, arXiv 2309.14509.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from humo_engine import kernels
from humo_engine.fast import compiled
from humo_engine.fp8 import Float8Linear, quantize_rows
from humo_engine.functional import attention, rotate
from humo_engine.layers import Attention, Block, KeysValues
from humo_engine.model import Conditions, HuMoTransformer

SMALLEST_PIECE = 64
"""Tokens of a frame that are worth a piece of their own in audio attention."""


@dataclass(frozen=True)
class Part:
    """What rank `index` of `count` computes: `length` tokens from `index · length` on, in pieces of one frame each.

    The last ranks' tokens may lie beyond the `tokens` that there are; those are zeros, and nothing reads them.
    """

    index: int
    count: int
    tokens: int
    length: int
    piece: int
    frame: int  # tokens of a latent frame

    @property
    def start(self) -> int:
        return self.index * self.length

    def frames(self, device: torch.device) -> Tensor:
        """For each piece, the number of its latent frame."""
        starts = self.start + self.piece * torch.arange(self.length // self.piece, device=device)
        return (starts // self.frame).clamp(max=self.tokens // self.frame - 1)

    def of(self, values: Tensor) -> Tensor:
        """The rows of this part, filled up with zeros. values (tokens, …) → (length, …)."""
        rows = values[self.start : self.start + self.length]
        return F.pad(rows, (0, 0) * (rows.dim() - 1) + (0, self.length - rows.shape[0]))


def part_of(index: int, count: int, frames: int, frame: int) -> Part:
    """The part of rank `index` of `count`, of `frames` latent frames of `frame` tokens each.

    Pieces never reach over the end of a frame. Of the lengths they may have, the longest of those that fill up least.
    """
    tokens = frames * frame
    pieces = [piece for piece in range(min(SMALLEST_PIECE, frame), frame + 1) if frame % piece == 0]
    length, negative = min((-(-tokens // (count * piece)) * piece, -piece) for piece in pieces)
    return Part(index, count, tokens, length, -negative, frame)


@dataclass(frozen=True)
class Exchange:
    """How the ranks of one pass exchange: their process group, this rank's part, and in how many chunks heads travel.

    One is the quickest: chunks that attend while another travels attend worse (BENCHMARKS.md). The bench asks for more.
    """

    part: Part
    group: Any
    chunks: int = 1

    def send(self, values: Tensor) -> tuple[Tensor, Callable[[], None]]:
        """Start an all-to-all of values (ranks, …): slice r goes to rank r. Returns what arrives, and how to wait for it."""
        arriving = torch.empty_like(values)
        work = dist.all_to_all_single(arriving, values, group=self.group, async_op=True)
        return arriving, work.wait


def patches_of_part(
    model: HuMoTransformer, latents: Tensor, timestep: Tensor, conditions: Conditions, exchange: Exchange
) -> Tensor:
    """This rank's part of `model.patches`: (1, length, out_dim · patch), fp32. `conditions` come from `conditions_of_part`."""
    x, time, modulation = model.enter(latents, timestep, conditions, exchange.part.of)
    for block, text, audio in zip(model.blocks, conditions.text, conditions.audio, strict=True):
        x = block(x, modulation, conditions.rope, text, audio, exchange)
    return model.head(x, time)


def conditions_of_part(conditions: Conditions, part: Part) -> Conditions:
    """What a rank has to know of a pass's conditions: positions of its tokens, and its pieces' audio."""
    frames = part.frames(conditions.rope[0].device)
    return Conditions(
        channels=conditions.channels,
        text=conditions.text,
        audio=[(keys[frames], values[frames]) for keys, values in conditions.audio],
        rope=tuple(part.of(table).contiguous() for table in conditions.rope),
    )


def enable_exchange(blocks: nn.ModuleList, device: torch.device) -> None:
    """Let blocks take an Exchange as their last argument. In place, after `compile_blocks` where that is used.

    Without one they compute what they did before. What lies around self-attention is compiled on a GPU; the exchange itself
    is plain code, since what a compiler reorders or reuses must not be on its way to another rank.
    """
    quick = compiled if device.type == "cuda" else (lambda work: work)
    for block in blocks:
        before, after = quick(_before.__get__(block)), quick(_after.__get__(block))
        block.forward = _Dispatch(block.forward, block, before, after)


class _Dispatch:
    """A block's forward: the whole of it on one rank, or a part of its tokens on each of several."""

    def __init__(self, whole: Callable[..., Tensor], block: Block, before: Callable[..., Any], after: Callable[..., Tensor]):
        self._whole, self._block, self._before, self._after = whole, block, before, after

    def __call__(
        self,
        x: Tensor,
        time: Tensor,
        rope: tuple[Tensor, Tensor],
        text: KeysValues,
        audio: KeysValues,
        exchange: Exchange | None = None,
    ) -> Tensor:
        if exchange is None:
            return self._whole(x, time, rope, text, audio)
        given = self._before(x, time, text[0].dtype)
        attended = _attend(self._block.self_attn, given, rope, exchange, text[0].dtype)
        return self._after(x, attended, time, text, audio)


def _before(self: Block, x: Tensor, time: Tensor, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """What self-attention is given: (x,), or for fp8 its rows and their scales, quantised once for q, k and v."""
    shift, scale, *_ = (self.modulation.float() + time).unbind(1)
    x = (self.norm1(x) * (1 + scale) + shift).to(dtype)
    return quantize_rows(x) if isinstance(self.self_attn.q, Float8Linear) else (x,)


def _after(self: Block, x: Tensor, attended: Tensor, time: Tensor, text: KeysValues, audio: KeysValues) -> Tensor:
    """The block after attention. attended (chunks, ranks, length, heads/(chunks·ranks)·head_dim), as it arrived."""
    gate = (self.modulation.float() + time).unbind(1)[2]
    chosen = attended.permute(2, 1, 0, 3).reshape(1, attended.shape[2], -1)
    return self.after_self_attention(x + gate * self.self_attn.o(chosen), time, text, audio)


def _attend(
    layer: Attention, given: tuple[Tensor, ...], rope: tuple[Tensor, Tensor], exchange: Exchange, dtype: torch.dtype
) -> Tensor:
    """Self-attention of all tokens for this rank's heads → for this rank's tokens all heads, as `_after` takes them."""
    part, heads = exchange.part, layer.heads
    chunks = exchange.chunks if heads // part.count % exchange.chunks == 0 else 1

    def travel(values: Tensor) -> list[tuple[Tensor, Callable[[], None]]]:
        return [exchange.send(values[chunk * part.count : (chunk + 1) * part.count]) for chunk in range(chunks)]

    # Values first: they need nothing but their product. What is on its way arrives while the next product runs.
    values = travel(_by_rank(_product(layer.v, given, dtype), heads, part.count, chunks))
    keys = travel(_turned(layer.norm_k, _product(layer.k, given, dtype), rope, heads, part.count, chunks))
    queries = travel(_turned(layer.norm_q, _product(layer.q, given, dtype), rope, heads, part.count, chunks))
    width = layer.heads // (part.count * chunks)
    attend = kernels.self_attention_kernel() if given[0].is_cuda else attention
    arrived, returning = [], []
    for (q, q_wait), (k, k_wait), (v, v_wait) in zip(queries, keys, values, strict=True):
        for wait in (v_wait, k_wait, q_wait):
            wait()
        # From each rank its tokens, in the order of ranks: all tokens, with those that fill up at the end.
        q, k, v = (of.reshape(1, part.count * part.length, width, -1) for of in (q, k, v))
        out = attend(q, k[:, : part.tokens], v[:, : part.tokens])
        back, wait = exchange.send(out.view(part.count, part.length, -1))
        arrived.append(back)
        returning.append(wait)
    for wait in returning:
        wait()
    return torch.stack(arrived) if chunks > 1 else arrived[0][None]


def _product(layer: nn.Module, given: tuple[Tensor, ...], dtype: torch.dtype) -> Tensor:
    return layer.product(*given).to(dtype) if len(given) == 2 else layer(*given)


def _turned(norm: nn.Module, x: Tensor, rope: tuple[Tensor, Tensor], heads: int, ranks: int, chunks: int) -> Tensor:
    """Norm and rotation, laid out by `_by_rank`."""
    if x.is_cuda and x.dtype == torch.bfloat16:
        return kernels.norm_rotate(x, norm.weight, *rope, heads, norm.eps, ranks, chunks)
    turned = rotate(norm(x).unflatten(-1, (heads, -1)), *rope)
    return _by_rank(turned.flatten(2), heads, ranks, chunks)


def _by_rank(x: Tensor, heads: int, ranks: int, chunks: int) -> Tensor:
    """x (1, length, dim) → (chunks · ranks, length, heads/(chunks·ranks), head_dim), what each exchange sends together."""
    parts = x[0].unflatten(-1, (ranks, chunks, heads // (ranks * chunks), -1))
    return parts.permute(2, 1, 0, 3, 4).flatten(0, 1).contiguous()
