"""From a profile's name to pipelines that are ready to work."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from humo_engine.components import Components, official_components
from humo_engine.pipeline import GIB, Pipeline
from humo_engine.settings import Settings, load_settings
from humo_engine.vae import speed_up_on_cpu

DTYPES = {"bf16": torch.bfloat16, "fp8": torch.bfloat16, "fp32": torch.float32}


def choose_device(name: str | None = None) -> torch.device:
    """The device asked for, or the first GPU, or the CPU. ValueError names those there are."""
    known = ["cpu", *(["cuda"] if torch.cuda.is_available() else []), *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if name is not None and name not in known:
        raise ValueError(f"device {name!r} does not exist here; there are {', '.join(known)}")
    return torch.device(name or ("cuda" if "cuda" in known else "cpu"))


def effective_settings(
    config: str | None, profile: str, precision: str | None = None, limit_gib: float | None = None
) -> Settings:
    """`generate.yaml` with a profile and what the command line overrides."""
    settings = load_settings(config, profile)
    return dataclasses.replace(
        settings,
        precision=precision or settings.precision,
        memory_limit_gib=limit_gib if limit_gib is not None else settings.memory_limit_gib,
    )


def load_pipelines(settings: Settings, models: Sequence[str], weights: Path, device: torch.device) -> dict[str, Pipeline]:
    """Load the models named, once for any number of clips. The models share their text encoder, Whisper and VAE.

    Raises WeightsMissing, CheckpointError, SettingsError, or DoesNotFit where the memory limit is too small.
    """
    pipelines: dict[str, Pipeline] = {}
    shared: Components | None = None
    for model in models:
        start = time.perf_counter()
        if settings.weights == "random":
            from humo_engine.tiny import tiny_components

            components = tiny_components(model)
            speed_up_on_cpu(components.vae)
            for part in (components.transformer, components.text_encoder, components.whisper, components.vae):
                part.to(device, DTYPES[settings.precision] if part is components.transformer else None)
        else:
            components = official_components(weights, model, DTYPES[settings.precision], shared)
            _place(components, shared, settings, device)
            shared = shared or components
        pipelines[model] = Pipeline(components, settings, device, weights)
        print(f"loaded {model} in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return pipelines


def largest_size(settings: Settings, model: str) -> tuple[int, int]:
    """Width and height of the largest preset that uses `model`; what memory has to be planned for."""
    sizes = [
        size for preset in settings.presets.values() if preset.model == model for size in settings.sizes[preset.lines].values()
    ]
    return max(sizes or [settings.size(settings.preset().lines)], key=lambda size: size[0] * size[1])


def _place(components: Components, shared: Components | None, settings: Settings, device: torch.device) -> None:
    """Bring the parts to the GPU as far as the memory limit allows, and switch on the fast paths that hold there."""
    if device.type != "cuda":
        speed_up_on_cpu(components.vae)
        return
    from humo_engine.fast import compile_blocks, keep_compiled_code
    from humo_engine.fp8 import supports_float8, use_float8
    from humo_engine.memory import (
        demand_for,
        describe,
        limit_process,
        make_plan,
        place_text_encoder,
        place_transformer,
        place_whisper,
    )
    from humo_engine.vae_fast import speed_up_decoder

    keep_compiled_code()
    limit = settings.memory_limit_gib
    if limit is not None and shared is None:
        limit_process(limit, device)
    total = torch.cuda.get_device_properties(device).total_memory
    bytes_allowed = min(total, int(limit * GIB)) if limit is not None else total
    width, height = largest_size(settings, components.family)
    demand = demand_for(components.family, width, height, settings.frames.default, precision=settings.precision)
    plan = make_plan(demand, bytes_allowed - torch.cuda.memory_allocated(device))
    for line in describe(plan):
        print(line, file=sys.stderr)
    if settings.precision == "fp8":
        if not supports_float8(device):
            raise ValueError("precision fp8 needs a GPU of compute capability 8.9 or later; use bf16")
        use_float8(components.transformer.blocks, device)
    place_transformer(components.transformer, plan, device)
    compile_blocks(components.transformer.blocks, device)
    if shared is None:
        place_text_encoder(components.text_encoder, plan, device)
        place_whisper(components.whisper, plan, device)
        components.vae.to(device)
        speed_up_decoder(components.vae)
        if plan.tiled_decode:
            components.vae.enable_tiling()
