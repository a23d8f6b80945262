"""What lies on the GPU and what waits in main memory, decided before anything is loaded, once for all models of a process.

The decision is a pure function of sizes and a limit. Everything stays on the GPU if it fits; otherwise the text encoder
leaves, then Whisper, then as many transformer blocks as must, those of the model named first last. What left passes through
the GPU layer by layer when it is used (see `streaming`). What a process keeps is the same whichever model works.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from humo_engine.model import ModelSize
    from humo_engine.settings import Settings

GIB = 1 << 30
SLOTS = 2  # blocks on the GPU at a time when blocks stream: one computes, one arrives
CONTEXT_BYTES = int(0.75 * GIB)  # the CUDA context and the libraries' own memory, which no allocator counts
MARGIN = 0.04  # of the limit, for what the caching allocator holds between the tensors


class DoesNotFit(RuntimeError):
    """Even with everything outside, the limit is too small. `code` is the protocol's failure code."""

    code = "out_of_memory"


@dataclass(frozen=True)
class Extent:
    """How large a clip is: pixels, frames, and reference images, one of which is there even if it is empty.

    `at_once` of the frames go through the model together, None if all do.
    """

    width: int
    height: int
    frames: int
    references: int = 1
    at_once: int | None = None

    @property
    def seen(self) -> int:
        """The frames that go through the model together."""
        return self.frames if self.at_once is None else min(self.frames, self.at_once)

    def __str__(self) -> str:
        images = f"{self.references} reference image{'' if self.references == 1 else 's'}"
        windows = f", {self.seen} at a time" if self.seen < self.frames else ""
        return f"{self.width}×{self.height}, {self.frames} frames{windows}, {images}"


@dataclass(frozen=True)
class Weights:
    """Bytes of one transformer: of a block, and of everything else (`fixed`)."""

    fixed: int
    block: int
    blocks: int


@dataclass(frozen=True)
class Work:
    """Bytes that each stage of a clip needs beside the weights."""

    encode: int
    denoise: int
    decode: int
    decode_tiled: int

    @property
    def least(self) -> int:
        """The most that any stage needs, with the decode in tiles if that is less."""
        return max(self.encode, self.denoise, min(self.decode, self.decode_tiled))


@dataclass(frozen=True)
class Demand:
    """Bytes of the parts and of the work of the largest clip, `extent`.

    `transformers` are by model. The other parts are there once, whatever the models. `text_layer` and `whisper_layer` are one
    layer of each encoder, the most that lies on the GPU per slot once they left.
    """

    transformers: Mapping[str, Weights]
    text_encoder: int
    text_layer: int
    whisper: int
    whisper_layer: int
    vae: int
    extent: Extent
    work: Work


@dataclass(frozen=True)
class Plan:
    """Where things go. `resident` blocks of each model stay on the GPU; `limit` is in bytes, None without one."""

    demand: Demand
    limit: int | None
    text_encoder_on_gpu: bool
    whisper_on_gpu: bool
    resident: Mapping[str, int]

    def streamed(self, model: str) -> int:
        """Blocks of `model` that stay outside."""
        return self.demand.transformers[model].blocks - self.resident[model]

    @property
    def persistent(self) -> int:
        """Bytes that stay on the GPU between requests, the CUDA context included."""
        demand = self.demand
        return (
            CONTEXT_BYTES
            + demand.vae
            + (demand.text_encoder if self.text_encoder_on_gpu else 0)
            + (demand.whisper if self.whisper_on_gpu else 0)
            + sum(
                weights.fixed + (self.resident[model] + min(SLOTS, self.streamed(model))) * weights.block
                for model, weights in demand.transformers.items()
            )
        )

    @property
    def main_memory(self) -> int:
        """Bytes of weights that stay in main memory. While they load, as much as the largest transformer comes on top."""
        demand = self.demand
        return (
            (0 if self.text_encoder_on_gpu else demand.text_encoder)
            + (0 if self.whisper_on_gpu else demand.whisper)
            + sum(self.streamed(model) * weights.block for model, weights in demand.transformers.items())
        )

    @property
    def peaks(self) -> dict[str, int]:
        """Bytes on the GPU by stage of the largest clip, the CUDA context included."""
        work = self.demand.work
        decode = work.decode_tiled if self.tiles(work) else work.decode
        return {
            stage: self.persistent + size
            for stage, size in (("encode", work.encode), ("denoise", work.denoise), ("decode", decode))
        }

    def fits(self, needed: int) -> bool:
        """Whether there is room for `needed` bytes beside what stays."""
        return self.limit is None or self.persistent + needed <= self.limit * (1 - MARGIN)

    def tiles(self, work: Work) -> bool:
        """Whether a clip has to be decoded in tiles. They take longer and leave slight seams, so only where the whole does not fit."""
        return not self.fits(work.decode)

    def left(self, needed: int) -> int | None:
        """Bytes that are left beside what stays and `needed`, at least 0; None without a limit."""
        return None if self.limit is None else max(0, int(self.limit * (1 - MARGIN)) - self.persistent - needed)

    def limit_for(self, work: Work) -> int:
        """The least limit in bytes under which a clip would fit beside what stays."""
        return int((self.persistent + work.least) / (1 - MARGIN))


def make_plan(demand: Demand, limit: int | None) -> Plan:
    """The plan that keeps the most on the GPU within `limit` bytes. Pure. DoesNotFit if there is none."""
    work = demand.work
    plan = Plan(demand, limit, True, True, {model: weights.blocks for model, weights in demand.transformers.items()})
    for step in ({}, {"text_encoder_on_gpu": False}, {"whisper_on_gpu": False}):
        plan = replace(plan, **step)
        if plan.fits(max(work.encode, work.denoise, work.decode)):
            return plan
    for model in reversed(plan.resident):
        for resident in range(demand.transformers[model].blocks, -1, -1):
            plan = replace(plan, resident={**plan.resident, model: resident})
            if plan.fits(work.least):
                return plan
    raise DoesNotFit(
        f"{_gib(limit or 0)} are not enough: with everything but two blocks of each model in main memory, {demand.extent} needs "
        f"{_gib(plan.limit_for(work))}. Raise memoryLimitGiB or choose a smaller size"
    )


def plan_for(settings: Settings, models: Sequence[str], limit: int | None) -> Plan:
    """The plan for `models` in one process, the first being the most important, and the largest clips that can be had at all.

    Those are the largest that `generate.yaml` permits; where they do not fit, smaller kinds. DoesNotFit if nothing does.
    """
    *larger, smallest = _largest_clips(settings)
    for extent in larger:
        try:
            return make_plan(demand_for(models, extent, settings.precision), limit)
        except DoesNotFit:
            continue
    return make_plan(demand_for(models, smallest, settings.precision), limit)


def refusal(plan: Plan, size: ModelSize, extent: Extent, settings: Settings) -> str | None:
    """Why a model of `size` cannot make a clip of `extent` under `plan`, and what it could make; None where it can."""
    work = work_for(size, extent)
    if plan.fits(work.least):
        return None
    nearest = next(smaller for smaller in _smaller(extent, settings, plan) if plan.fits(work_for(size, smaller).least))
    return f"{extent} needs {_gib(plan.limit_for(work))}, and there are {_gib(plan.limit or 0)}; what fits is {nearest}"


def _largest_clips(settings: Settings) -> Iterator[Extent]:
    """Kinds of clips to plan for, from the largest: each number of lines at the longest, then as most people ask for it."""
    from humo_engine.protocol import MAXIMUM_REFERENCES

    for lines in sorted(settings.sizes, reverse=True):
        width, height = max(settings.sizes[lines].values(), key=_area)
        yield Extent(width, height, settings.frames.maximum[lines], MAXIMUM_REFERENCES)
        yield Extent(width, height, settings.frames.default)


def _smaller(extent: Extent, settings: Settings, plan: Plan) -> Iterator[Extent]:
    """Clips like `extent` with less of one thing, then the one that was planned for, which always fits."""
    from humo_engine.settings import FRAME_STEP

    yield from (replace(extent, references=count) for count in range(extent.references - 1, 0, -1))
    yield from (
        replace(extent, frames=count) for count in range(extent.frames - FRAME_STEP, settings.frames.minimum - 1, -FRAME_STEP)
    )
    sizes = (size for row in settings.sizes.values() for size in row.values() if _area(size) < extent.width * extent.height)
    yield from (replace(extent, width=width, height=height) for width, height in sorted(sizes, key=_area, reverse=True))
    yield plan.demand.extent


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def describe(plan: Plan) -> list[str]:
    """The plan for a person, one line a part."""
    demand = plan.demand

    def line(name: str, size: int, place: str) -> str:
        return f"{name:<34}{size / GIB:>8.2f} GiB  {place}"

    def encoder(on_gpu: bool) -> str:
        return "GPU" if on_gpu else "main memory, passes through the GPU layer by layer when used"

    lines = []
    for model, weights in demand.transformers.items():
        name, resident, streamed = model.replace("_", "."), plan.resident[model], plan.streamed(model)
        lines += [
            line(f"{name}, all but blocks", weights.fixed, "GPU"),
            line(f"{name}, {resident} of {weights.blocks} blocks", resident * weights.block, "GPU"),
        ]
        if streamed:
            slots = min(SLOTS, streamed)
            lines += [
                line(f"{name}, {streamed} blocks", streamed * weights.block, "main memory, streamed in each pass"),
                line(f"{name}, slots for {slots} of them", slots * weights.block, "GPU"),
            ]
    lines += [
        line("text encoder", demand.text_encoder, encoder(plan.text_encoder_on_gpu)),
        line("Whisper encoder", demand.whisper, encoder(plan.whisper_on_gpu)),
        line("VAE", demand.vae, "GPU" + (", decodes the largest clip in tiles" if plan.tiles(demand.work) else "")),
        line("CUDA context, allowed for", CONTEXT_BYTES, "GPU"),
        f"largest clip planned for: {demand.extent}",
    ]
    lines += [line(f"peak, {stage}", size, "estimated") for stage, size in plan.peaks.items()]
    lines.append(line("limit", plan.limit, "") if plan.limit else "limit: none")
    loading = max(weights.fixed + weights.blocks * weights.block for weights in demand.transformers.values())
    if plan.main_memory:
        lines.append(line("main memory, kept", plan.main_memory, f"and up to {_gib(loading)} more while weights are read"))
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


def demand_for(models: Sequence[str], extent: Extent, precision: str = "bf16") -> Demand:
    """What HuMo `models` ("17b", "1_7b") need for clips of `extent`, from the modules' shapes; nothing is allocated."""
    from humo_engine.model import SIZES

    works = [work_for(SIZES[model], extent) for model in models]
    shared = _shared_weights()
    # One request runs at a time, so the stages of the models never add up.
    work = Work(*(max(getattr(work, stage.name) for work in works) for stage in fields(Work)))
    layers = SLOTS * max(shared["text_layer"], shared["whisper_layer"])
    return Demand(
        transformers={model: _transformer_weights(model, precision) for model in models},
        **shared,
        extent=extent,
        # Encoders that left the GPU have slots there while they run, which is before the VAE does.
        work=replace(work, encode=max(work.encode, layers)),
    )


def work_for(size: ModelSize, extent: Extent) -> Work:
    """What the stages of a clip need with a model of `size`."""
    from humo_engine.vae import LATENT_CHANNELS, SPATIAL_STRIDE, latent_frames

    width, height, frames = extent.width, extent.height, extent.seen
    slots = latent_frames(frames) + extent.references
    tokens = slots * (height // (2 * SPATIAL_STRIDE)) * (width // (2 * SPATIAL_STRIDE))
    return Work(
        encode=encode_work_bytes(width, height, 4 if size.in_dim > LATENT_CHANNELS else 1),
        denoise=denoise_work_bytes(tokens, size.dim, size.layers, size.text_length, slots) + take_work_bytes(extent),
        decode=decode_work_bytes(width, height, frames),
        decode_tiled=decode_work_bytes(256, 256, frames) + 3 * frames * width * height * 2 * 2,
    )


@functools.cache
def _transformer_weights(model: str, precision: str) -> Weights:
    import torch

    from humo_engine.fp8 import TOKEN_LAYERS
    from humo_engine.model import SIZES, HuMoTransformer

    width_of = 4 if precision == "fp32" else 2
    with torch.device("meta"):
        transformer = HuMoTransformer(SIZES[model])
    block = module_bytes(transformer.blocks[:1], width_of)
    fixed = module_bytes([transformer], width_of) - module_bytes(transformer.blocks, width_of)
    if precision == "fp8":
        block -= sum(transformer.blocks[0].get_submodule(path).weight.numel() for path in TOKEN_LAYERS)
    return Weights(fixed, block, SIZES[model].layers)


@functools.cache
def _shared_weights() -> Mapping[str, int]:
    import torch
    from transformers import UMT5EncoderModel

    from humo_engine.components import umt5_xxl_config

    with torch.device("meta"):
        text, whisper, vae = UMT5EncoderModel(umt5_xxl_config()), official_whisper_encoder(), official_vae()
    return {
        "text_encoder": module_bytes([text], 2),
        "text_layer": module_bytes(text.encoder.block[:1], 2),
        "whisper": module_bytes([whisper], 4),
        "whisper_layer": module_bytes(whisper.layers[:1], 4),
        "vae": module_bytes([vae.encoder, vae.quant_conv], 4) + module_bytes([vae.decoder, vae.post_quant_conv], 2),
    }


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


def take_work_bytes(extent: Extent) -> int:
    """Bytes of the latents of a take beyond those of one window: the sampler's history of three, the velocities of up to four
    passes and their sums, and the four copies that gating and caching keep, in fp32. A minute at 480 lines is 0.15 GB a copy."""
    from humo_engine.vae import LATENT_CHANNELS, SPATIAL_STRIDE, latent_frames

    beyond = latent_frames(extent.frames) - latent_frames(extent.seen)
    return 16 * 4 * LATENT_CHANNELS * beyond * (extent.height // SPATIAL_STRIDE) * (extent.width // SPATIAL_STRIDE)


def decode_work_bytes(width: int, height: int, frames: int) -> int:
    """Bytes of a bf16 VAE decode: full-size feature maps of four frames with the caches of the last layers, and the video."""
    feature_map = 96 * 4 * width * height * 2
    return 12 * feature_map + 2 * 3 * frames * width * height * 2


def encode_work_bytes(width: int, height: int, frames: int) -> int:
    """Bytes of encoding fp32 pixels: one reference image, or four frames at a time of the all-zero video that 17B needs."""
    return 12 * 96 * frames * width * height * 4


# ── placing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def place_transformer(
    transformer: Any, resident: int, device: Any, *, share: bool = False, files: Mapping[int, int] | None = None
) -> Any:
    """Move a transformer to `device` with `resident` of its blocks; returns the StreamedLayers, or None when those are all.

    `share` and `files` are those of StreamedLayers.
    """
    from humo_engine.streaming import StreamedLayers, bring

    for name, child in transformer.named_children():
        if name != "blocks":
            bring(child, device)
    if resident == len(transformer.blocks):
        bring(transformer.blocks, device)
        return None
    streamed = StreamedLayers(transformer.blocks, device, resident, SLOTS, share=share, files=files)
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
    return StreamedLayers(encoder.encoder.block, device, 0, SLOTS, keep=False)


def place_whisper(encoder: Any, plan: Plan, device: Any) -> Any:
    """Move a WhisperEncoder where `plan` wants it."""
    from humo_engine.streaming import StreamedLayers

    if plan.whisper_on_gpu:
        encoder.to(device)
        return None
    for name, child in encoder.named_children():
        if name != "layers":
            child.to(device)
    return StreamedLayers(encoder.layers, device, 0, SLOTS, keep=False)


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"


# Not all memory that ran out has a class of its own: main memory in torch, and what CUDA's libraries and Triton ask for themselves.
MEMORY_WORDS = (
    "not enough memory", "can't allocate memory", "CUDA error: out of memory", "[CUDA]: out of memory", "STATUS_ALLOC_FAILED",
)  # fmt: skip


def memory_shortage(error: BaseException | None) -> str | None:
    """What an error says about memory that ran out, in a line; None where it is about something else.

    It may be the cause of another: torch reports what goes wrong while it compiles as a failure to compile.
    """
    import torch

    while error is not None:
        lines = str(error).splitlines() or [type(error).__name__]
        if isinstance(error, (torch.cuda.OutOfMemoryError, MemoryError)):
            return lines[0]
        for line in lines:
            if any(words in line for words in MEMORY_WORDS):
                return line
        error = getattr(error, "inner_exception", None) or error.__cause__
    return None
