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
            CONTEXT_BYTES
            + demand.fixed
            + demand.vae
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
            line(
                f"transformer, {plan.streamed_blocks} blocks",
                plan.streamed_blocks * demand.block,
                "main memory, streamed in each pass",
            ),
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
    index = torch.device(device).index
    torch.cuda.set_per_process_memory_fraction(min(1.0, usable / total), torch.cuda.current_device() if index is None else index)


# ── sizes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def demand_for(model: str, width: int, height: int, frames: int, references: int = 1, precision: str = "bf16") -> Demand:
    """What HuMo `model` ("17b", "1_7b") needs at one size, from the modules' shapes; nothing is allocated."""
    import torch
    from transformers import UMT5EncoderModel

    from humo_engine.components import umt5_xxl_config
    from humo_engine.fp8 import TOKEN_LAYERS
    from humo_engine.model import SIZES, HuMoTransformer

    size = SIZES[model]
    width_of = 4 if precision == "fp32" else 2
    with torch.device("meta"):
        transformer = HuMoTransformer(size)
        text, whisper, vae = UMT5EncoderModel(umt5_xxl_config()), official_whisper_encoder(), official_vae()
    block = module_bytes(transformer.blocks[:1], width_of)
    if precision == "fp8":
        block -= sum(transformer.blocks[0].get_submodule(path).weight.numel() for path in TOKEN_LAYERS)
    latent_frames = (frames - 1) // 4 + 1 + references
    tokens = latent_frames * (height // 16) * (width // 16)
    return Demand(
        fixed=module_bytes([transformer], width_of) - module_bytes(transformer.blocks, width_of),
        block=block,
        blocks=size.layers,
        text_encoder=module_bytes([text], 2),
        text_layer=module_bytes(text.encoder.block[:1], 2),
        whisper=module_bytes([whisper], 4),
        whisper_layer=module_bytes(whisper.layers[:1], 4),
        vae=module_bytes([vae.encoder, vae.quant_conv], 4) + module_bytes([vae.decoder, vae.post_quant_conv], 2),
        encode_work=encode_work_bytes(width, height, 4 if size.in_dim > vae.config.z_dim else 1),
        denoise_work=denoise_work_bytes(tokens, size.dim, size.layers, size.text_length, latent_frames),
        decode_work=decode_work_bytes(width, height, frames),
        decode_tiled_work=decode_work_bytes(256, 256, frames) + 3 * frames * width * height * 2 * 2,
    )


def official_whisper_encoder() -> Any:
    """Whisper-large-v3's encoder with unset or random weights."""
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    return WhisperEncoder(
        WhisperConfig(d_model=1280, encoder_layers=32, encoder_attention_heads=20, encoder_ffn_dim=5120, num_mel_bins=128)
    )


def official_vae() -> Any:
    """Wan 2.1's VAE with unset or random weights."""
    from humo_engine.vae import build_vae

    return build_vae()


def module_bytes(modules: Iterable[Any], bytes_per_element: int) -> int:
    """Bytes of the parameters of modules (also on the meta device) at a width."""
    return sum(parameter.numel() for module in modules for parameter in module.parameters()) * bytes_per_element


def denoise_work_bytes(tokens: int, dim: int, layers: int, text_length: int, latent_frames: int) -> int:
    """Bytes beside the weights in denoising: the clip's keys and values, and the widest moment of a block.

    Two text and two audio forms are kept, two tensors each. In a block, residuals in fp32, the feed-forward's inner values,
    and q, k, v come to about ten bf16 matrices of the tokens; the allocator's holes make that up to sixteen and a GiB
    (measured: 8.3 GiB for 17B at 480 lines, 13.5 at 720, 2.0 for 1.7B; see BENCHMARKS.md).
    """
    kept = 2 * 2 * layers * dim * (text_length + 16 * latent_frames) * 2
    return kept + 16 * tokens * dim * 2 + GIB


def decode_work_bytes(width: int, height: int, frames: int) -> int:
    """Bytes of a bf16 VAE decode: full-size feature maps of four frames with the caches of the last layers, and the video."""
    feature_map = 96 * 4 * width * height * 2
    return 12 * feature_map + 2 * 3 * frames * width * height * 2


def encode_work_bytes(width: int, height: int, frames: int) -> int:
    """Bytes of encoding fp32 pixels: one reference image, or four frames at a time of the all-zero video that 17B needs."""
    return 12 * 96 * frames * width * height * 4


# ── placing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def place_transformer(transformer: Any, plan: Plan, device: Any) -> Any:
    """Move a transformer where `plan` wants it; returns the StreamedLayers, or None when all blocks are on the GPU."""
    from humo_engine.streaming import StreamedLayers

    for name, child in transformer.named_children():
        if name != "blocks":
            child.to(device)
    if not plan.streamed_blocks:
        transformer.blocks.to(device)
        return None
    streamed = StreamedLayers(transformer.blocks, device, plan.resident_blocks, SLOTS)
    for index, block in enumerate(transformer.blocks):
        # Keys and values of text and audio are made once per clip, outside the block's own forward.
        for attention in (block.cross_attn, block.audio_cross_attn_wrapper.audio_cross_attn):
            attention.keys_values = streamed.with_weights(index, attention.keys_values)
    return streamed


def place_text_encoder(encoder: Any, plan: Plan, device: Any) -> Any:
    """Move a UMT5EncoderModel where `plan` wants it. Its embedding table, a fifth of it, is then read in main memory."""
    import torch

    from humo_engine.streaming import StreamedLayers

    if plan.text_encoder_on_gpu:
        encoder.to(device)
        return None
    encoder.encoder.final_layer_norm.to(device)
    table = encoder.encoder.embed_tokens
    table.register_forward_pre_hook(lambda module, arguments: (arguments[0].to(module.weight.device),))
    table.register_forward_hook(lambda module, arguments, output: output.to(device))

    def inputs_to_device(module: Any, arguments: Any, named: dict[str, Any]) -> Any:
        return arguments, {key: value.to(device) if isinstance(value, torch.Tensor) else value for key, value in named.items()}

    encoder.register_forward_pre_hook(inputs_to_device, with_kwargs=True)
    return StreamedLayers(encoder.encoder.block, device, 0, SLOTS)


def place_whisper(encoder: Any, plan: Plan, device: Any) -> Any:
    """Move a WhisperEncoder where `plan` wants it."""
    from humo_engine.streaming import StreamedLayers

    if plan.whisper_on_gpu:
        encoder.to(device)
        return None
    for name, child in encoder.named_children():
        if name != "layers":
            child.to(device)
    return StreamedLayers(encoder.layers, device, 0, SLOTS)


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
