"""What models and clips need, in bytes: from the shapes of modules, before anything is allocated."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from humo_engine.units import GIB

if TYPE_CHECKING:
    from humo_engine.model import ModelSize

SLOTS = 2  # blocks on the GPU at a time when blocks stream: one computes, one arrives


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

    from humo_engine.audio import official_whisper_encoder
    from humo_engine.text import umt5_xxl_config
    from humo_engine.vae import build_vae

    with torch.device("meta"):
        text, whisper, vae = UMT5EncoderModel(umt5_xxl_config()), official_whisper_encoder(), build_vae()
    return {
        "text_encoder": module_bytes([text], 2),
        "text_layer": module_bytes(text.encoder.block[:1], 2),
        "whisper": module_bytes([whisper], 4),
        "whisper_layer": module_bytes(whisper.layers[:1], 4),
        "vae": module_bytes([vae.encoder, vae.quant_conv], 4) + module_bytes([vae.decoder, vae.post_quant_conv], 2),
    }


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
