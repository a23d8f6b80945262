"""Parts of a pipeline with random weights, of the real sizes on a GPU."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from humo_engine.audio import official_whisper_encoder
from humo_engine.bench.subject import Bench
from humo_engine.checkpoint import runs_in_fp32
from humo_engine.components import Components
from humo_engine.conditions import ClipConditions, prepare_conditions
from humo_engine.fp8 import use_float8
from humo_engine.guidance import TIA
from humo_engine.memory.placing import place_text_encoder, place_transformer, place_whisper
from humo_engine.memory.plan import Plan
from humo_engine.model import HuMoTransformer, ModelSize
from humo_engine.streaming import spread
from humo_engine.text import umt5_xxl_config
from humo_engine.tiny import tiny_components
from humo_engine.vae import build_vae


def random_transformer(
    size: ModelSize, dtype: torch.dtype, device: torch.device, resident: int | None = None, fp8: bool = False
) -> HuMoTransformer:
    """A transformer whose weights are random but keep signals at their size; never more than `resident` blocks on the GPU."""
    with torch.device("meta"):
        model = HuMoTransformer(size).eval().requires_grad_(False)
    generator = torch.Generator(device).manual_seed(0)
    streamed = set()
    if resident is not None:
        streamed = set(spread(size.layers, size.layers - resident))
    for name, child in model.named_children():
        if name != "blocks":
            _fill(child, name, dtype, device, generator)
    for index, block in enumerate(model.blocks):
        _fill(block, f"blocks.{index}", dtype, device, generator)
        if fp8:
            use_float8([block])
        if index in streamed:
            block.to("cpu")
    return model


def _fill(module: nn.Module, prefix: str, dtype: torch.dtype, device: torch.device, generator: torch.Generator) -> None:
    module.to_empty(device=device)
    for name, parameter in module.named_parameters():
        key = f"{prefix}.{name}"
        values = torch.empty(parameter.shape, device=device).normal_(generator=generator)
        if name.endswith("modulation"):
            values *= 0.1
        elif values.dim() > 1:
            values /= math.sqrt(math.prod(values.shape[1:]))
        else:
            values = 1 + 0.1 * values if name.endswith("weight") else 0.02 * values
        parameter.data = values if runs_in_fp32(key) else values.to(dtype)


def random_inputs(bench: Bench) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """What conditions are prepared of, and latents: random, and the same each time."""
    generator = torch.Generator(bench.device).manual_seed(1)
    shape = bench.latent_shape

    def draw(*of: int) -> torch.Tensor:
        return torch.randn(of, device=bench.device, generator=generator)

    inputs = {
        "text": draw(bench.size.text_length // 4, bench.size.text_dim),
        "negative_text": draw(4, bench.size.text_dim),
        "audio": draw(shape[1], *bench.size.audio_window),
        "references": draw(shape[0], 1, *shape[2:]),
        "zero_video": draw(*shape),
    }
    return inputs, draw(*shape)


def random_conditions(bench: Bench, model: HuMoTransformer) -> tuple[ClipConditions, torch.Tensor]:
    """Conditions of one TIA pass and latents, from `random_inputs`."""
    inputs, latents = random_inputs(bench)
    return prepare_conditions(model, (TIA,), **inputs), latents


def random_components(
    bench: Bench, plan: Plan | None, precision: str = "bf16", transformer: HuMoTransformer | None = None
) -> Components:
    """Every part of the pipeline with random weights, at its place. The real sizes on a GPU, toy ones elsewhere.

    A `transformer` that is given is taken, instead of one that is drawn.
    """
    tiny = tiny_components(bench.family)
    if bench.device.type != "cuda":
        return replace(tiny, transformer=transformer or random_transformer(bench.size, bench.dtype, bench.device))
    from transformers import UMT5EncoderModel  # not for the cold start, which needs none of it

    text = _random_encoder(
        lambda: UMT5EncoderModel(umt5_xxl_config()),
        torch.bfloat16,
        lambda model: model.encoder.block,
        bench.device,
        plan is None or plan.text_encoder_on_gpu,
    )
    whisper = _random_encoder(
        official_whisper_encoder,
        torch.float32,
        lambda model: model.layers,
        bench.device,
        plan is None or plan.whisper_on_gpu,
    )
    resident = None if plan is None else plan.resident[bench.family]
    transformer = transformer or random_transformer(bench.size, bench.dtype, bench.device, resident, precision == "fp8")
    if plan is not None:
        place_transformer(transformer, plan.resident[bench.family], bench.device)
        place_text_encoder(text, plan, bench.device)
        place_whisper(whisper, plan, bench.device)
    vae = build_vae().to(bench.device)
    return replace(tiny, transformer=transformer, text_encoder=text, whisper=whisper, vae=vae)


def _random_encoder(
    build: Callable[[], nn.Module], dtype: torch.dtype, layers: Callable[[nn.Module], Any], device: torch.device, stays: bool
) -> nn.Module:
    """An encoder of transformers' with fresh random weights, drawn on the GPU a layer at a time and left there if it `stays`."""
    with torch.device("meta"):
        encoder = build().eval().requires_grad_(False)
    inner = list(layers(encoder))
    within = {id(parameter) for layer in inner for parameter in layer.parameters()}

    def draw(parameter: torch.Tensor) -> torch.Tensor:
        values = torch.ones(parameter.shape, dtype=dtype, device=device)
        if parameter.dim() > 1:
            values.normal_().mul_(1 / math.sqrt(math.prod(parameter.shape[1:])))
        return values if stays else values.cpu()

    drawn: dict[int, torch.Tensor] = {}
    for module in encoder.modules():
        for name, parameter in list(module.named_parameters(recurse=False, remove_duplicate=False)):
            if id(parameter) not in drawn:
                drawn[id(parameter)] = draw(parameter)
            setattr(module, name, nn.Parameter(drawn[id(parameter)], requires_grad=False))
    assert within
    return encoder
