"""What lies on the GPU and what waits in main memory, decided before anything is loaded.

The decision is a pure function of sizes and a limit. Everything stays on the GPU if it fits; otherwise the text encoder
leaves, then Whisper, then as many transformer blocks as must; last, the VAE decodes in tiles. What left passes through
the GPU layer by layer when it is used (see `streaming`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

GIB = 1 << 30
SLOTS = 2  # blocks on the GPU at a time when blocks stream: one computes, one arrives
CONTEXT_BYTES = int(0.75 * GIB)  # the CUDA context and the libraries' own memory, which no allocator counts
MARGIN = 0.04  # of the limit, for what the caching allocator holds between the tensors


class DoesNotFit(RuntimeError):
    """Even with everything outside, the limit is too small. `code` is the protocol's failure code."""

    code = "out_of_memory"


@dataclass(frozen=True)
class Demand:
    """Bytes of the parts and of the work at one size.

    `fixed` is the transformer without its blocks. `text_layer` and `whisper_layer` are one layer of each encoder, the
    most that lies on the GPU per slot once they left. `*_work` is what a stage needs beside the weights.
    """

    fixed: int
    block: int
    blocks: int
    text_encoder: int
    text_layer: int
    whisper: int
    whisper_layer: int
    vae: int
    encode_work: int
    denoise_work: int
    decode_work: int
    decode_tiled_work: int


@dataclass(frozen=True)
class Plan:
    """Where things go. `peaks` are bytes on the GPU by stage, the CUDA context included; `limit` is None without one."""

    demand: Demand
    limit: int | None
    text_encoder_on_gpu: bool
    whisper_on_gpu: bool
    resident_blocks: int
    tiled_decode: bool

    @property
    def streamed_blocks(self) -> int:
        return self.demand.blocks - self.resident_blocks

    @property
    def persistent(self) -> int:
        """Bytes that stay on the GPU between requests, the CUDA context included."""
        demand = self.demand
        return (
            CONTEXT_BYTES + demand.fixed + demand.vae
            + (self.resident_blocks + min(SLOTS, self.streamed_blocks)) * demand.block
            + (demand.text_encoder if self.text_encoder_on_gpu else SLOTS * demand.text_layer)
            + (demand.whisper if self.whisper_on_gpu else SLOTS * demand.whisper_layer)
        )

    @property
    def peaks(self) -> dict[str, int]:
        demand = self.demand
        return {
            "encode": self.persistent + demand.encode_work,
            "denoise": self.persistent + demand.denoise_work,
            "decode": self.persistent + (demand.decode_tiled_work if self.tiled_decode else demand.decode_work),
        }

    @property
    def fits(self) -> bool:
        return self.limit is None or max(self.peaks.values()) <= self.limit * (1 - MARGIN)


def make_plan(demand: Demand, limit: int | None) -> Plan:
    """The plan that keeps the most on the GPU within `limit` bytes. Pure. DoesNotFit if there is none."""
    plan = Plan(demand, limit, True, True, demand.blocks, False)
    for step in ({}, {"text_encoder_on_gpu": False}, {"whisper_on_gpu": False}):
        plan = replace(plan, **step)
        if plan.fits:
            return plan
    # Tiles cost time, so only where the whole decode, not denoising, is what does not fit.
    plan = replace(plan, tiled_decode=demand.decode_work > demand.denoise_work)
    for resident in range(demand.blocks, -1, -1):
        candidate = replace(plan, resident_blocks=resident)
        if candidate.fits:
            return candidate
    smallest = replace(plan, resident_blocks=0)
    raise DoesNotFit(
        f"{_gib(limit or 0)} are not enough: with everything but two blocks in main memory this size needs "
        f"{_gib(int(max(smallest.peaks.values()) / (1 - MARGIN)))}. Raise memoryLimitGiB or choose a smaller size"
    )


def describe(plan: Plan) -> list[str]:
    """The plan for a person, one line a part."""
    demand = plan.demand

    def line(name: str, size: int, place: str) -> str:
        return f"{name:<34}{size / GIB:>8.2f} GiB  {place}"

    def encoder(on_gpu: bool) -> str:
        return "GPU" if on_gpu else "main memory, passes through the GPU layer by layer when used"

    lines = [
        line("transformer, all but blocks", demand.fixed, "GPU"),
        line(f"transformer, {plan.resident_blocks} of {demand.blocks} blocks", plan.resident_blocks * demand.block, "GPU"),
    ]
    if plan.streamed_blocks:
        slots = min(SLOTS, plan.streamed_blocks)
        lines += [
            line(f"transformer, {plan.streamed_blocks} blocks", plan.streamed_blocks * demand.block, "main memory, streamed in each pass"),
            line(f"slots for {slots} of them", slots * demand.block, "GPU"),
        ]
    lines += [
        line("text encoder", demand.text_encoder, encoder(plan.text_encoder_on_gpu)),
        line("Whisper encoder", demand.whisper, encoder(plan.whisper_on_gpu)),
        line("VAE", demand.vae, "GPU" + (", decodes in tiles" if plan.tiled_decode else "")),
        line("CUDA context, allowed for", CONTEXT_BYTES, "GPU"),
    ]
    lines += [line(f"peak, {stage}", size, "estimated") for stage, size in plan.peaks.items()]
    lines.append(line("limit", plan.limit, "") if plan.limit else "limit: none")
    return [text.rstrip() for text in lines]


def limit_process(limit_gib: float, device: Any) -> None:
    """Make the allocator refuse to go beyond `limit_gib`, the CUDA context counted in. Before the first allocation.

    DoesNotFit if the card is smaller than the limit's context; a limit above the card's size means the card.
    """
    import torch

    total = torch.cuda.get_device_properties(device).total_memory
    usable = limit_gib * GIB - CONTEXT_BYTES
    if usable <= 0:
        raise DoesNotFit(f"a limit of {limit_gib} GiB leaves nothing beside the CUDA context ({_gib(CONTEXT_BYTES)})")
    torch.cuda.set_per_process_memory_fraction(min(1.0, usable / total), device)


# ── sizes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def module_bytes(modules: Iterable[Any], bytes_per_element: float | None = None) -> int:
    """Bytes of the parameters of modules (also on the meta device), each at its own width unless one is given."""
    return int(sum(
        parameter.numel() * (bytes_per_element or parameter.element_size())
        for module in modules for parameter in module.parameters()
    ))


def denoise_work_bytes(tokens: int, dim: int, ffn_dim: int, latent_elements: int) -> int:
    """Bytes beside the weights in a forward pass: the residual and its update in fp32, the widest products in bf16.

    Fitted to the peaks of `bench`; see BENCHMARKS.md.
    """
    residual = 3 * tokens * dim * 4
    narrow = 5 * tokens * dim * 2
    hidden = 2 * tokens * ffn_dim * 2
    return residual + max(narrow, hidden) + narrow // 2 + 12 * latent_elements * 4


def decode_work_bytes(width: int, height: int, frames: int, bytes_per_element: int) -> int:
    """Bytes of a VAE decode: full-size feature maps of four frames with their caches, and the video itself."""
    feature_map = 96 * 4 * width * height * bytes_per_element
    video = 2 * 3 * frames * width * height * bytes_per_element
    return 14 * feature_map + video


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
